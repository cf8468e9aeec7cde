"""The examples, one by one: slice tree, list, the example, and the keys that go from one to the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Vertical
from textual.widget import Widget

from analysis.review.scope import Scope
from analysis.review.whatif import why_silent
from tui.draw import clipboard
from tui.draw.lines import Target
from tui.draw.messages import ExampleChosen, LineOpened
from tui.draw.safe_text import as_written, cells, fit, printable
from tui.plugin.attributions import explains_flip
from tui.plugin.console import WHATIF, ScopePlace, TextPlace
from tui.plugin.options import SIDE_MODES
from tui.screens.choices import filter_choices, filtered, slice_choices, slice_value
from tui.screens.example import EVIDENCE
from tui.screens.label import LabelScreen
from tui.screens.pick import PickScreen, TextScreen
from tui.widgets.example_list import ExampleList
from tui.widgets.line_view import LineView
from tui.widgets.slice_tree import SliceTree

if TYPE_CHECKING:
    from tui.plugin.console import Subject

LEFT_CELLS = 40
"""Cells of the slice tree."""
LIST_CELLS = 56
"""Cells of the list where it stands beside the tree."""


def gone_on(said: str, remark: str, width: int) -> str:
    """What is told once the next example is shown: what was saved, the way back to it, and a remark.

    Where that is too wide the way back is left out, which the key line names, and then what was saved is cut.
    """
    back = "k goes back to it"
    parts = [part for part in (back, remark) if part]
    if remark and cells("; ".join((said, *parts))) > width:
        parts.remove(back)
    rest = "".join(f"; {part}" for part in parts)
    room = width - cells(rest)
    return (said if cells(said) <= room else fit(said, room).rstrip()) + rest


class ReviewScreen(LabelScreen):
    """One example at a time, in the scope of a slice, a gate, a reason or a search.

    | part | where |
    |---|---|
    | slice tree | left, from 100 columns; a popup below that |
    | list | under the tree, beside it from 160 columns; instead of the example below 100 |
    | example | always |
    """

    NAME: ClassVar[str] = "review"
    KEY_ROWS: ClassVar[int] = 2
    HEAD_ROWS: ClassVar[int] = 2
    DEFAULT_CSS = f"""
    ReviewScreen #left {{ width: {LEFT_CELLS}; display: none; border-right: solid $panel; }}
    ReviewScreen #tree {{ height: 3fr; }}
    ReviewScreen #list {{ height: 2fr; border-top: solid $panel; }}
    ReviewScreen #evidence {{ width: 1fr; }}
    ReviewScreen.-wide #left, ReviewScreen.-broad #left {{ display: block; }}
    ReviewScreen.-broad #left {{ layout: horizontal; width: {LEFT_CELLS + LIST_CELLS}; }}
    ReviewScreen.-broad #tree {{ width: {LEFT_CELLS}; height: 1fr; border-right: solid $panel; }}
    ReviewScreen.-broad #list {{ width: 1fr; height: 1fr; border-top: none; }}
    ReviewScreen.alone #left {{ display: none; }}
    ReviewScreen.listing #left {{ display: block; width: 1fr; border-right: none; }}
    ReviewScreen.listing #tree {{ display: none; }}
    ReviewScreen.listing #list {{ width: 1fr; height: 1fr; border-top: none; }}
    ReviewScreen.listing #evidence {{ display: none; }}
    """

    def __init__(self) -> None:
        super().__init__()
        self.left: dict[str, ScopePlace] = {}
        """Where each track was left."""
        self._trail: list[ScopePlace] = []
        self._went_on: tuple[str, str] | None = None

    def compose_body(self) -> Iterable[Widget]:
        colours = self.console_app.colours
        with Vertical(id="left"):
            yield SliceTree(colours, widget_id="tree")
            yield ExampleList(self.session, colours, widget_id="list")
        yield LineView(colours, widget_id=EVIDENCE)

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#list" if self.has_class("listing") else f"#{EVIDENCE}"))

    def show(self, subject: Subject) -> None:
        """Show an example in a scope, the first undecided one where none is given; None stays where it was."""
        if not isinstance(subject, ScopePlace):
            return
        if subject.resume:
            subject = self.left.get(subject.scope.track or "", subject)
        scope = subject.scope
        if self not in self.app.screen_stack:
            # Who comes from another screen goes back to it, and not to what was read here before.
            self._trail.clear()
        elif scope != self.scope:
            self._trail.append(ScopePlace(self.scope, self.ref))
        self.scope = scope
        self.total = self.session.queue_count(scope)
        self.ref = subject.ref if subject.ref is not None else self._first(scope)
        if self.is_mounted and self.is_current:
            self.reload()
            self.show_bars()

    def _first(self, scope: Scope) -> str | None:
        rows = self.session.queue_page(scope, 0, 1)
        if not rows:
            return None
        first = rows[0]
        if not first.answered:
            return first.ref
        return self.session.neighbour(first.ref, scope, 1, undecided=True) or first.ref

    def reload(self) -> None:
        self.total = self.session.queue_count(self.scope)
        if self.ref is None:
            self.ref = self._first(self.scope)
        self.load()
        self.show_lists()
        self.draw()

    def load(self) -> None:
        super().load()
        if self.evidence is not None:
            self.left[self.evidence.example.track] = ScopePlace(self.scope, self.ref)

    def show_lists(self) -> None:
        if not self.query_one("#left").display:
            return
        tree = self.query_one("#tree", SliceTree)
        if tree.display:
            found = self.session.inspection()
            tree.show_slices(self.session.slices(), found.inspected, found.total, LEFT_CELLS - 2)
            if not tree.has_focus:
                tree.go_to(Target("slice", self.scope.slice or "", track=self.scope.track))
        self.query_one("#list", ExampleList).show_scope(self.scope, self.total, self.position)

    def unavailable(self, identifier: str) -> str | None:
        reason = super().unavailable(identifier)
        if reason is None and identifier == "whatif.open" and self.evidence is not None:
            return why_silent(self.session.description, self.evidence.example.track) or None
        return reason

    def _go(self, ref: str | None, nothing: str) -> None:
        if ref is None:
            self.notice(nothing, "warn")
            return
        self.ref = ref
        self.load()
        self.draw(top=True)
        if self.query_one("#left").display:
            self.query_one("#list", ExampleList).move_to(self.position, changed=False)
        self.show_bars()
        self.session.bookmark(ref, self.scope)
        self.notice("")

    def _step(self, step: int) -> None:
        if self.ref is None:
            self.notice("there is no example here", "warn")
            return
        end = "further" if step > 0 else "earlier"
        self._go(self.session.neighbour(self.ref, self.scope, step), f"no {end} example in this scope")

    def _step_undecided(self, step: int) -> str:
        """The next undecided example, what must be judged before what is worth a look; returns what there is to say.

        Past the end it goes on at the start, where examples come again.
        """
        if self.ref is None:
            self.notice("there is no example here", "warn")
            return ""
        must = replace(self.scope, must=True)
        found, around = self._undecided(must, step)
        rest = found is None
        if rest:
            found, around = self._undecided(self.scope, step)
        self._go(found, "nothing else is undecided here")
        if found is not None and rest and not self.session.queue_count(replace(must, undecided=True)):
            return "what must be judged here is judged"
        return ("from the start" if step > 0 else "from the end") if around else ""

    def _go_undecided(self, step: int) -> None:
        if remark := self._step_undecided(step):
            self.notice(remark)

    def go_on(self, said: str) -> None:
        before = self.ref
        remark = self._step_undecided(1)
        if before is None or self.ref == before:
            self._answered(said)
            return
        self._went_on = (self.ref or "", before)
        self.show_lists()
        self.show_bars()
        self.notice(gone_on(said, remark, self.size.width - 2), "saved")

    def _undecided(self, scope: Scope, step: int) -> tuple[str | None, bool]:
        """The next undecided example of a scope, and whether it stands past its end."""
        ahead = self.session.neighbour(self.ref, scope, step, True)
        if ahead is not None:
            return ahead, False
        around = self.session.neighbour(None, scope, step, True)
        return (None, False) if around == self.ref else (around, around is not None)

    def do_example_next(self) -> None:
        """Next example."""
        self._step(1)

    def do_example_previous(self) -> None:
        """Previous example: the one that was labelled just now, wherever it stands in the list."""
        back = self._just_labelled()
        if back is None:
            self._step(-1)
        else:
            self._go(back, "")

    def _just_labelled(self) -> str | None:
        """The example that was labelled last, while the one is shown that came after it."""
        shown, labelled = self._went_on or ("", "")
        return labelled if labelled and self.ref == shown else None

    def do_annotation_undo(self) -> None:
        """Undo the last event of this reviewer; a label that was just saved is shown again, to be mended."""
        back, undone = self._just_labelled(), self.session.undo()
        if undone is not None and back is not None and undone.ref == back:
            self._go(back, "")
        self._told("undone", "nothing of yours to undo", undone)

    def do_example_next_undecided(self) -> None:
        """Next example without my verdict."""
        self._go_undecided(1)

    def do_example_previous_undecided(self) -> None:
        """Previous example without my verdict."""
        self._go_undecided(-1)

    def entered(self, purpose: str, text: str) -> None:
        if purpose == "search":
            self._search(as_written(text).replace("\n", " "))
        elif purpose == "go":
            self.console_app.show_example(self.session.resolve_ref(text.strip()))
        else:
            self.record_typed(purpose, text)

    def _search(self, text: str) -> None:
        """Narrow the scope to what contains a text; where nothing does, colours among all examples."""
        scope = replace(self.scope, search=text or None)
        widest = Scope(track=scope.track, search=scope.search, everything=True)
        beyond = not self.session.queue_count(scope) and self.session.queue_count(widest)
        self.show(ScopePlace(widest if beyond else scope))
        if beyond:
            self.notice(f"not in the scope before: found among all examples ({beyond:,})")

    def do_whatif_open(self) -> None:
        """Change this text and ask both models again."""
        if self.ref is None or self.evidence is None or self.view is None:
            return
        shown = self.view.shown(self.evidence, self.options(80, 24))
        looked_at = next(
            ((one.method, explains_flip(one.target)) for one in shown if one.method and one.target), None
        )
        self.console_app.open(WHATIF, TextPlace(self.ref, looked_at))

    def _step_slice(self, step: int) -> None:
        entries = [
            ("", None),
            *[(entry.slice, entry.track) for entry in self.session.slices() if entry.queued],
        ]
        here = (self.scope.slice or "", self.scope.track)
        number = entries.index(here) if here in entries else 0
        name, track = entries[(number + step) % len(entries)]
        self.show(ScopePlace(Scope(track=track, slice=name or None)))
        self.notice("")

    def do_slice_next(self) -> None:
        """The next slice that has queued examples."""
        self._step_slice(1)

    def do_slice_previous(self) -> None:
        """The previous slice that has queued examples."""
        self._step_slice(-1)

    def do_slice_choose(self) -> None:
        """Show or hide the tree where it fits; else choose from a list."""
        if self.size.width >= 100:
            self.toggle_class("alone")
            self.reload_soon()
            return
        self.app.push_screen(
            PickScreen(
                self.console_app.colours,
                "slices",
                slice_choices(self.session),
                at=slice_value(self.scope),
            ),
            self._filtered,
        )

    def do_example_list(self) -> None:
        """The list instead of the example, or back."""
        self.toggle_class("listing")
        self.focus_body()
        self.reload_soon()

    def do_example_search(self) -> None:
        """Search in texts and ids."""
        self.entry.ask("search", "search", self.scope.search or "")

    def do_example_filter(self) -> None:
        """Filter the scope."""
        self.app.push_screen(
            PickScreen(self.console_app.colours, "show", filter_choices(self.session)), self._filtered
        )

    def _filtered(self, value: str | None) -> None:
        if value is not None:
            self.show(ScopePlace(filtered(self.scope, value)))

    def do_example_go(self) -> None:
        """Open an example by its id."""
        self.entry.ask("go", "id")

    def do_view_side(self) -> None:
        """Both sides, base, candidate, or their difference."""
        self.side = SIDE_MODES[(SIDE_MODES.index(self.side) + 1) % len(SIDE_MODES)]
        self.draw()
        self.notice(f"side: {self.side}")

    def do_view_method(self) -> None:
        """The next method or target."""
        self.next_method()
        self.draw()

    def do_view_numbers(self) -> None:
        """Every number of this example."""
        evidence, view = self.evidence, self.view
        if evidence is None or view is None:
            return
        screen = TextScreen(
            self.console_app.colours,
            "numbers",
            lambda width: view.numbers(evidence, self.options(width, 50)),
        )
        self.app.push_screen(screen)

    def do_example_copy(self) -> None:
        """Copy id and text."""
        if self.evidence is not None:
            example = self.evidence.example
            self.notice(clipboard.copy(printable(f"{example.ref}\t{example.text}"), self.console_app.osc52))

    def do_app_back(self) -> None:
        """Leave entry line, list or filter, or go back to the example before; else leave the screen."""
        if self.entry.is_open:
            self.close_entry()
        elif self.has_class("listing"):
            self.do_example_list()
        elif self.page.leave_grid():
            self.show_page()
        elif self._trail:
            place = self._trail.pop()
            self.scope, self.ref = place.scope, place.ref
            self.reload()
            self.show_bars()
            self.notice("")
        else:
            self.console_app.go_back()

    @on(ExampleChosen)
    def _chosen(self, message: ExampleChosen) -> None:
        if message.leave and self.has_class("listing"):
            self.do_example_list()
        self._go(message.ref, "")

    def opened(self, message: LineOpened) -> None:
        if message.target.kind == "example" and message.target.name:
            self._trail.append(ScopePlace(self.scope, self.ref))
            self._go(message.target.name, "")
            self.notice("esc goes back")
        else:
            super().opened(message)
