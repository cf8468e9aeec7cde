"""One example on the screen: the view of its track, with what was asked, drafted and saved about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on

from analysis.plugin.gate import disputed
from analysis.review.scope import Scope
from tui.draw.highlight import highlighted
from tui.draw.lines import Line, Target, rule, text_line, wrapped, written
from tui.draw.messages import CursorMoved
from tui.draw.right_words import settled_words, short_words
from tui.draw.safe_text import cells, fit
from tui.plugin.asked_page import BY_ITSELF, IS_KNOWN, IS_VARIANT, NO_B, AskedPage
from tui.plugin.closed_page import closed_lines, known_sentence, shown_name, sides_text
from tui.plugin.label_page import label_lines
from tui.plugin.options import ViewOptions
from tui.plugin.registry import view_of
from tui.screens.base import BaseScreen, opens_track
from tui.screens.choices import scope_title
from tui.screens.frame import FAILURES
from tui.screens.head import progress_text
from tui.screens.saved_whatifs import saved_lines
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence
    from tui.plugin.action import Action
    from tui.plugin.label_grid import LabelGrid
    from tui.plugin.view import View

EVIDENCE = "evidence"
"""Id of the widget that shows the example."""
LABEL_CELLS = 7
SHOW_SIDES = frozenset({"whatif.open", "annotation.mark", "finding.record"})
"""Actions that show something of a side, beside those of the area `view`: on a closed page, they look first."""
AFTER_ANSWER = frozenset({"annotation.settle", "verdict.repeat"})
"""Actions that have no meaning on a closed page, unless an earlier verdict can be repeated there."""
JUDGES = ("verdict.", "label.", "annotation.cause", "annotation.settle")
"""Beginnings of the actions that say what a reviewer thinks of an example, which no variant takes."""
ALIKE_TITLES = {"verdict.first": "right", "verdict.neither": "wrong"}
"""What answers are called where there is but one to judge."""


class ExampleScreen(BaseScreen):
    """A screen that shows one example of a scope, in a widget with the id `evidence`.

    Attributes:
        scope: the examples to go through.
        ref: the one that is shown; None where the scope has none.
        total: number of examples in the scope.
        position: place of the example in it, from 0.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scope = Scope()
        self.ref: str | None = None
        self._methods: dict[str, int] = {}
        self._drawn: str | None = None
        self.total = 0
        self.position: int | None = None
        self._page: AskedPage | None = None
        self._grid_shown: LabelGrid | None = None

    @property
    def subject(self) -> str | None:
        return f"{self.ref} {self.scope}"

    @property
    def method(self) -> int:
        """Number of the attribution that is drawn: each track keeps its own."""
        return self._methods.get(self.track, 0)

    @property
    def track(self) -> str:
        """The track of the example; empty where there is none."""
        return "" if self.evidence is None else self.evidence.example.track

    def next_method(self) -> None:
        """Go on to the next attribution of this track."""
        self._methods[self.track] = self.method + 1

    @property
    def page(self) -> AskedPage:
        """What is asked of the example, and whether its sides are hidden."""
        if self._page is None:
            self._page = AskedPage(self.session)
        return self._page

    @property
    def evidence_view(self) -> LineView:
        """The widget that shows the example."""
        return self.query_one(f"#{EVIDENCE}", LineView)

    @property
    def view(self) -> View | None:
        """The view of the example's track."""
        return None if self.evidence is None else view_of(self.evidence.example.track)

    @property
    def reading(self) -> bool:
        return self.focused is self.evidence_view

    def is_here(self, entry: Action) -> bool:
        return opens_track(entry) and self.evidence is not None and entry.track == self.evidence.example.track

    def unavailable(self, identifier: str) -> str | None:
        entry = self.console_app.actions[identifier]
        if entry.about_example and self.ref is None:
            return "there is no example here"
        if entry.about_example and entry.track and self.view is not None and entry.track != self.view.track:
            return f"this is one of {self.view.name}"
        return self._not_asked(entry) or super().unavailable(identifier)

    def _not_asked(self, entry: Action) -> str | None:
        """Why the question of the example leaves no room for an action, or None."""
        page = self.page
        if page.variant and entry.id.startswith(JUDGES):
            return IS_VARIANT
        if entry.id.startswith("verdict.") and not page.closed and page.known is not None:
            return IS_KNOWN
        if entry.id == "verdict.second" and page.alike:
            return NO_B
        if not page.closed:
            return None
        if entry.id == "verdict.repeat" and page.earlier is not None:
            return None
        own = self._of_view(entry) and entry.about_example and not self._shows_sides(entry)
        return "answer first; v looks without answering" if own or entry.id in AFTER_ANSWER else None

    def _shows_sides(self, entry: Action) -> bool:
        return entry.id in SHOW_SIDES or entry.id.startswith("view.")

    def bar_actions(self) -> list[Action]:
        """On a closed page, what answers it comes first, and nothing of a view: what it offers tells of the sides."""
        entries = super().bar_actions()
        if not self.page.closed:
            return entries
        kept = [
            entry
            for entry in entries
            if self._not_asked(entry) is None
            and not (self._shows_sides(entry) and entry.id not in ("view.method", "whatif.open"))
            and not (entry.about_example and entry.track and not opens_track(entry))
        ]
        titles = {"view.method": "look first", **(ALIKE_TITLES if self.page.alike else {})}
        if self.page.alike:
            kept = [entry for entry in kept if entry.id != "verdict.either"]
        return [replace(entry, title=titles.get(entry.id, entry.title)) for entry in kept]

    def action_do(self, identifier: str) -> None:
        """Do an action; what shows the sides of a closed page opens it first, and that is said."""
        entry = self.console_app.actions[identifier]
        said = ""
        if self.page.closed and self._shows_sides(entry) and self.unavailable(identifier) is None:
            try:
                said = self.page.look()
            except FAILURES as error:
                self.complain(error)
                return
            self.load()
            self.draw(top=True)
            self.show_bars()
            # On a closed page this key looks, and does no more.
            if identifier == "view.method":
                self.notice(said, "warn")
                return
        super().action_do(identifier)
        if said:
            self.notice(said, "warn")

    def load(self) -> None:
        """Read what there is of the example."""
        if self.evidence is None or self.evidence.example.ref != self.ref:
            self.chosen = 0
        self.evidence = None if self.ref is None else self.session.example(self.ref)
        self.position = None if self.ref is None else self.session.position(self.ref, self.scope)
        self.page.turn_to(self.evidence)

    def options(self, width: int, height: int) -> ViewOptions:
        """How the example is looked at."""
        given = self.session.gate_input()
        return ViewOptions(
            width,
            height,
            self.console_app.colours,
            self.side,
            self.method,
            gates={gate.key: gate for gate in self.session.gates()},
            specs=given.specs.get(self.track, {}),
            agreement=self.agreement,
            chosen=self.chosen,
            switched=self.switched,
        )

    def show_example(self) -> None:
        self.draw()

    def draw(self, *, top: bool = False) -> None:
        """Draw the example; from its first line where `top` is set, or where it or its list is another than before."""
        if self.subject != self._drawn:
            self._drawn, top = self.subject, True
        self.end_notice()
        widget, evidence, view = self.evidence_view, self.evidence, self.view
        width = max((widget.size.width or self.size.width) - 1, 40)
        if evidence is None or view is None:
            widget.show_lines(
                [Line(), text_line("  no example in this scope: esc goes back, f changes the filter", "warn")]
            )
            return
        lines = self._draft_lines(evidence.example.ref, width)
        if self.page.grid is not None:
            # Another page begins with its first row; one that is drawn anew stays where it is.
            top = top or self.page.grid is not self._grid_shown
            self._grid_shown = self.page.grid
            if top:
                self.page.grid.row = self.page.asks[0].name
            lines += label_lines(evidence, self.page, width, widget.size.height, view.said(evidence))
            widget.show_lines(lines, top=top)
            self.page.drawn()
            return
        self._grid_shown = None
        search = self.scope.search
        if self.page.closed:
            lines += closed_lines(evidence, self.page, width, view.said(evidence))
            widget.show_lines(highlighted(lines, search), top=top)
            self.page.drawn()
            return
        lines = self._asked_lines(width) + lines
        lines += view.example(evidence, self.options(width, widget.size.height - len(lines)))
        lines += saved_lines(evidence.history, evidence.example.text, view, width)
        widget.show_lines(highlighted(lines, search), top=top)

    def _draft_lines(self, ref: str, width: int) -> list[Line]:
        draft = self.session.draft(ref)
        said = f"{draft}   (i goes on with it)" if draft else ""
        return written(" draft", said, width, indent=LABEL_CELLS, style="warn") if said else []

    def _asked_lines(self, width: int) -> list[Line]:
        """The question of an open page until it is answered, or what it was there for."""
        evidence, page = self.evidence, self.page
        told = known_sentence(page)
        if told:
            return wrapped(" known", told, width, indent=LABEL_CELLS, style="warn")
        if evidence is None or page.asked is None or page.variant or evidence.mine is not None:
            return []
        text = f"{BY_ITSELF}: l labels them" if page.asks else page.asked.text
        return wrapped(" ask", text, width, indent=LABEL_CELLS, style="key")

    @property
    def agreement(self) -> tuple[str, str]:
        """Whether the reviewers agree on the example, in a few words and their style; known after one's own verdict."""
        evidence = self.evidence
        if evidence is None or evidence.mine is None:
            return "", "dim"
        state, ref = self.session.gate_input().state, evidence.example.ref
        if ref in state.settled:
            return settled_words(state, ref), "good"
        if disputed(state, ref):
            return "reviewers disagree: = settles", "warn"
        return "", "dim"

    def head_lines(self, width: int) -> Sequence[Line]:
        line = Line().add(" ").add(scope_title(self.scope), "strong")
        entry = next((entry for entry in self.session.slices() if entry.slice == self.scope.slice), None)
        if entry is not None and entry.critical:
            line.add(" ◆", "critical")
        place = "–" if self.position is None else f"{self.position + 1:,}"
        line.add(f"  {place}/{self.total:,}", "number")
        line.add(" · ", "dim").add(progress_text(self.session, width), "dim")
        if self.evidence is not None:
            name, room = self._shown_name(self.evidence), max(width - line.width - 3, 1)
            line.end(name if cells(name) <= room else fit(name, room), width - 1, "dim")
        return [line, self._sides_rule(width)]

    def _shown_name(self, evidence: ExampleEvidence) -> str:
        example = evidence.example
        return shown_name(evidence) if self.page.closed else f"{example.kind}:{example.id}"

    def _sides_rule(self, width: int) -> Line:
        """A rule that says what was answered, and which side each letter means, once that may be known."""
        page = self.page
        if page.closed or page.known is not None:
            return rule(width)
        mine = self.evidence.mine if self.evidence is not None else None
        said = f" you: {short_words(mine)} " if mine is not None else ""
        sides = f" {sides_text(page)} " if sides_text(page) else ""
        line = Line().add("──", "rule").add(said, "strong")
        line.add("─" * (width - line.width - cells(sides) - 2), "rule").add(sides, "key")
        return line.add("─" * (width - line.width), "rule")

    def go_to_line(self, target: Target) -> None:
        self.evidence_view.go_to(target)

    @on(CursorMoved)
    def _cursor_moved(self, message: CursorMoved) -> None:
        view = self.view
        if message.view_id == EVIDENCE and message.target is not None and view is not None:
            view.cursor_moved(message.target, self)
