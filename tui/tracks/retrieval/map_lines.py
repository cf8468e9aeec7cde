"""What stands around the maps, or in their place: how far they can be believed, and what moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from analysis.base.records import SIDES
from analysis.tracks.retrieval.map_limits import QUALITIES
from tui.draw.lines import Line, Target, text_line, wrapped
from tui.draw.number_text import figure, with_interval

if TYPE_CHECKING:
    from analysis.base.records import Metric, MetricSpec
    from analysis.tracks.retrieval.map_queries import MapSummary, MovedItem

LABEL_CELLS = 18
"""Cells of the labels where the measures are told."""
READING = (
    "Both maps start from the same map of the base, and the candidate's is turned onto the base's. "
    "Sizes of groups and gaps between them mean nothing; who is near whom is as true as the measures say."
)


def quality_lines(summary: MapSummary, width: int) -> list[Line]:
    """The four measures of both sides, on as few lines as they fit."""
    lines = [Line()]
    for quality in QUALITIES:
        values = [summary.metrics.get((quality.metric, side)) for side in SIDES]
        shown = " ".join(figure(one.value if one else None, 2) for one in values)
        if lines[-1].width + len(quality.title) + len(shown) + 5 > width:
            lines.append(Line())
        lines[-1].add(f" {quality.title} ", "dim").add(shown, "number").add("  ")
    if lines[-1].width + 14 <= width:
        lines[-1].add("base, candidate", "faint")
    return lines


def measure_table(summary: MapSummary, width: int) -> list[Line]:
    """The four measures of both sides with intervals and limits."""
    cells = 18 if width >= 76 else 8
    head = Line().add(" ").column("measure", 17, "dim")
    head.column("base", cells, "dim").column("candidate", cells, "dim").column("at least", 9, "dim")
    lines = [head]
    for quality in QUALITIES:
        line = Line().add(" ").column(quality.title, 17)
        for side in SIDES:
            one = summary.metrics.get((quality.metric, side))
            low = one is None or one.value is None or one.value < quality.limit
            line.column(_value(one, cells), cells, "bad" if low else "good")
        lines.append(line.column(figure(quality.limit, 2), 9, "dim"))
    return lines


def meaning_lines(summary: MapSummary, specs: Mapping[str, MetricSpec], width: int) -> list[Line]:
    """The measures with what each is, how the maps were made, and how they are to be read.

    Args:
        summary: of the maps.
        specs: what the run says of the track's metrics, by name.
        width: cells there are.
    """
    lines = [*measure_table(summary, width), Line()]
    for quality in QUALITIES:
        lines += wrapped(f" {quality.title}", specs[quality.metric].meaning, width, indent=LABEL_CELLS)
    about = f"{summary.parameters}; {summary.items:,} of {summary.of_items:,} items, {summary.k} nearest"
    lines += wrapped(" made by", about, width, indent=LABEL_CELLS)
    return lines + wrapped(" read it", READING, width, indent=LABEL_CELLS)


def withheld_lines(summary: MapSummary, moved: Iterable[MovedItem], width: int) -> list[Line]:
    """What stands in the place of maps that are withheld: why, the measures, and the items that moved most."""
    lines = wrapped(f" {summary.title}", f"withheld: {summary.why}", width, indent=7, style="warn")
    lines += [Line(), *measure_table(summary, width), Line()]
    lines.append(text_line(" items whose nearest changed most, by their vectors", "title"))
    for item in moved:
        line = Line(Target("example", item.ref)).add("  ").column(item.title, max(width - 36, 20))
        lines.append(line.add(f"  keeps {figure(item.overlap, 2)} of its nearest", "number"))
    return lines


def _value(one: Metric | None, cells: int) -> str:
    if one is None or one.value is None:
        return "unknown"
    return with_interval(one.value, one.low, one.high, digits=2) if cells > 10 else figure(one.value, 2)
