"""What got better and worse, in sentences that need no knowledge of models, ranked over all tracks together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from analysis.base.records import Metric
from analysis.plugin.trigger import clear

Way = Literal["better", "worse", "neither"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed from the base to the candidate.

    Args:
        track: whose.
        text: what changed, as a sentence without a full stop that gives both sides.
        way: whether it is for the better; `neither` where that depends.
        critical: whether it is of a critical slice, class or behaviour.
        clear: whether its interval excludes no change; what does not cannot be told from noise.
        size: how far it moved, 0 to 1: a share of examples, a probability, or another number of that range.
        slice: the slice that it is of; empty for the whole track.
        gates: keys of the gates that judge it.
    """

    track: str
    text: str
    way: Way
    critical: bool
    clear: bool
    size: float
    slice: str = ""
    gates: tuple[str, ...] = ()


def change_of(
    metric: Metric,
    text: str,
    *,
    up_is_better: bool,
    critical: bool = False,
    slice_name: str = "",
    gates: tuple[str, ...] = (),
) -> Change:
    """A change that is a difference of shares with its interval.

    Raises:
        ValueError: the metric has no value.
    """
    if metric.value is None:
        raise ValueError(f"{metric.name} of {metric.slice} has no value")
    way: Way = "better" if (metric.value > 0) == up_is_better else "worse"
    size = min(abs(metric.value), 1.0)
    return Change(metric.track, text, way, critical, clear(metric), size, slice_name, gates)


def ranked(changes: Iterable[Change]) -> list[Change]:
    """The changes by what matters: critical ones first, then those clear of noise, then by size."""
    return sorted(changes, key=lambda one: (not one.critical, not one.clear, -one.size, one.track, one.text))
