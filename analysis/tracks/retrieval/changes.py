"""Changes of a metric from base to candidate: whether they are clear and beyond a limit, and how they are written.

Pure functions of what the gates are given; gates, triggers and the report read the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, SIDES, Metric
from analysis.plugin.gate import metric_of
from analysis.tracks.retrieval.metric_specs import TRACK

MIN_ITEMS = 100
"""Items that have an attribute from which its grouping may be judged."""


def declared(given: GateInput) -> Mapping[str, Any]:
    """What the settings name: the attributes, `k`, and whether there are `probes` and `hard_negatives`."""
    return given.settings.get(TRACK, {})


def at_k(given: GateInput) -> str:
    """The cut-off of the lists, as it stands behind the name of a measure: `@10`; empty where it is not known."""
    k = declared(given).get("k")
    return f"@{k}" if k else ""


def enough(metric: Metric | None, least: int) -> bool:
    """Whether a metric has a value that rests on at least so many examples."""
    return metric is not None and metric.value is not None and (metric.n or 0) >= least


def fell(change: Metric | None, limit: float) -> bool:
    """Whether a change is beyond the limit downwards, and clearly a fall."""
    return (
        change is not None
        and change.value is not None
        and change.high is not None
        and change.value < -limit
        and change.high < 0
    )


def rose(change: Metric | None, limit: float) -> bool:
    """Whether a change is beyond the limit upwards, and clearly a rise."""
    return (
        change is not None
        and change.value is not None
        and change.low is not None
        and change.value > limit
        and change.low > 0
    )


def exceeds_wanted(given: GateInput, attribute: str) -> bool:
    """Whether the candidate groups by an unwanted attribute more than, on average, by the wanted ones."""
    return exceeds(*_lifts_beside(given, attribute))


def exceeds(own: Metric | None, wanted: Metric | None) -> bool:
    """Whether a lift of the candidate is over the mean lift of its wanted attributes; both must be known."""
    if own is None or wanted is None or own.value is None or wanted.value is None:
        return False
    return own.value > wanted.value


def rise_limit(given: GateInput, attribute: str, thresholds: Mapping[str, float]) -> float:
    """The rise of an unwanted attribute's conditional lift that is let pass.

    Args:
        given: what the gates are given.
        attribute: an unwanted one.
        thresholds: of `retrieval.confounds`; a lesser rise is let pass where the attribute exceeds the wanted ones.
    """
    return rise_let_pass(*_lifts_beside(given, attribute), thresholds)


def rise_let_pass(own: Metric | None, wanted: Metric | None, thresholds: Mapping[str, float]) -> float:
    """`rise_limit`, by the candidate's lift of the attribute and the mean lift of its wanted ones."""
    most, lesser = thresholds["max_rise"], thresholds["max_rise_beyond_wanted"]
    return min(most, lesser) if exceeds(own, wanted) else most


def _lifts_beside(given: GateInput, attribute: str) -> tuple[Metric | None, Metric | None]:
    return (
        metric_of(given, TRACK, "grouping_lift", attribute, "candidate"),
        metric_of(given, TRACK, "grouping_wanted_lift", ALL, "candidate"),
    )


def unmeasured(change: Metric | None, measured: str, who: str) -> str | None:
    """Why a change of grouping decides nothing; None where it may.

    Args:
        change: of a lift.
        measured: what it is of, where the run has it not.
        who: what has to be counted, where there are too few.
    """
    if change is None:
        return f"{measured} was not measured"
    if change.value is None:
        return f"not measurable: {change.why}"
    if not enough(change, MIN_ITEMS):
        return f"{change.n or 0} {who}: {MIN_ITEMS} would decide it"
    return None


def signed(metric: Metric | None) -> str:
    """A change with its interval."""
    if metric is None or metric.value is None:
        return "unknown"
    if metric.low is None or metric.high is None:
        return f"{metric.value:+z.3f}"
    return f"{metric.value:+z.3f} [{metric.low:+z.3f}, {metric.high:+z.3f}]"


def level(metric: Metric | None) -> str:
    """A level without its interval."""
    return "unknown" if metric is None or metric.value is None else f"{metric.value:.2f}"


def both_levels(given: GateInput, name: str, slice_name: str = ALL, between: str = " to ") -> str:
    """The levels of base and candidate: `0.42 to 0.51`.

    Args:
        given: what the gates are given.
        name: of the metric.
        slice_name: of which slice.
        between: stands between the two.
    """
    return between.join(level(metric_of(given, TRACK, name, slice_name, side)) for side in SIDES)


def both_lifts(given: GateInput, attribute: str, name: str = "grouping_lift") -> str:
    """The lift of an attribute on both sides: `lift 0.42 to 0.51`."""
    return f"lift {both_levels(given, name, attribute)}"
