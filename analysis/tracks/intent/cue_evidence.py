"""What a run knows of one class and one cue that must not support it: effects of edits, and weight in explanations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analysis.base.gate_records import GateInput
from analysis.base.records import Metric, MetricSide
from analysis.plugin.gate import metric_of
from analysis.tracks.intent.metric_specs import TRACK
from analysis.tracks.intent.names import RELEVANCE

LEAST_TEXTS = {"other": 200, "critical": 40}
"""Least numbers of probed texts on which a relevance gate may judge."""
FEW_TERMS = 20
"""With fewer terms of a lexicon inserted than this, nothing is said of other terms: intervals speak of new texts alone.

Were they taken as drawn from more, Student's t would have so few degrees of freedom that at a gate's part of alpha
four terms that raise p(class) by .70 have an interval from -1 to 1: 18 of 18 planted shortcuts of few terms passed.
"""
MUCH_MORE = 2.0
"""A cue counts as correlated with a class from this many times its share elsewhere, with intervals apart."""


@dataclass(frozen=True)
class CueEvidence:
    """Causal effects by population, and enrichment of attribution by method.

    `enrichment` has method, the candidate's own and its change, of the methods whose licence lets the candidate's own
    be known; the change is unknown where the base has no licence.
    """

    own: dict[str, Metric | None]
    base: dict[str, Metric | None]
    change: dict[str, Metric | None]
    removed: dict[str, Metric | None]
    enrichment: tuple[tuple[str, Metric, Metric], ...]

    @property
    def enough(self) -> list[str]:
        """Populations with enough probed texts to judge."""
        return [group for group, least in LEAST_TEXTS.items() if count_of(self.own[group]) >= least]

    @property
    def not_numbers(self) -> str:
        """Why an effect of a population that could be judged is not known; empty where all are."""
        known = (
            one for group in self.enough for one in (self.own[group], self.base[group], self.change[group])
        )
        return next((one.why for one in known if one is not None and one.value is None), "")


def cue_evidence(given: GateInput, target: str, cue: str) -> CueEvidence:
    """The metrics of one class and one cue."""
    key = f"{target}/{cue}"

    def effects(name: str, side: MetricSide) -> dict[str, Metric | None]:
        return {group: metric_of(given, TRACK, f"{name}_{group}", key, side) for group in LEAST_TEXTS}

    change = dict(by_method(given, "enrichment", key, "difference"))
    enrichment = tuple(
        (method, own, change[method])
        for method, own in by_method(given, "enrichment", key, "candidate")
        if method in change and own.value is not None
    )
    return CueEvidence(
        own=effects("relevance_own", "candidate"),
        base=effects("relevance_own", "base"),
        change=effects("relevance_own", "difference"),
        removed=effects("relevance_removed", "candidate"),
        enrichment=enrichment,
    )


def by_method(given: GateInput, name: str, slice_name: str, side: MetricSide) -> Iterator[tuple[str, Metric]]:
    """Metrics of one name, slice and side, by the attribution method that begins their `method`."""
    for one in given.metrics:
        if (one.track, one.name, one.slice, one.side) == (TRACK, name, slice_name, side):
            yield one.method.partition(";")[0].strip(), one


def shift_limits(thresholds: Mapping[str, float]) -> dict[str, float]:
    """Largest effect of a cue on p(class) that passes, by population, of the thresholds of the relevance gate."""
    return {"other": thresholds["max_shift_other"], "critical": thresholds["max_shift_critical"]}


def direction(metric: Metric | None, limit: float) -> int:
    """1 where value and lower bound say that a rise is real and larger than the limit, -1 for a fall, else 0."""
    if metric is None or metric.value is None or metric.low is None or metric.high is None:
        return 0
    if metric.value > limit and metric.low > 0:
        return 1
    return -1 if metric.value < -limit and metric.high < 0 else 0


def beyond(metric: Metric | None, limit: float) -> bool:
    """Whether an effect is real and larger than the limit, whichever way it goes."""
    return direction(metric, limit) != 0


TWICE = 2.0
"""What the base does too is inherited until the candidate does this many times as much."""


def newly_moves(own: Metric | None, base: Metric | None, change: Metric | None, limit: float) -> int:
    """1 where a cue newly adds the class, -1 where it newly takes it away, 0 where neither is told or the base does it.

    Own effect and change must both be beyond the limit and go the same way. Either way counts: a cue that takes the
    class away costs more than one that adds it, and what the candidate suppresses less than its base has got better.
    Models of one recipe with other seeds differ by as much as .33 and .46 on one class of BANKING77, so that the
    candidate must do `TWICE` what the base does.

    Args:
        own: the candidate's effect.
        base: the base's.
        change: candidate minus base.
        limit: what passes.
    """
    way = direction(own, limit)
    if way * direction(change, limit) <= 0:
        return 0
    if own is None or base is None or direction(base, limit) != way:
        return way
    return 0 if abs(own.value or 0.0) < TWICE * abs(base.value or 0.0) else way


def count_of(metric: Metric | None) -> int:
    """How many texts a metric is of; 0 where the run has it not."""
    return metric.n or 0 if metric else 0


def terms_sentence(given: GateInput, target: str, cue: str) -> str:
    """Says that a lexicon is too short to speak of other terms; empty where it is not, or nothing was inserted."""
    terms = given.settings.get(TRACK, {}).get("terms", {}).get(f"{target}/{cue}", FEW_TERMS)
    if terms >= FEW_TERMS:
        return ""
    return f"{terms} {'term' if terms == 1 else 'terms'} of {cue} inserted: this speaks of these terms only"


def correlation_sentence(given: GateInput, target: str, cue: str) -> str:
    """Says that the evaluation set correlates although the model does not depend on it; empty where it is not so."""
    found = cue_evidence(given, target, cue)
    limits = shift_limits(given.rules[RELEVANCE].thresholds)
    here, elsewhere = (
        metric_of(given, TRACK, f"cue_share_{group}", f"{target}/{cue}") for group in ("critical", "other")
    )
    if here is None or elsewhere is None or not found.enough or found.not_numbers:
        return ""
    if here.value is None or elsewhere.value is None or here.low is None or elsewhere.high is None:
        return ""
    correlated = here.value >= MUCH_MORE * elsewhere.value and here.low > elsewhere.high
    if not correlated or any(beyond(found.own[group], limits[group]) for group in found.enough):
        return ""
    return (
        f"{cue} are in {here.value:.0%} of the {target} texts and {elsewhere.value:.1%} of the others, "
        "and the candidate does not depend on it"
    )
