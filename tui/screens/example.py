"""One example on the screen: the view of its track, with what was asked, drafted and saved about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on

from analysis.plugin.gate import judgement
from analysis.plugin.registry import get, known
from analysis.review.scope import Scope
from tui.draw.lines import Line, Target, rule, text_line, wrapped
from tui.draw.messages import CursorMoved
from tui.draw.safe_text import cells, fit
from tui.plugin.options import ViewOptions
from tui.plugin.registry import view_of
from tui.screens.base import BaseScreen, opens_track
from tui.screens.choices import scope_title
from tui.screens.saved_whatifs import saved_lines
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from tui.plugin.action import Action
    from tui.plugin.view import View

EVIDENCE = "evidence"
"""Id of the widget that shows the example."""
LABEL_CELLS = 7


class ExampleScreen(BaseScreen):
    """A screen that shows one example of a scope, in a widget with the id `evidence`.

    Attributes:
        scope: the examples to go through.
        ref: the one that is shown; None where the scope has none.
        method: number of the attribution that is drawn.
        total: number of examples in the scope.
        position: place of the example in it, from 0.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scope = Scope()
        self.ref: str | None = None
        self.method = 0
        self.total = 0
        self.position: int | None = None

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
        return super().unavailable(identifier)

    def load(self) -> None:
        """Read what there is of the example."""
        if self.evidence is None or self.evidence.example.ref != self.ref:
            self.chosen = 0
        self.evidence = None if self.ref is None else self.session.example(self.ref)
        self.position = None if self.ref is None else self.session.position(self.ref, self.scope)

    def options(self, width: int, height: int) -> ViewOptions:
        """How the example is looked at."""
        given = self.session.gate_input()
        track = "" if self.evidence is None else self.evidence.example.track
        return ViewOptions(
            width,
            height,
            self.console_app.colours,
            self.side,
            self.method,
            gates={gate.key: gate for gate in self.session.gates()},
            specs=given.specs.get(track, {}),
            agreement=self.agreement,
            chosen=self.chosen,
            switched=self.switched,
        )

    def show_example(self) -> None:
        self.draw()

    def draw(self, *, top: bool = False) -> None:
        """Draw the example; from its first line where `top` is set."""
        widget, evidence, view = self.evidence_view, self.evidence, self.view
        width = max((widget.size.width or self.size.width) - 1, 40)
        if evidence is None or view is None:
            widget.show_lines(
                [Line(), text_line("  no example in this scope: esc goes back, f changes the filter", "warn")]
            )
            return
        lines = self._asked_lines(width)
        draft = self.session.draft(evidence.example.ref)
        if draft:
            going_on = f"{draft}   (e goes on with it)"
            lines += wrapped(" draft", going_on, width, indent=LABEL_CELLS, style="warn")
        lines += view.example(evidence, self.options(width, widget.size.height - len(lines)))
        lines += saved_lines(evidence.history, evidence.example.text, view, width)
        widget.show_lines(lines, top=top)

    def _asked_lines(self, width: int) -> list[Line]:
        """The question that the track asks of an example, until it is answered."""
        evidence = self.evidence
        if evidence is None or evidence.mine is not None or not known(evidence.example.track):
            return []
        return wrapped(" ask", get(evidence.example.track).question, width, indent=LABEL_CELLS, style="key")

    @property
    def agreement(self) -> tuple[str, str]:
        """Whether the reviewers agree on the example, in a few words and their style; known after one's own verdict."""
        evidence = self.evidence
        if evidence is None or evidence.mine is None:
            return "", "dim"
        state, ref = self.session.gate_input().state, evidence.example.ref
        if ref in state.settled:
            return f"settled: {state.settled[ref]}", "good"
        if judgement(state, ref) == "disagreement":
            return "reviewers disagree: = settles", "warn"
        return "", "dim"

    def head_lines(self, width: int) -> Sequence[Line]:
        line = Line().add(" ").add(scope_title(self.scope), "strong")
        entry = next((entry for entry in self.session.slices() if entry.slice == self.scope.slice), None)
        if entry is not None and entry.critical:
            line.add(" ◆", "critical")
        place = "–" if self.position is None else f"{self.position + 1:,}"
        line.add(f"  {place}/{self.total:,}", "number")
        inspected, total = self.session.progress()
        line.add(f" · queue {inspected}/{total}", "dim")
        if self.evidence is not None:
            example = self.evidence.example
            name, room = f"{example.kind}:{example.id}", max(width - line.width - 3, 1)
            line.end(name if cells(name) <= room else fit(name, room), width - 1, "dim")
        return [line, rule(width)]

    def go_to_line(self, target: Target) -> None:
        self.evidence_view.go_to(target)

    @on(CursorMoved)
    def _cursor_moved(self, message: CursorMoved) -> None:
        view = self.view
        if message.view_id == EVIDENCE and message.target is not None and view is not None:
            view.cursor_moved(message.target, self)
