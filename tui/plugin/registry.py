"""What an example looks like, one module per track, and the one line in which each is listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tui.draw.lines import Line
from tui.draw.theme import Look

if TYPE_CHECKING:
    from analysis.attribution.licences import FindingEvidence
    from analysis.base.records import GateResult
    from analysis.review.queries import ExampleEvidence

SideMode = Literal["both", "base", "candidate", "difference"]
SIDE_MODES: tuple[SideMode, ...] = ("both", "base", "candidate", "difference")


@dataclass(frozen=True)
class ViewOptions:
    """How an example is looked at.

    Args:
        width: cells there are.
        height: rows there are; a tall view shows more counterfactuals.
        look: colours.
        side: which side's attribution is drawn.
        method: number of the attribution view; counts on and on, the view takes it modulo what it has.
        others_shown: whether the verdicts of other reviewers may be seen.
        gates: every gate of the review by key, for views that show what decides it.
        span: number of the chosen finding of a detector; the view takes it modulo what it has.
        likelihood: whether words are coloured by how likely the models make them.
    """

    width: int
    height: int
    look: Look
    side: SideMode = "both"
    method: int = 0
    others_shown: bool = False
    gates: Mapping[str, GateResult] = field(default_factory=dict)
    span: int = 0
    likelihood: bool = False


@dataclass(frozen=True)
class View:
    """The view of one track.

    Args:
        example: an example as lines.
        numbers: every number behind it, with definitions.
        summary: the same as plain sentences, for the linear front-end.
        shown: the attributions that the example shows, as evidence that a finding may name.
    """

    example: Callable[[ExampleEvidence, ViewOptions], list[Line]]
    numbers: Callable[[ExampleEvidence, ViewOptions], list[Line]]
    summary: Callable[[ExampleEvidence], list[str]]
    shown: Callable[[ExampleEvidence, ViewOptions], list[FindingEvidence]]


def view_of(track: str) -> View:
    """The view of a track; one that has none of its own shows text, labels and annotations."""
    from tui.plugin import common
    from tui.tracks.intent import numbers as intent_numbers
    from tui.tracks.intent import view as intent
    from tui.tracks.response import numbers as response_numbers
    from tui.tracks.response import view as response
    from tui.tracks.retrieval import numbers as retrieval_numbers
    from tui.tracks.retrieval import view as retrieval

    views: Mapping[str, View] = {
        "intent": View(
            intent.example_lines, intent_numbers.number_lines, intent_numbers.summary, intent.shown_evidence
        ),
        "retrieval": View(
            retrieval.example_lines,
            retrieval_numbers.number_lines,
            retrieval_numbers.summary,
            retrieval.shown_evidence,
        ),
        "response": View(
            response.example_lines,
            response_numbers.number_lines,
            response_numbers.summary,
            response.shown_evidence,
        ),
    }
    return views.get(
        track, View(common.example_lines, common.number_lines, common.summary, common.no_evidence)
    )
