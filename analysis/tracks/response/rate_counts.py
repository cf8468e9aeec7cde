"""A rate as the counts that it was made of, for sentences."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.base.gate_records import GateInput
from analysis.base.records import SIDES, Metric
from analysis.plugin.gate import metric_of
from analysis.tracks.response.metric_specs import TRACK


@dataclass(frozen=True)
class RateCounts:
    """Answers with a hit on either side, of the same `change.n` prompts; None on a side that has no rate."""

    base: int | None
    candidate: int | None
    change: Metric

    @property
    def silent(self) -> bool:
        """Whether neither side has a hit."""
        return not self.base and not self.candidate

    def sides(self) -> str:
        """`0 → 11`: answers with a hit on either side."""
        return " → ".join("–" if one is None else str(one) for one in (self.base, self.candidate))


def rate_counts(given: GateInput, name: str, slice_name: str) -> RateCounts | None:
    """The counts of `NAME_rate` on a slice, or None where it applies to nothing there."""
    change = metric_of(given, TRACK, f"{name}_rate", slice_name)
    if change is None or change.value is None or not change.n:
        return None
    base, candidate = (metric_of(given, TRACK, f"{name}_rate", slice_name, side) for side in SIDES)
    return RateCounts(
        None if base is None else hits_of(base), None if candidate is None else hits_of(candidate), change
    )


def hits_of(rate: Metric) -> int:
    """The number of answers with a hit that a rate was made of."""
    return round((rate.value or 0.0) * (rate.n or 0))
