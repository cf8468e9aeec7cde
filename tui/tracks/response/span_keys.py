"""The keys for what detectors found in an answer: go from span to span, confirm, refute, and how answers are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from tui.draw.lines import Target
from tui.draw.messages import CursorMoved
from tui.screens.base import BaseScreen
from tui.tracks.response.spans import SPAN, hits_of
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from analysis.base.records import SpanVerdict
    from analysis.review.queries import ExampleEvidence
    from tui.plugin.registry import SideMode
    from tui.tracks.response.spans import SpanShown


class SpanScreen(BaseScreen):
    """A screen that shows the evidence on one example, in a view named `evidence`.

    Args:
        side: which side is drawn.
        span: number of the chosen hit, from 0.
        likelihood: whether words are coloured by their likelihood.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ref: str | None = None
        self.evidence: ExampleEvidence | None = None
        self.side: SideMode = "both"
        self.span = 0
        self.likelihood = False

    def show_example(self) -> None:
        """Draw the example anew."""
        raise NotImplementedError

    def unavailable(self, identifier: str) -> str | None:
        reason = super().unavailable(identifier)
        if reason is not None:
            return reason
        if identifier.startswith("span.") and not self._hits():
            return "no detector found anything here"
        if identifier in ("view.likelihood", "view.diff") and not self._answers():
            return "this example has no two answers"
        return None

    def action_do(self, identifier: str) -> None:
        # Where there is no span to go to, tab goes from part to part as everywhere else.
        if identifier == "span.next" and (self.focused is not self._view or self.unavailable(identifier)):
            self.focus_next()
        else:
            super().action_do(identifier)

    @property
    def _view(self) -> LineView:
        return self.query_one("#evidence", LineView)

    def _hits(self) -> list[SpanShown]:
        return [] if self.evidence is None else hits_of(self.evidence)

    def _answers(self) -> bool:
        return self.evidence is not None and bool(self.evidence.payload.get("response_side"))

    def do_view_likelihood(self) -> None:
        """Colour words by their likelihood, or no more."""
        self.likelihood = not self.likelihood
        self.show_example()
        self.notice("words by log p(cand) − log p(base)" if self.likelihood else "words by what was found")

    def do_view_diff(self) -> None:
        """What the candidate's answer adds and leaves out, or both as they are."""
        self.side = "both" if self.side == "difference" else "difference"
        self.show_example()
        self.notice(f"side: {self.side}")

    def do_span_next(self) -> None:
        """The next span that a detector found."""
        self.choose_span((self.span + 1) % len(self._hits()))

    def choose_span(self, number: int) -> None:
        """Choose a hit by its number: a long answer scrolls to it."""
        self.span = number
        self.show_example()
        self._view.go_to(Target(SPAN, str(number)))

    @on(CursorMoved)
    def _cursor_moved(self, message: CursorMoved) -> None:
        target = message.target
        if target is not None and target.kind == SPAN and target.name != str(self.span):
            self.choose_span(int(target.name))

    def do_span_confirm(self) -> None:
        """It is what its detector says."""
        self._judge_span("confirmed")

    def do_span_refute(self) -> None:
        """It is not what its detector says."""
        self._judge_span("refuted")

    def _judge_span(self, verdict: SpanVerdict) -> None:
        hits = self._hits()
        if self.ref is None or not hits:
            return
        number = self.span % len(hits)
        one = hits[number]
        self.session.judge_span(self.ref, one.side, one.detector, one.start, one.end, verdict)
        self.after_write()
        self.notice(f"saved  {verdict}  {number + 1} {one.detector}: {one.label}", "saved")
