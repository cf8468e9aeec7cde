"""The response track in the console: its examples are prompts, its keys are about what was found in the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.plugin.action import Action
from tui.plugin.console import EXAMPLES
from tui.plugin.view import View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from analysis.attribution.licences import FindingEvidence
    from analysis.base.records import Side
    from analysis.base.review_records import SpanVerdict
    from analysis.review.queries import ExampleEvidence
    from tui.draw.lines import Line, Target
    from tui.plugin.console import Place
    from tui.plugin.live_lines import Outputs
    from tui.plugin.options import ViewOptions
    from tui.tracks.response.spans import SpanShown


class ResponseView(View):
    """One prompt: both answers, what was found in them, what that was checked against."""

    track = "response"
    key = "4"
    name = "Responses"
    tooltip = "The prompts of the response track with both answers, one by one."

    def said(self, evidence: ExampleEvidence) -> Sequence[tuple[str, str]]:
        from tui.tracks.response.turns import said

        return said(evidence)

    def example(self, evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
        from tui.tracks.response.view import example_lines

        return example_lines(evidence, options)

    def numbers(self, evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
        from tui.tracks.response.numbers import number_lines

        return number_lines(evidence, options)

    def summary(self, evidence: ExampleEvidence) -> list[str]:
        from tui.tracks.response.summary import summary

        return summary(evidence)

    def shown(self, evidence: ExampleEvidence, options: ViewOptions) -> list[FindingEvidence]:
        from tui.tracks.response.view import shown_evidence

        return shown_evidence(evidence, options)

    def answer_lines(
        self,
        outputs: Outputs,
        before: Outputs | None,
        evidence: ExampleEvidence,
        reply: Mapping[str, Any],
        width: int,
    ) -> list[Line]:
        from tui.tracks.response.live_answer import written_answer_lines

        return written_answer_lines(outputs, before, width)

    def change_sentence(self, before: Outputs, after: Outputs) -> tuple[str, str]:
        from tui.tracks.response.live_answer import change_sentence

        return change_sentence(before, after)

    def output_text(self, output: Mapping[str, Any]) -> str:
        return str(output["text"])

    def answer_numbers(self, reply: Mapping[str, Any], side: Side) -> Sequence[str]:
        return (f"{reply['sides'][side]['tokens']} tokens, each the likeliest one",)

    def actions(self) -> tuple[Action, ...]:
        return tuple(
            Action(identifier, (key,), title, tooltip, (EXAMPLES,), rank, about_example=True)
            for identifier, key, title, tooltip, rank in (
                (
                    "span.next",
                    "tab",
                    "next span",
                    "The next span that a detector found in an answer.",
                    7,
                ),
                (
                    "span.confirm",
                    "plus",
                    "confirm",
                    "Confirm the chosen span: it is what its detector says.",
                    7,
                ),
                (
                    "span.refute",
                    "minus",
                    "refute",
                    "Refute the chosen span: it is not what its detector says.",
                    7,
                ),
                (
                    "view.likelihood",
                    "L",
                    "log-probability",
                    "Colour the words of both answers by how much likelier the candidate makes them than the base.",
                    16,
                ),
                (
                    "view.diff",
                    "D",
                    "word diff",
                    "Which words the candidate's answer adds, and which it leaves out; or back.",
                    16,
                ),
            )
        )

    def unavailable(self, identifier: str, here: Place) -> str | None:
        if identifier.startswith("span.") and not _hits(here):
            return "no detector found anything here"
        # Where the keys go to a list, tab goes from part to part as everywhere else.
        if identifier == "span.next" and not here.reading:
            return "the keys are not on the example: tab goes there"
        if identifier in ("view.likelihood", "view.diff") and not _answered(here):
            return "this example has no two answers"
        return None

    def opened(self, target: Target, here: Place) -> bool:
        from tui.tracks.response.spans import SPAN

        if target.kind != SPAN:
            return False
        _choose(here, int(target.name))
        return True

    def cursor_moved(self, target: Target, here: Place) -> None:
        from tui.tracks.response.spans import SPAN

        if target.kind == SPAN and int(target.name) != here.chosen:
            _choose(here, int(target.name))

    def do_span_next(self, here: Place) -> None:
        """The next span that a detector found."""
        _choose(here, (here.chosen + 1) % len(_hits(here)))

    def do_span_confirm(self, here: Place) -> None:
        """It is what its detector says."""
        _judge(here, "confirmed")

    def do_span_refute(self, here: Place) -> None:
        """It is not what its detector says."""
        _judge(here, "refuted")

    def do_view_likelihood(self, here: Place) -> None:
        """Colour words by their likelihood, or no more."""
        from tui.tracks.response.answers import LIKELIHOOD

        here.switched ^= {LIKELIHOOD}
        here.show_example()
        on = LIKELIHOOD in here.switched
        here.notice("words by log p(cand) − log p(base)" if on else "words by what was found")

    def do_view_diff(self, here: Place) -> None:
        """What the candidate's answer adds and leaves out, or both as they are."""
        from tui.tracks.response.answers import LIKELIHOOD

        # Words coloured by likelihood have no additions to show: the last key that was pressed is meant.
        here.switched -= {LIKELIHOOD}
        here.side = "both" if here.side == "difference" else "difference"
        here.show_example()
        here.notice(f"side: {here.side}")


def _hits(here: Place) -> list[SpanShown]:
    from tui.tracks.response.spans import hits_of

    return [] if here.evidence is None else hits_of(here.evidence)


def _answered(here: Place) -> bool:
    return here.evidence is not None and bool(here.evidence.payload.get("response_side"))


def _choose(here: Place, number: int) -> None:
    """Choose a hit by its number: a long answer scrolls to it."""
    from tui.draw.lines import Target
    from tui.tracks.response.spans import SPAN

    here.chosen = number
    here.show_example()
    here.go_to_line(Target(SPAN, str(number)))


def _judge(here: Place, verdict: SpanVerdict) -> None:
    from tui.draw.lines import Target
    from tui.tracks.response.spans import SPAN

    hits, evidence = _hits(here), here.evidence
    if evidence is None or not hits:
        return
    number = here.chosen % len(hits)
    one = hits[number]
    here.session.judge_span(evidence.example.ref, one.side, one.detector, one.start, one.end, verdict)
    here.after_write()
    here.go_to_line(Target(SPAN, str(number)))
    here.notice(f"saved  {verdict}  {number + 1} {one.detector}: {one.label}", "saved")


VIEW = ResponseView()
