"""The core tables of a run and the record of a review, as types.

Each row type below is a table of the evidence database (`store/schema/evidence.sql`) with the same
columns in the same order. A track adds payload tables of its own, but never a second queue, metric,
flag or finding table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

Side = Literal["base", "candidate"]
SIDES: tuple[Side, Side] = ("base", "candidate")
MetricSide = Literal["base", "candidate", "difference"]
VARIANT = "variant"
"""Kind of a counterfactual: an example with a parent. Every other kind is named by its track."""
SliceKind = Literal["all", "class", "declared", "metadata", "length", "confusion"]
MetricStatus = Literal["ok", "unknown"]
Measures = Literal["level", "change", "count", "p"]
"""What a number is: how much there is of something, how far it moved, how many there are, a p-value."""
Better = Literal["up", "down", "neither"]
"""Which way a number has to go for the candidate to be better; `neither` where that depends."""
Correctness = Literal["right", "wrong", "unsure"]
"""What a verdict says of one side."""
Right = Literal["candidate", "base", "both", "neither", "unsure"]
RIGHTS: tuple[Right, ...] = ("candidate", "base", "both", "neither", "unsure")
"""A verdict as it is spoken: which side is right."""
GivenAnswer = Literal["true", "wrong", "both", "neither", "unsure"]
"""What a reviewer answered to a known-answer item: `true` is the answer that is known to be right."""
QueuePart = Literal["decides", "control", "known answer", "worth a look"]
"""Why an example stands in the queue; all but the last must be judged."""
SpanVerdict = Literal["confirmed", "refuted"]
SPAN_VERDICTS: tuple[SpanVerdict, ...] = ("confirmed", "refuted")
Severity = Literal["blocker", "major", "minor"]
SEVERITIES: tuple[Severity, ...] = ("blocker", "major", "minor")
Decision = Literal["promote", "hold", "reject"]
DECISIONS: tuple[Decision, ...] = ("promote", "hold", "reject")
GateVerdict = Literal["pass", "warn", "fail", "unknown", "undecided", "n/a", "off", "waived"]
"""`unknown` blocks until something is known, `undecided` does not: there are too few data to tell."""
ALLOWING: frozenset[GateVerdict] = frozenset({"pass", "warn", "undecided", "n/a", "off", "waived"})

ALL = "all"
"""Name of the slice that holds every evaluation example of a track."""
OUT_OF_SCOPE = "out of scope"
"""Name of the slice of texts that belong to no class."""


@dataclass(frozen=True, slots=True)
class Example:
    """One evaluation item; a counterfactual is an example of kind `variant` with a parent."""

    ref: str
    track: str
    kind: str
    id: str
    parent_ref: str | None
    text: str
    gold: str | None
    sha256: str


def track_of(ref: str) -> str:
    """The track of an example: its ref begins with it."""
    return ref.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Slice:
    """A named set of examples, fixed before the run."""

    slice: str
    track: str
    kind: SliceKind
    critical: bool
    definition: str
    n: int


@dataclass(frozen=True, slots=True)
class Membership:
    slice: str
    track: str
    ref: str


@dataclass(frozen=True, slots=True)
class Metric:
    """One number with its interval; `value` is None where `status` is unknown, and `why` says why.

    `n_effective` is how many independent examples tell as much as these `n`, where that was computed.
    """

    track: str
    name: str
    slice: str
    side: MetricSide
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    status: MetricStatus
    why: str
    method: str
    n_effective: int | None = None


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """What a metric is, declared once by the track that measures it, and read wherever a number is shown.

    Args:
        name: as in the table `metric`.
        title: as a person reads it beside a number.
        meaning: what is measured, in a line that needs no other.
        unit: what it is counted in: `share`, `probability`, `texts`, `words`, `nats`, `cosine` ...
        measures: what the number of one side is, or the number itself where there is but one.
        better: which way it has to go for the candidate to be better.
        sides: the sides that it is written for. With all three, the difference is a change of the two others.
    """

    name: str
    title: str
    meaning: str
    unit: str
    measures: Measures
    better: Better
    sides: tuple[MetricSide, ...] = ("base", "candidate", "difference")

    def measures_on(self, side: MetricSide) -> Measures:
        """What the number of a side is: a difference beside two levels is a change."""
        return "change" if side == "difference" and len(self.sides) > 1 else self.measures


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """An attribution method as it speaks of itself, wherever its scores are drawn.

    Args:
        name: as in the table `attribution`.
        title: as it is written out.
        family: methods agree only across families, because those within one share their faults.
        context_only: whether it is shown beside others and never licensed.
        on_demand: whether it is computed only when a reviewer asks for it.
    """

    name: str
    title: str
    family: str
    context_only: bool = False
    on_demand: bool = False


@dataclass(frozen=True, slots=True)
class Attribution:
    """Signed scores per word of one method for one side and one target.

    `starts` and `ends` are character offsets into the example's text; `status` is `ok`,
    `not converged` or `not interpretable`, with the reason in `why`.
    """

    ref: str
    side: Side
    method: str
    target: str
    starts: list[int]
    ends: list[int]
    scores: list[float]
    baseline: str | None
    baseline_class: str | None
    baseline_p: float | None
    completeness_delta: float | None
    steps: int | None
    status: str
    why: str
    parameters: str


@dataclass(frozen=True, slots=True)
class TextSpan:
    """Part of a text that a detector points at, with its reason."""

    ref: str
    side: Side
    detector: str
    start: int
    end: int
    label: str
    why: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A reason why an example needs a person.

    `rank` is the example's place in the queue, the same for all its flags, or None where the budget
    cut it; `gate` is the key of the gate that the flag bears on, or None.
    """

    ref: str
    reason: str
    gate: str | None
    rank: int | None
    value: float | None
    control: bool


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One example in the queue, with what the gates must know of it.

    `control` marks random controls, `known` known-answer items.
    """

    ref: str
    rank: int
    control: bool
    known: bool
    reasons: tuple[str, ...]
    critical_slices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """The latest standing verdict of one reviewer on one example.

    `right` says which side is right, `blind` whether it was given before the sides were shown, and `seconds` how long
    it took, None where that is not known.
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


