"""What gates are judged from and what they say, as types."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from analysis.base.records import Better, Cause, Contested, Measures, Metric, MetricSpec, QueueEntry, Slice
from analysis.base.review_records import ReviewState

GateVerdict = Literal["pass", "warn", "fail", "unknown", "undecided", "n/a", "off", "waived"]
"""`unknown` blocks until something is known, `undecided` does not: there are too few data to tell."""
URGENCY: tuple[GateVerdict, ...] = ("fail", "unknown", "warn", "waived", "undecided", "pass", "off", "n/a")
"""Verdicts in the order in which gates are listed: what blocks first, then what was let pass."""
ALLOWING: frozenset[GateVerdict] = frozenset({"pass", "warn", "undecided", "n/a", "off", "waived"})


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

    `owner` made the candidate, and `aliases` are further accounts and names of people. `flagged` maps a gate key to the
    refs flagged for it. `contested` holds every example whose verdict counts in a critical slice or in one that lost
    more than chance may, and, of other slices, those that somebody judged and their clusters. `deciding` are the
    examples whose verdict could still change a gate of a track. `causes` are what the examples that got worse share,
    under which gates fold; no gate reads them. `settings` holds what a track's gates need of its configuration, `specs`
    says by track and name what each metric is, and `today` is the ISO date against which waivers expire.
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
    causes: tuple[Cause, ...] = ()
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)

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
    where it can. `open` are the examples whose verdict could still change the result. `needs` says what would have to
    hold for it to pass, to somebody who knows nothing of models; empty where the gate has no words for it.
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
    needs: str = ""


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
