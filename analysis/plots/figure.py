"""Figures as plain data: what is drawn, and the numbers that stand beside it.

A report carries its figures as such data and draws them from it, so that a picture can be drawn again and never says
more than the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Curve:
    """One curve: its name in the legend, and its points (x, y) from left to right."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Plot:
    """One plot of a figure: points without axes (a map), or curves over axes.

    Args:
        title: above it.
        points: name, x, y and group (its number in the legend, or None) of each point of a map.
        curves: drawn over axes.
        x: title of the horizontal axis.
        y: title of the vertical one.
        diagonal: whether the line y = x is drawn, on which both axes agree.
    """

    title: str
    points: Sequence[tuple[str, float, float, int | None]] = ()
    curves: Sequence[Curve] = ()
    x: str = ""
    y: str = ""
    diagonal: bool = False


@dataclass(frozen=True)
class Figure:
    """Plots side by side on the same scale, and the numbers that they show.

    Args:
        title: of the figure.
        plots: from left to right; points of the same place stand at the same place in each.
        legend: names of the groups of a map.
        notes: lines under the plots.
        header: titles of the columns of the numbers.
        rows: the numbers, as text in the digits that are worth reading.
    """

    title: str
    plots: Sequence[Plot]
    legend: Sequence[str] = ()
    notes: Sequence[str] = ()
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default=())


def figure_of(content: Mapping[str, Any]) -> Figure:
    """A figure from the JSON of a report.

    Raises:
        KeyError, TypeError, ValueError: content that is no figure.
    """
    plots = [
        Plot(
            **{
                **plot,
                "points": [
                    (str(name), float(x), float(y), None if group is None else int(group))
                    for name, x, y, group in plot["points"]
                ],
                "curves": [
                    Curve(str(one["name"]), [(float(x), float(y)) for x, y in one["points"]])
                    for one in plot["curves"]
                ],
            }
        )
        for plot in content["plots"]
    ]
    return Figure(**{**content, "plots": plots})
