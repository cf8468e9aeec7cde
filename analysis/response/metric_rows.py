"""Rows of the table `metric` of the response track."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.metric_rows import metric_row
from analysis.records import Metric, MetricSide

if TYPE_CHECKING:
    from analysis.stats import Interval

TRACK = "response"


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
    return metric_row(TRACK, name, slice_name, side, value, interval, n, method, why=why)


def of_interval(name: str, slice_name: str, side: MetricSide, one: Interval, method: str) -> Metric:
    """A row of `metric` from an estimate with its interval."""
    return metric(name, slice_name, side, one.value, (one.low, one.high), one.n, method)
