"""Plots of curves over axes: each curve has a colour, a mark and a dash of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.etree import ElementTree

from analysis.base.number_text import significant
from analysis.plots.figure import Plot
from analysis.plots.svg_elements import FILLS, FRAME, LINE, SHAPES, SIZE, add_text, element, framed, label

FOOT = 40
"""Room under a plot for the numbers and the title of its horizontal axis."""
MARGIN = 44
"""Room within the frame for the numbers and the title of the vertical axis."""
TICKS = 5
_DASHES = ("", "7 4", "2 3", "9 3 2 3")


def curve_names(plots: Sequence[Plot]) -> list[str]:
    """The names of all curves of a figure, in order of appearance; the same name is the same mark."""
    return list(dict.fromkeys(curve.name for plot in plots for curve in plot.curves))


def mark(number: int) -> ElementTree.Element:
    """The mark of a curve, about the origin."""
    return element("path", d=SHAPES[number % len(SHAPES)], fill=FILLS[number % len(FILLS)])


def curves_plot(plot: Plot, plots: Sequence[Plot], left: float, top: float) -> ElementTree.Element:
    """A plot of curves at its place in a figure; plots with the same axes have the same scale."""
    group = framed(plot.title, left, top)
    alike = [one for one in plots if (one.x, one.y) == (plot.x, plot.y)]
    points = [point for one in alike for curve in one.curves for point in curve.points]
    xs, ys = _ticks([x for x, _ in points]), _ticks([y for _, y in points])
    if plot.diagonal:
        xs = ys = _ticks([value for point in points for value in point])

    def across(x: float) -> float:
        return MARGIN + (SIZE - MARGIN - 14) * (x - xs[0]) / (xs[-1] - xs[0])

    def down(y: float) -> float:
        return LINE + SIZE - 14 - (SIZE - 40) * (y - ys[0]) / (ys[-1] - ys[0])

    for x in xs:
        group.append(_line([(across(x), down(ys[0])), (across(x), down(ys[-1]))], "#dddddd", 1))
        group.append(label(across(x), LINE + SIZE + 16, significant(x, 4), text_anchor="middle"))
    for y in ys:
        group.append(_line([(across(xs[0]), down(y)), (across(xs[-1]), down(y))], "#dddddd", 1))
        group.append(label(MARGIN - 6, down(y) + 4, significant(y, 4), text_anchor="end"))
    group.append(label(SIZE / 2, LINE + SIZE + 34, plot.x, text_anchor="middle"))
    group.append(label(6, LINE + 16, plot.y))
    if plot.diagonal:
        group.append(_line([(across(xs[0]), down(ys[0])), (across(xs[-1]), down(ys[-1]))], FRAME, 1))
    names = curve_names(plots)
    for curve in plot.curves:
        number = names.index(curve.name)
        places = [(across(x), down(y)) for x, y in curve.points]
        group.append(_line(places, FILLS[number % len(FILLS)], 2, _DASHES[number % len(_DASHES)]))
        for (x, y), (at_x, at_y) in zip(curve.points, places, strict=True):
            point = mark(number)
            point.set("transform", f"translate({at_x:.2f},{at_y:.2f})")
            add_text(point, "title", f"{curve.name}: {significant(x, 4)}, {significant(y, 4)}")
            group.append(point)
    return group


def _line(
    places: Sequence[tuple[float, float]], colour: str, width: int, dash: str = ""
) -> ElementTree.Element:
    path = "L".join(f"{x:.2f},{y:.2f}" for x, y in places)
    line = element("path", d=f"M{path}", fill="none", stroke=colour, stroke_width=str(width))
    if dash:
        line.set("stroke-dasharray", dash)
    return line


def _ticks(values: Sequence[float]) -> list[float]:
    """About `TICKS` round numbers that enclose the values; two at least."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, max(last, first + 1) + 1)]