@dataclass(frozen=True, slots=True)
class SettlementRecord:
    """What the reviewers of an example agreed on after they disagreed.

    `actors` are those who had judged it before, and `said` what each had said, in the same order.
    """

    ref: str
    right: Right
    actor: str
    reviewer: str
    actors: tuple[str, ...]
    said: tuple[Right, ...]


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
class Contested:
    """An example whose verdict counts in a gate, and what it counts under each answer.

    A count is +1 where the candidate is the worse side, -1 where it is the better one, 0 where neither is. `gold` is
    what it counts while nobody has judged it. Near-duplicates and the like share a `cluster`.
    """

    track: str
    measure: str
    slice: str
    ref: str
    cluster: str
    gold: int
    candidate: int
    base: int
    both: int
    neither: int


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

    `settled` says what `settlements` agreed on, by example.
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

    @cached_property
    def said(self) -> dict[str, tuple[VerdictRecord, ...]]:
        """The verdicts by example."""
        found: dict[str, list[VerdictRecord]] = {}
        for one in self.verdicts:
            found.setdefault(one.ref, []).append(one)
        return {ref: tuple(some) for ref, some in found.items()}


@dataclass(frozen=True, slots=True)
class Rule:
    """Resolved thresholds of one gate name; `loosened` lists the thresholds weaker than the default."""

    gate: str
    thresholds: dict[str, float]
    off: str | None
    loosened: tuple[str, ...]
    reason: str | None


@dataclass(frozen=True)
class GateInput:
    """Everything that the gates are computed from; plain data, so that a report carries it whole.

    `flagged` maps a gate key to the refs flagged for it. `contested` holds every example whose verdict counts in a
    critical slice or in one that lost, and, of other slices, those that somebody judged and their clusters. `deciding`
    are the examples whose verdict could still change a gate of a track. `settings` holds what a track's gates need of
    its configuration, `specs` says by track and name what each metric is, and `today` is the ISO date against
    which waivers expire.
    """

    run: str
    owner: str
    today: str
    reviewers_required: int
    tracks: tuple[str, ...]
    metrics: tuple[Metric, ...]
    specs: dict[str, dict[str, MetricSpec]]
    slices: tuple[Slice, ...]
    rules: dict[str, Rule]
    settings: dict[str, dict[str, Any]]
    expected: tuple[dict[str, Any], ...]
    queue: tuple[QueueEntry, ...]
    flagged: dict[str, tuple[str, ...]]
    state: ReviewState
    contested: tuple[Contested, ...] = ()
    deciding: tuple[str, ...] = ()

    @cached_property
    def contested_at(self) -> dict[tuple[str, str, str], tuple[Contested, ...]]:
        """The contested examples by track, measure and slice."""
        found: dict[tuple[str, str, str], list[Contested]] = {}
        for one in self.contested:
            found.setdefault((one.track, one.measure, one.slice), []).append(one)
        return {key: tuple(some) for key, some in found.items()}

    @cached_property
    def metric_at(self) -> dict[tuple[str, str, str, str], Metric]:
        """The metrics by track, name, slice and side."""
        return {(one.track, one.name, one.slice, one.side): one for one in self.metrics}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One row of what a gate looks at: a number, the limit that it is held against, and what follows.

    `measures` says what the number is, as for a metric; None where there is none. `verdict` is that of this row
    alone; the gate's sentence says how its rows come together.
    """

    what: str
    value: float | None
    low: float | None
    high: float | None
    limit: str
    verdict: GateVerdict
    measures: Measures | None = None


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate key with its verdict; `refs` are the examples behind it, worst first.

    `slice` is the name in the key; `metric_slice` the slice whose metrics the gate reads. `metric` names the
    metric that `value` is of, None where it has no value, `metric_track` the track that declares it, and `measures`,
    `unit` and `better` are what its declaration says. `waiver_blocked` says why the gate cannot be waived now; empty
    where it can. `open` are the examples whose verdict could still change the result.
    """

    key: str
    name: str
    track: str
    slice: str | None
    metric_slice: str
    verdict: GateVerdict
    blocking: bool
    metric: str | None
    measures: Measures | None
    unit: str
    better: Better
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    threshold: str
    why: str
    refs: tuple[str, ...]
    protects: str
    criteria: tuple[Criterion, ...] = ()
    waiver_blocked: str = ""
    metric_track: str | None = None
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trigger:
    """One of the occasions on which a review matters, with its number and its examples.

    `worse` tells whether the change, where it fired, is for the worse.
    """

    name: str
    track: str
    sentence: str
    fired: bool
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    refs: tuple[str, ...]
    worse: bool = True


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
