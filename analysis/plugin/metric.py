"""Metrics of a track: what each is, declared once, and the rows that its stages make of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from analysis.base.errors import AssayError
from analysis.base.gate_records import Criterion, GateVerdict
from analysis.base.problems import suggest
from analysis.base.records import Metric, MetricSide, MetricSpec
from analysis.plugin.gate import metric_row

if TYPE_CHECKING:
    import pyarrow as pa

    from analysis.stats import Interval

ONE: tuple[MetricSide, ...] = ("difference",)
"""Sides of a metric that is one number of both models, such as a count of broken examples."""
BOTH: tuple[MetricSide, ...] = ("base", "candidate")
"""Sides of a metric of each model, whose change is no number of its own."""
CANDIDATE: tuple[MetricSide, ...] = ("candidate",)
"""Side of a metric of the candidate alone."""


class MetricRows:
    """Makes rows of the table `metric` for one track, of what it declares and of nothing else.

    Args:
        track: whose metrics.
        specs: every metric of the track.
    """

    def __init__(self, track: str, specs: Sequence[MetricSpec]) -> None:
        self.track = track
        self.by_name = spec_by_name(specs)

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
        n_effective: int | None = None,
    ) -> Metric:
        """A row of `metric`; a value or bound that is not finite becomes unknown or unbounded.

        `n_effective` is given where examples are not independent: how many independent ones tell as much.

        Raises:
            AssayError: the track declares no such metric, or not for this side.
        """
        check_declared(self.track, self.by_name, name, side)
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
            n_effective,
        )

    def of_interval(self, name: str, slice_name: str, side: MetricSide, one: Interval, method: str) -> Metric:
        """A row of `metric` from an estimate with its interval. Raises AssayError as `metric`."""
        return self.metric(name, slice_name, side, one.value, (one.low, one.high), one.n, method)

    def criterion(self, what: str, metric: Metric | None, limit: str, verdict: GateVerdict) -> Criterion:
        """A row of a gate from a metric of this track; the condition of `limit` is that on which the row passes."""
        return metric_row(what, metric, None if metric is None else self.by_name[metric.name], limit, verdict)

    def specs(self, *names: str) -> tuple[MetricSpec, ...]:
        """The declarations of some metrics, for a gate that reads them. Raises KeyError."""
        return tuple(self.by_name[name] for name in names)


def spec_by_name(specs: Iterable[MetricSpec]) -> dict[str, MetricSpec]:
    """The declarations by name. Raises ValueError where a name is declared twice."""
    by_name: dict[str, MetricSpec] = {}
    for spec in specs:
        if spec.name in by_name:
            raise ValueError(f"the metric {spec.name!r} is declared twice")
        by_name[spec.name] = spec
    return by_name


def check_declared(track: str, specs: Mapping[str, MetricSpec], name: str, side: str) -> None:
    """See whether a track declares a metric, for this side.

    Raises:
        AssayError: it does not; a number without a meaning may not be written.
    """
    spec = specs.get(name)
    if spec is None:
        raise AssayError(
            f"the track {track!r} writes the metric {name!r}, and does not declare it",
            hint=f"add a MetricSpec to the metrics of the track; {suggest(name, specs)}",
        )
    if side not in spec.sides:
        raise AssayError(
            f"the track {track!r} writes the metric {name!r} for {side!r}, and declares it for "
            f"{', '.join(spec.sides)}",
            hint="add the side to its MetricSpec",
        )


def metric_table(rows: Iterable[Metric]) -> pa.Table:
    """The rows as an Arrow table, in the columns of the table `metric`."""
    import pyarrow as pa

    numbers = {"value": pa.float64(), "low": pa.float64(), "high": pa.float64()}
    numbers |= {"n": pa.int64(), "n_effective": pa.int64()}
    rows = list(rows)
    return pa.table(
        {
            name: pa.array([getattr(row, name) for row in rows], numbers.get(name, pa.string()))
            for name in Metric.__slots__
        }
    )
