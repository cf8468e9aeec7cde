"""Triggers: the occasions on which a review matters, made of metrics and of what was flagged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analysis.base.gate_records import GateInput, Trigger
from analysis.base.records import Metric
from analysis.plugin.gate import metric_of


def trigger(
    track: str,
    name: str,
    sentence: str,
    fired: bool,
    metric: Metric,
    refs: Sequence[str],
    *,
    worse: bool = True,
) -> Trigger:
    """An occasion with the number that it rests on, and its examples."""
    return Trigger(
        name, track, sentence, fired, metric.value, metric.low, metric.high, metric.n, tuple(refs), worse
    )


def fired_first(found: Iterable[Trigger | None]) -> list[Trigger]:
    """The occasions of a track, those that fired first; None, which could not be told, is left out."""
    return sorted((one for one in found if one is not None), key=lambda one: not one.fired)


def clear(change: Metric) -> bool:
    """Whether the interval of a change excludes zero."""
    return change.low is not None and change.high is not None and not change.low <= 0 <= change.high


def count(given: GateInput, track: str, name: str, slice_name: str) -> int:
    """A metric that is a count, as a whole number; 0 where the run has it not."""
    metric = metric_of(given, track, name, slice_name)
    return int(metric.value or 0) if metric else 0


def flagged(given: GateInput, key: str) -> tuple[str, ...]:
    """Examples that are flagged for a gate, worst first."""
    return given.flagged.get(key, ())
