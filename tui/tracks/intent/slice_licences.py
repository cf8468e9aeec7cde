"""The licence of the critical slices that a message is in: which of its tests their attributions passed together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tui.draw.lines import Line, text_line, wrapped
from tui.draw.number_text import value_with_interval
from tui.plugin.attributions import method_title

if TYPE_CHECKING:
    from analysis.base.records import MethodSpec, Metric, MetricSpec

WHOLE = "licence"
"""The metric that says whether a slice has its licence; the others are the numbers of its tests."""


def slice_licence_lines(
    metrics: Sequence[Metric],
    specs: Mapping[str, MetricSpec],
    methods: Mapping[str, MethodSpec],
    width: int,
) -> list[Line]:
    """The licence of some slices: its verdict, and each of its numbers with n, interval and what it has to be.

    Args:
        metrics: the licence metrics of the slices.
        specs: what the track says of its metrics, by name.
        methods: what the run says of its attribution methods, by name.
        width: cells there are.
    """
    lines: list[Line] = []
    rows: dict[tuple[str, str, str], dict[str, Metric]] = {}
    for metric in metrics:
        rows.setdefault((metric.slice, metric.side, metric.method), {})[metric.name] = metric
    for (name, side, method), found in rows.items():
        whole = found.pop(WHOLE, None)
        granted = whole is not None and bool(whole.value)
        why = whole.why if whole is not None else "no licence was tested"
        head = Line().add(f" {name}, {side}, {method_title(methods, method)}: ", "text")
        lines.append(head.add("licensed ✓" if granted else "not licensed", "good" if granted else "warn"))
        if why:
            lines += wrapped("   why", why, width, indent=14, style="warn")
        for metric in found.values():
            spec = specs.get(metric.name)
            measures = None if spec is None else spec.measures_on(metric.side)
            number = value_with_interval(metric.value, metric.low, metric.high, measures)
            n = "" if metric.n is None else f" n {metric.n:,}"
            meaning = "" if spec is None else f"   {spec.meaning}"
            title = metric.name.removeprefix(f"{WHOLE}_")[:10]
            lines += wrapped(f"   {title}", f"{number}{n}{meaning}", width, indent=14, style="dim")
    return lines or [text_line(" in no slice whose licence was tested", "dim")]
