"""The record of a review, as types: what people said of a run, and what stands of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from analysis.base.people import person_of, persons
from analysis.base.records import Side

Correctness = Literal["right", "wrong", "unsure"]
"""What a verdict says of one side."""
Right = Literal["candidate", "base", "both", "neither", "unsure"]
RIGHTS: tuple[Right, ...] = ("candidate", "base", "both", "neither", "unsure")
"""A verdict as it is spoken: which side is right."""
Answer = Literal["yes", "no", "unsure"]
"""What is said of one answer when it is asked whether it does something."""
ANSWERS: tuple[Answer, ...] = ("yes", "no", "unsure")
GivenAnswer = Literal["true", "wrong", "both", "neither", "unsure"]
"""What a reviewer answered to a known-answer item: `true` is the answer that is known to be right."""
SpanVerdict = Literal["confirmed", "refuted"]
SPAN_VERDICTS: tuple[SpanVerdict, ...] = ("confirmed", "refuted")
Severity = Literal["blocker", "major", "minor"]
SEVERITIES: tuple[Severity, ...] = ("blocker", "major", "minor")
Decision = Literal["promote", "hold", "reject"]
DECISIONS: tuple[Decision, ...] = ("promote", "hold", "reject")


class Label(NamedTuple):
    """What a person says of both answers, asked whether each does something."""

    name: str
    base: Answer
    candidate: Answer


@dataclass(frozen=True, slots=True)
class SaidOfAnswer:
    """What people agree on of one answer of one side, asked whether it does something; `sha256` is of its text (UTF-8).

    It is about that text and no other: where a side answers something else now, nothing is said of it.
    """

    ref: str
    side: Side
    name: str
    answer: Literal["yes", "no"]
    sha256: str


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """The latest standing verdict of one reviewer on one example.

    `right` says which side is right, `blind` whether it was given before the sides were shown, and `seconds` how long
    it took, None where that is not known. `labels` are what it was made of, where each answer was asked by itself.
    """

    ref: str
    actor: str
    reviewer: str
    right: Right
    cause: str | None
    note: str | None
    blind: bool
    seconds: float | None
    critical_slices: tuple[str, ...]
    labels: tuple[tuple[str, Answer, Answer], ...] = ()


@dataclass(frozen=True, slots=True)
class SettlementRecord:
    """What the reviewers of an example agreed on after they disagreed.

    `actors` are those who had judged it before, `said` and `said_labels` what each had said, in the same order;
    `labels` is what was agreed on of each answer, where each is asked by itself.
    """

    ref: str
    right: Right
    actor: str
    reviewer: str
    actors: tuple[str, ...]
    said: tuple[Right, ...]
    labels: tuple[tuple[str, Answer, Answer], ...] = ()
    said_labels: tuple[Sequence[tuple[str, Answer, Answer]], ...] = ()


@dataclass(frozen=True, slots=True)
class KnownAnswerRecord:
    """What a reviewer answered to an example whose right answer is known: the first answer counts."""

    ref: str
    actor: str
    reviewer: str
    given: GivenAnswer


@dataclass(frozen=True, slots=True)
class RepeatRecord:
    """An example that a reviewer was shown again later, with both verdicts."""

    ref: str
    actor: str
    before: Right
    after: Right


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """The latest word of one reviewer on one span that a detector found."""

    ref: str
    side: Side
    detector: str
    start: int
    end: int
    verdict: SpanVerdict
    actor: str
    reviewer: str


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """A sentence about the candidate, tied to examples and to the gate that it moves.

    `evidence` says what it stands on, '' where its reviewer named nothing.
    """

    event_id: str
    actor: str
    reviewer: str
    text: str
    gate: str | None
    refs: tuple[str, ...]
    severity: Severity
    ts: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class WaiverRecord:
    """A person's acceptance of one gate key at one value and threshold in one run."""

    event_id: str
    actor: str
    reviewer: str
    key: str
    run: str
    value: float | None
    threshold: str
    reason: str
    expires: str
    ts: str


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    event_id: str
    actor: str
    reviewer: str
    decision: Decision
    reason: str
    run: str
    ts: str


@dataclass(frozen=True)
class ReviewState:
    """What people have said of one run, after undo: everything that a gate may read of the events.

    `settled` says what `settlements` agreed on, by example; by `aliases` (`[review] aliases`) accounts are persons.
    """

    verdicts: tuple[VerdictRecord, ...]
    settled: dict[str, Right]
    findings: tuple[FindingRecord, ...]
    waivers: tuple[WaiverRecord, ...]
    decision: DecisionRecord | None
    spans: tuple[SpanRecord, ...] = ()
    known_answers: tuple[KnownAnswerRecord, ...] = ()
    repeats: tuple[RepeatRecord, ...] = ()
    settlements: tuple[SettlementRecord, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def person(self, actor: str) -> str:
        """One name for all accounts of a person."""
        return person_of(actor, self.aliases)

    def persons(self, actors: Iterable[str]) -> set[str]:
        """The different persons among some accounts."""
        return persons(actors, self.aliases)

    @cached_property
    def said(self) -> dict[str, tuple[VerdictRecord, ...]]:
        """The verdicts by example."""
        found: dict[str, list[VerdictRecord]] = {}
        for one in self.verdicts:
            found.setdefault(one.ref, []).append(one)
        return {ref: tuple(some) for ref, some in found.items()}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a journal; `hash` covers the RFC 8785 form of all other columns."""

    stream_id: str
    seq: int
    lamport: int
    event_id: str
    ts: str
    actor: str
    reviewer: str
    host: str
    session_id: str
    run: str
    ref: str | None
    kind: str
    target: str | None
    body: str
    prev: str
    hash: str
