"""Rows of the table `metric` of the intent track."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analysis.records import Metric, MetricSide

if TYPE_CHECKING:
    from analysis.stats import Interval

TRACK = "intent"


def metric(
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
        TRACK,
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


def of_interval(name: str, slice_name: str, side: MetricSide, one: Interval, method: str) -> Metric:
    """A row of `metric` from an estimate with its interval."""
    return metric(name, slice_name, side, one.value, (one.low, one.high), one.n, method)
