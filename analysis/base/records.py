"""The core tables of a run, as types.

Each row type below is a table of the evidence database (`store/schema/evidence.sql`) with the same
columns in the same order. A track adds payload tables of its own, but never a second queue, metric,
flag or finding table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["base", "candidate"]
SIDES: tuple[Side, Side] = ("base", "candidate")
MetricSide = Literal["base", "candidate", "difference"]
VARIANT = "variant"
"""Kind of a counterfactual: an example with a parent. Every other kind is named by its track."""
SliceKind = Literal["all", "class", "declared", "metadata", "length", "confusion", "discovered"]
MetricStatus = Literal["ok", "unknown"]
Measures = Literal["level", "change", "count", "p"]
"""What a number is: how much there is of something, how far it moved, how many there are, a p-value."""
Better = Literal["up", "down", "neither"]
"""Which way a number has to go for the candidate to be better; `neither` where that depends."""
QueuePart = Literal["decides", "control", "known answer", "worth a look"]
"""Why an example stands in the queue; all but the last must be judged."""
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


CauseKind = Literal[
    "cue", "confound", "class", "destination", "declared", "metadata", "length", "confidence", "template", "opening",
    "ending", "words", "mark",
]  # fmt: skip
"""What the examples of a cause share."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What examples that got worse share, and with it the gates that fail.

    Args:
        track: of the examples.
        cause: its name, unique in the track.
        place: causes of a track are listed by it.
        kind: what kind of thing the examples share.
        shared: what they share, in a few words.
        outcome: what happened to them, in a few words.
        members: examples with that outcome that share it.
        outcomes: examples with that outcome.
        holding: of all examples, those that share it.
        examples: all examples.
        p: one-sided p that the share is no more than chance, by clusters; of the confirming half where it was
            discovered; None where the cause rests on an experiment.
        tried: groups that were tried.
        base: what an experiment with it changes on the base, None where there was none.
        candidate: the same of the candidate, on the same texts.
        neutral: the same of the candidate with something in its place that means nothing.
        reverted: flips of members that an intervention took back.
        intervened: flips of members on which one was tried.
        intervention: which one, in words; empty where none was tried.
        sentence: all that, as it is read.
        gates: keys of gates that measure this very thing.
        refs: the examples that share it and got worse, worst first.
    """

    track: str
    cause: str
    place: int
    kind: CauseKind
    shared: str
    outcome: str
    members: int
    outcomes: int
    holding: int
    examples: int
    p: float | None
    tried: int
    base: float | None
    candidate: float | None
    neutral: float | None
    reverted: int
    intervened: int
    intervention: str
    sentence: str
    gates: tuple[str, ...]
    refs: tuple[str, ...]
