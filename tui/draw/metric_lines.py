"""Metrics with what each means, as their declarations say: the numbers behind gates, slices and probes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from tui.draw.lines import Line, wrapped
from tui.draw.number_text import IMPROVEMENT_MARKS, PLAIN_UNITS, improvement, value_text, value_with_interval

if TYPE_CHECKING:
    from analysis.base.records import Measures, Metric, MetricSide, MetricSpec

NAME_CELLS = 25
"""Cells of a metric's title where there is room."""
NARROW_CELLS = 13
"""The same below 61 columns."""
SIDE_LABELS: dict[MetricSide, str] = {"base": "base ", "candidate": "cand ", "difference": "Δ "}


def decisive(metrics: Iterable[Metric], reads: Sequence[str]) -> tuple[list[Metric], list[Metric]]:
    """Metrics of a slice: those that a gate reads, in the order in which it names them, and the others.

    Args:
        metrics: of the slice.
        reads: names of the metrics that decide the gate, the most telling first.
    """
    metrics = list(metrics)
    read = [metric for name in reads for metric in metrics if metric.name == name]
    return read, [metric for metric in metrics if metric.name not in reads]


def metric_lines(
    metrics: Sequence[Metric], specs: Mapping[str, MetricSpec], width: int, *, methods: bool = False
) -> list[Line]:
    """Metrics of one slice: base, candidate and difference of each in a row, as they are declared.

    A metric that several methods measured has a row for each of them.

    Args:
        metrics: of one slice.
        specs: what the track says of its metrics, by name.
        width: cells there are.
        methods: with every interval, unit, the methods and the definition.
    """
    lines: list[Line] = []
    indent = NAME_CELLS if width > 60 else NARROW_CELLS
    for name in dict.fromkeys(metric.name for metric in metrics):
        own = [metric for metric in metrics if metric.name == name]
        spec = specs.get(name)
        title = name.replace("_", " ") if spec is None else spec.title.lower()
        for sides in _rows(own):
            parts = _parts(sides, spec, methods=methods)
            lines += wrapped(f" {title}", " · ".join(parts), width, indent=indent)
        if methods:
            meaning = "the run does not say what this is" if spec is None else spec.meaning
            lines += wrapped("", meaning, width, indent=indent, style="dim")
    return lines


def _rows(metrics: Sequence[Metric]) -> list[dict[MetricSide, Metric]]:
    """Metrics of one name by side; where a side has several, one row for each method."""
    if len({metric.side for metric in metrics}) == len(metrics):
        return [{metric.side: metric for metric in metrics}]
    by_method: dict[str, dict[MetricSide, Metric]] = {}
    for metric in metrics:
        by_method.setdefault(metric.method.partition(";")[0], {})[metric.side] = metric
    return list(by_method.values())


def _parts(sides: Mapping[MetricSide, Metric], spec: MetricSpec | None, *, methods: bool) -> list[str]:
    parts = []
    for side, name in SIDE_LABELS.items():
        if side not in sides:
            continue
        metric = sides[side]
        measures: Measures | None = None if spec is None else spec.measures_on(side)
        # One number of both models needs no side.
        label = "" if len(sides) == 1 and side == "difference" else name
        if metric.status != "ok" or metric.value is None:
            parts.append(f"{label}unknown: {metric.why}")
            continue
        if side == "difference" or methods:
            said = value_with_interval(metric.value, metric.low, metric.high, measures)
        else:
            said = value_text(metric.value, measures)
        better = improvement(metric.value, spec.better) if spec and measures == "change" else ""
        parts.append(f"{label}{said}" + (f" {IMPROVEMENT_MARKS[better][0]} {better}" if better else ""))
        if methods and metric.why:
            parts.append(f"({metric.why})")
    if methods and spec is not None and spec.unit not in PLAIN_UNITS:
        parts.append(f"in {spec.unit}")
    sizes = [metric.n for metric in sides.values() if metric.n is not None]
    if sizes:
        parts.append(f"n {max(sizes):,}")
    if methods:
        parts += dict.fromkeys(metric.method for metric in sides.values() if metric.method)
    return parts
