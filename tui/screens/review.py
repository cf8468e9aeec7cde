"""The examples, one by one: slice tree, list, the view of the track, and the verdict keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from analysis.review.scope import Scope
from analysis.review.whatif import answers_live
from tui.draw import clipboard
from tui.draw.gate_lines import by_urgency
from tui.draw.lines import Line, Target, rule, text_line, wrapped
from tui.draw.messages import ExampleChosen, LineOpened
from tui.draw.safe_text import printable
from tui.plugin.actions import bindings, valid_on
from tui.plugin.registry import SIDE_MODES, ViewOptions, view_of
from tui.screens.choices import filter_choices, filtered, scope_words, slice_choices
from tui.screens.pick import PickScreen, TextScreen
from tui.tracks.response.span_keys import SpanScreen
from tui.tracks.response.spans import SPAN
from tui.whatif.lines import saved_lines
from tui.widgets.example_list import ExampleList
from tui.widgets.line_view import LineView
from tui.widgets.slice_tree import SliceTree

if TYPE_CHECKING:
    from analysis.base.records import ReviewVerdict

NEEDS_EXAMPLE = frozenset(
    entry.id
    for entry in valid_on("review")
    if entry.id.split(".", maxsplit=1)[0] in ("annotation", "finding", "span", "view", "whatif")
    and entry.id not in ("annotation.undo", "annotation.redo")
)
"""Actions that are about the example on the screen."""
LEFT_CELLS = 40
"""Cells of the slice tree."""
LIST_CELLS = 56
"""Cells of the list where it stands beside the tree."""


class ReviewScreen(SpanScreen):
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
    BINDINGS: ClassVar[list[BindingType]] = bindings("review")
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
    ReviewScreen.listing #left {{ display: block; width: 1fr; }}
    ReviewScreen.listing #tree {{ display: none; }}
    ReviewScreen.listing #list {{ width: 1fr; height: 1fr; border-top: none; }}
    ReviewScreen.listing #evidence {{ display: none; }}
    """

    def __init__(self) -> None:
        super().__init__()
        self.scope = Scope()
        self.method = 0
        self.total = 0
        self.position: int | None = None
        self.left: dict[str, tuple[Scope, str | None]] = {}
        """Where each track was left."""
        self._trail: list[tuple[Scope, str | None]] = []

    def compose_body(self) -> Iterable[Widget]:
        look = self.console_app.look
        with Vertical(id="left"):
            yield SliceTree(look, widget_id="tree")
            yield ExampleList(self.session, look, widget_id="list")
        yield LineView(look, widget_id="evidence")

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#list" if self.has_class("listing") else "#evidence"))

    def show(self, scope: Scope, ref: str | None) -> None:
        """Show an example in a scope; the first undecided one where none is given."""
        if scope != self.scope and self.is_mounted:
            self._trail.append((self.scope, self.ref))
        self.scope = scope
        self.total = self.session.queue_count(scope)
        self.ref = ref if ref is not None else self._first(scope)
        if self.is_mounted and self.is_current:
            self.reload()
            self.show_bars()

    def _first(self, scope: Scope) -> str | None:
        rows = self.session.queue_page(scope, 0, 1)
        if not rows:
            return None
        first = rows[0]
        if first.verdict is None:
            return first.ref
        return self.session.neighbour(first.ref, scope, 1, undecided=True) or first.ref

    def reload(self) -> None:
        self.total = self.session.queue_count(self.scope)
        if self.ref is None:
            self.ref = self._first(self.scope)
        self._load()
        self._show_lists()
        self._show_example()

    def _load(self) -> None:
        if self.evidence is None or self.evidence.example.ref != self.ref:
            self.span = 0
        self.evidence = None if self.ref is None else self.session.example(self.ref)
        self.position = None if self.ref is None else self.session.position(self.ref, self.scope)
        if self.evidence is not None:
            self.left[self.evidence.example.track] = (self.scope, self.ref)

    def _show_lists(self) -> None:
        if self.query_one("#left").display:
            tree = self.query_one("#tree", SliceTree)
            if tree.display:
                inspected, total = self.session.progress()
                tree.show_slices(self.session.slices(), inspected, total, LEFT_CELLS - 2)
                if not tree.has_focus:
                    tree.go_to(Target("slice", self.scope.slice or "", track=self.scope.track))
            self.query_one("#list", ExampleList).show_scope(self.scope, self.total, self.position)

    def _options(self, width: int, height: int) -> ViewOptions:
        shown = self.evidence is not None and self.evidence.mine is not None
        gates = {gate.key: gate for gate in self.session.gates()}
        return ViewOptions(
            width,
            height,
            self.console_app.look,
            self.side,
            self.method,
            shown,
            gates,
            self.span,
            self.likelihood,
        )

    def show_example(self) -> None:
        self._show_example()

    def _show_example(self, *, top: bool = False) -> None:
        view = self.query_one("#evidence", LineView)
        width = max((view.size.width or self.size.width) - 1, 40)
        if self.evidence is None:
            view.show_lines(
                [Line(), text_line("  no example in this scope: esc goes back, f changes the filter", "warn")]
            )
            return
        lines = view_of(self.evidence.example.track).example(
            self.evidence, self._options(width, view.size.height)
        )
        lines += saved_lines(self.evidence.history, self.evidence.example.text, width)
        draft = self.session.draft(self.evidence.example.ref)
        if draft:
            half = wrapped(" draft", f"{draft}   (e goes on with it)", width, indent=7, style="warn")
            lines = [*half, *lines]
        view.show_lines(lines, top=top)

    def head_lines(self, width: int) -> Sequence[Line]:
        line = Line().add(" ").add(scope_words(self.scope), "strong")
        entry = next((entry for entry in self.session.slices() if entry.slice == self.scope.slice), None)
        if entry is not None and entry.critical:
            line.add(" ◆", "critical")
        place = "–" if self.position is None else f"{self.position + 1:,}"
        line.add(f"  {place}/{self.total:,}", "number")
        inspected, total = self.session.progress()
        line.add(f" · queue {inspected}/{total}", "dim")
        if self.evidence is not None:
            example = self.evidence.example
            name = printable(f"{example.kind}:{example.id}")
            line.end(
                name if len(name) < width - line.width - 2 else name[: max(width - line.width - 3, 1)],
                width - 1,
                "dim",
            )
        return [line, rule(width)]

    def unavailable(self, identifier: str) -> str | None:
        reason = super().unavailable(identifier)
        if reason is None and self.ref is None and identifier in NEEDS_EXAMPLE:
            return "there is no example here"
        if (
            reason is None
            and identifier == "whatif.open"
            and self.evidence is not None
            and not answers_live(self.evidence.example.track)
        ):
            return "its models answer no live questions"
        return reason

    def _go(self, ref: str | None, nothing: str) -> None:
        if ref is None:
            self.notice(nothing, "warn")
            return
        self.ref = ref
        self._load()
        self._show_example(top=True)
        if self.query_one("#left").display:
            self.query_one("#list", ExampleList).move_to(self.position, changed=False)
        self.show_bars()
        self.session.bookmark(ref, self.scope)
        self.notice("")

    def _step(self, step: int, *, undecided: bool = False) -> None:
        if self.ref is None:
            self.notice("there is no example here", "warn")
            return
        which = "undecided example" if undecided else "example"
        end = "further" if step > 0 else "earlier"
        self._go(
            self.session.neighbour(self.ref, self.scope, step, undecided), f"no {end} {which} in this scope"
        )

    def do_example_next(self) -> None:
        """Next example."""
        self._step(1)

    def do_example_previous(self) -> None:
        """Previous example."""
        self._step(-1)

    def do_example_next_undecided(self) -> None:
        """Next example without my verdict."""
        self._step(1, undecided=True)

    def do_example_previous_undecided(self) -> None:
        """Previous example without my verdict."""
        self._step(-1, undecided=True)

    def _decide(self, verdict: ReviewVerdict) -> None:
        ref = self.ref
        if ref is None:
            return
        self.session.verdict(ref, verdict)
        following = self.session.neighbour(ref, self.scope, 1, True) or self.session.neighbour(
            ref, self.scope, -1, True
        )
        if following is not None:
            self.ref = following
            self.session.bookmark(following, self.scope)
        self._load()
        self._show_lists()
        self._show_example(top=following is not None)
        self.show_bars()
        self.notice(
            f"saved  {verdict}  {ref}" + ("" if following else "  nothing undecided is left here"), "saved"
        )

    def do_annotation_accept(self) -> None:
        """The change may ship."""
        self._decide("acceptable")

    def do_annotation_reject(self) -> None:
        """The change must not ship."""
        self._decide("unacceptable")

    def do_annotation_unsure(self) -> None:
        """Cannot tell."""
        self._decide("unsure")

    def do_annotation_bad_label(self) -> None:
        """The gold label is wrong."""
        self._decide("bad-label")

    def do_annotation_cause(self) -> None:
        """Name the cause."""
        mine = self.evidence.mine if self.evidence else None
        self.entry.ask("cause", "cause", (mine.cause or "") if mine else "")

    def do_annotation_note(self) -> None:
        """Write a note, going on with its draft."""
        if self.ref is None:
            return
        mine = self.evidence.mine if self.evidence else None
        self.entry.ask("note", "note", self.session.draft(self.ref) or ((mine.note or "") if mine else ""))

    def typing(self, purpose: str, text: str) -> None:
        if purpose == "note" and self.ref is not None:
            self.session.save_draft(self.ref, text)

    def entered(self, purpose: str, text: str) -> None:
        if purpose == "search":
            self._search(text)
            return
        if purpose == "go":
            self.console_app.show_example(self.session.resolve_ref(text.strip()))
            return
        if self.ref is None or not text.strip():
            return
        if purpose == "cause":
            self.session.cause(self.ref, text)
        else:
            self.session.note(self.ref, text)
            self.session.clear_draft(self.ref)
        self.after_write()
        self.notice(f"saved  {purpose}  {self.ref}", "saved")

    def _search(self, text: str) -> None:
        """Narrow the scope to what contains a text; where nothing does, look among all examples."""
        scope = replace(self.scope, search=text or None)
        widest = Scope(track=scope.track, search=scope.search, everything=True)
        beyond = not self.session.queue_count(scope) and self.session.queue_count(widest)
        self.show(widest if beyond else scope, None)
        if beyond:
            self.notice(f"not in the scope before: found among all examples ({beyond:,})")

    def do_annotation_mark(self) -> None:
        """Mark words."""
        from tui.screens.mark import MarkScreen

        if self.evidence is not None:
            look, ref = self.console_app.look, self.evidence.example.ref
            self.app.push_screen(
                MarkScreen(look, self.evidence.example.text, lambda spans: self.session.tokens(ref, spans)),
                self._marked,
            )

    def _marked(self, saved: bool | None) -> None:
        if saved:
            self.after_write()
            self.notice(f"saved  marked words  {self.ref}", "saved")

    def do_finding_record(self) -> None:
        """Record a finding on this example."""
        from tui.screens.record_forms import finding_form

        if self.evidence is not None and self.ref is not None:
            flagged = {flag.gate for flag in self.evidence.flags}
            urgent = by_urgency(self.session.gates())
            gate = next((entry.key for entry in urgent if entry.key in flagged), None)
            shown = view_of(self.evidence.example.track).shown(self.evidence, self._options(80, 24))
            form = finding_form(self.console_app.look, self.session, gate, (self.ref,), shown=shown)
            self.app.push_screen(form, self._found)

    def _found(self, saved: bool | None) -> None:
        if saved:
            self.after_write()
            self.notice("saved  finding", "saved")

    def do_maps_open(self) -> None:
        """Show the item, or the neighbours of the query, on the maps."""
        self.console_app.show_maps(self.ref)

    def do_whatif_open(self) -> None:
        """Change this text and ask both models again."""
        if self.ref is not None:
            self.console_app.show_whatif(self.ref)

    def _step_slice(self, step: int) -> None:
        entries = [
            ("", None),
            *[(entry.slice, entry.track) for entry in self.session.slices() if entry.queued],
        ]
        here = (self.scope.slice or "", self.scope.track)
        number = entries.index(here) if here in entries else 0
        name, track = entries[(number + step) % len(entries)]
        self.show(Scope(track=track, slice=name or None), None)
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
            self.call_after_refresh(self.reload_guarded)
            return
        self.app.push_screen(
            PickScreen(self.console_app.look, "slices", slice_choices(self.session)), self._filtered
        )

    def do_example_list(self) -> None:
        """The list instead of the example, or back."""
        self.toggle_class("listing")
        self.focus_body()
        self.call_after_refresh(self.reload_guarded)

    def do_example_search(self) -> None:
        """Search in texts and ids."""
        self.entry.ask("search", "search", self.scope.search or "")

    def do_example_filter(self) -> None:
        """Filter the scope."""
        self.app.push_screen(
            PickScreen(self.console_app.look, "show", filter_choices(self.session)), self._filtered
        )

    def _filtered(self, value: str | None) -> None:
        if value is not None:
            self.show(filtered(self.scope, value), None)

    def do_example_go(self) -> None:
        """Open an example by its id."""
        self.entry.ask("go", "id")

    def do_view_side(self) -> None:
        """Both sides, base, candidate, or their difference."""
        self.side = SIDE_MODES[(SIDE_MODES.index(self.side) + 1) % len(SIDE_MODES)]
        self._show_example()
        self.notice(f"side: {self.side}")

    def do_view_method(self) -> None:
        """The next method or target."""
        self.method += 1
        self._show_example()

    def do_view_numbers(self) -> None:
        """Every number of this example."""
        evidence = self.evidence
        if evidence is None:
            return
        view = view_of(evidence.example.track)
        screen = TextScreen(
            self.console_app.look, "numbers", lambda width: view.numbers(evidence, self._options(width, 50))
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
        elif self._trail:
            self.scope, self.ref = self._trail.pop()
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
        if message.target.kind == SPAN:
            self.choose_span(int(message.target.name))
        elif message.target.kind == "example" and message.target.name:
            self._trail.append((self.scope, self.ref))
            self._go(message.target.name, "")
            self.notice("esc goes back")
        else:
            self.console_app.follow(message.target)
