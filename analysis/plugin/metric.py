"""Rows of the table `metric`, of any track."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.base.records import Metric, MetricSide

if TYPE_CHECKING:
    import pyarrow as pa

    from analysis.stats import Interval


@dataclass(frozen=True, slots=True)
class TrackMetrics:
    """Makes rows of `metric` for one track."""

    track: str

    def metric(
        self,
        name: str,
        slice_name: str,
        side: MetricSide,
        value: float | None,
        interval: tuple[float, float] | None,
        n: int | None,
        method: str,
        *,
        why: str = "",
    ) -> Metric:
        """A row of `metric`; a value or bound that is not finite becomes unknown or unbounded."""
        known = value is not None and math.isfinite(value)
        low, high = interval if interval and known else (None, None)
        return Metric(
            self.track,
            name,
            slice_name,
            side,
            value if known else None,
            low if low is not None and math.isfinite(low) else None,
            high if high is not None and math.isfinite(high) else None,
            n,
            "ok" if known else "unknown",
            why if known or why else "not computable on this slice",
            method,
        )

    def of_interval(self, name: str, slice_name: str, side: MetricSide, one: Interval, method: str) -> Metric:
        """A row of `metric` from an estimate with its interval."""
        return self.metric(name, slice_name, side, one.value, (one.low, one.high), one.n, method)


def metric_table(rows: Iterable[Metric]) -> pa.Table:
    """The rows as an Arrow table, in the columns of the table `metric`."""
    import pyarrow as pa

    numbers = {"value": pa.float64(), "low": pa.float64(), "high": pa.float64(), "n": pa.int64()}
    rows = list(rows)
    return pa.table(
        {
            name: pa.array([getattr(row, name) for row in rows], numbers.get(name, pa.string()))
            for name in Metric.__slots__
        }
    )
