"""A scatter plot in cells, with a cursor that goes from point to point.

Every group of points has a mark of its own and a colour beside it. Points that share a cell are one mark, that of
their largest group. The point under the cursor is `@`, its neighbours are their ranks: 1 is the nearest, 0 the tenth.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.color import Color
from rich.style import Style

from tui.draw.lines import Line
from tui.draw.theme import Colours

MARKS = "oxe+s*vn"
"""Marks of the groups, largest group first; letters where signs run out, for they need to be told apart at a glance."""
NO_GROUP = "·"
"""Mark of points without a group."""
RANKS = "1234567890"
"""Marks of neighbours."""
CURSOR = "@"
_COLOURS = {True: (75, 214, 114, 211, 221, 80, 147, 252), False: (25, 130, 28, 161, 94, 30, 92, 238)}
"""Of the 256-colour palette, by dark background: apart in lightness or hue from both neighbours in the legend."""
_ANSI = (4, 3, 2, 5, 6, 1, 12, 7)

Direction = Literal["left", "right", "up", "down"]
_STEPS: Mapping[Direction, tuple[int, int]] = {
    "left": (-1, 0),
    "right": (1, 0),
    "up": (0, 1),
    "down": (0, -1),
}
CELL_RATIO = 2.0
"""Height of a cell over its width."""
STRETCH = 2.0
"""How much larger the scale of one axis may be than that of the other."""


@dataclass(frozen=True)
class Frame:
    """The part of the plane that a plot shows; plots that share one can be compared place by place."""

    left: float
    bottom: float
    width: float
    height: float

    @classmethod
    def around(cls, places: Sequence[tuple[float, float]]) -> Frame:
        """The smallest frame with all places in it."""
        xs, ys = [x for x, _ in places], [y for _, y in places]
        return cls(min(xs), min(ys), (max(xs) - min(xs)) or 1.0, (max(ys) - min(ys)) or 1.0)

    def cell(self, x: float, y: float, columns: int, rows: int) -> tuple[int, int]:
        """Column and row of a place (x, y) in a plot of so many columns and rows.

        One axis may be stretched to fill the cells, for gaps on a map mean nothing.
        """
        wide, high = (columns - 1) / self.width, (rows - 1) * CELL_RATIO / self.height
        most = STRETCH * min(wide, high)
        wide, high = min(wide, most), min(high, most) / CELL_RATIO
        across, up = (x - self.left) * wide, (y - self.bottom) * high
        margin_x = (columns - 1 - self.width * wide) / 2
        margin_y = (rows - 1 - self.height * high) / 2
        column, row = round(margin_x + across), rows - 1 - round(margin_y + up)
        return min(max(column, 0), columns - 1), min(max(row, 0), rows - 1)


@dataclass(frozen=True)
class Scatter:
    """What one plot shows.

    Args:
        places: (x, y) by the name of the point.
        groups: group of each point, as its number; points that are not in it have none.
        cursor: the point under the cursor, or None.
        ranked: neighbours of the cursor's point, the nearest first.
    """

    places: Mapping[str, tuple[float, float]]
    groups: Mapping[str, int] = field(default_factory=dict)
    cursor: str | None = None
    ranked: Sequence[str] = ()


def group_mark(group: int | None) -> str:
    """The mark of a group."""
    return NO_GROUP if group is None else MARKS[group % len(MARKS)]


def group_style(group: int | None, colours: Colours) -> Style:
    """The colour of a group; without colours none, for its mark says it."""
    if group is None:
        return colours.style("faint")
    if colours.depth == "none":
        return Style()
    number = (_ANSI if colours.depth == "16" else _COLOURS[colours.dark])[group % len(MARKS)]
    color = Color.from_ansi(number)
    return Style(color=Color.from_triplet(color.get_truecolor()) if colours.depth == "truecolor" else color)


def scatter_lines(plot: Scatter, frame: Frame, columns: int, rows: int, colours: Colours) -> list[Line]:
    """A plot as lines.

    Args:
        plot: the points.
        frame: the part of the plane.
        columns: cells across.
        rows: lines.
        colours: depth and background.

    Returns:
        `rows` lines of at most `columns` cells.
    """
    held: dict[tuple[int, int], Counter[int]] = {}
    for name, (x, y) in plot.places.items():
        cell = frame.cell(x, y, columns, rows)
        held.setdefault(cell, Counter())[plot.groups.get(name, -1)] += 1
    drawn: dict[tuple[int, int], tuple[str, Style]] = {}
    for cell, counts in held.items():
        largest = min(counts, key=lambda group: (-counts[group], group < 0, group))
        group = None if largest < 0 else largest
        drawn[cell] = group_mark(group), group_style(group, colours)
    above = [*reversed(list(zip(RANKS, plot.ranked, strict=False)))]
    for mark, name in above:
        if name in plot.places:
            drawn[frame.cell(*plot.places[name], columns, rows)] = mark, colours.style("mark")
    if plot.cursor is not None and plot.cursor in plot.places:
        drawn[frame.cell(*plot.places[plot.cursor], columns, rows)] = CURSOR, colours.style("banner.warn")
    return [_row(drawn, row, columns) for row in range(rows)]


def _row(drawn: Mapping[tuple[int, int], tuple[str, Style]], row: int, columns: int) -> Line:
    line = Line()
    for column in range(columns):
        found = drawn.get((column, row))
        if found is not None:
            line.to(column).add(*found)
    return line


def nearest_towards(
    places: Mapping[str, tuple[float, float]], start: str, direction: Direction
) -> str | None:
    """The nearest point in a direction, or None where there is none.

    What lies off the direction counts double, so that the cursor goes where the key points; what lies more aside
    than ahead is left to the other keys.
    """
    across, up = _STEPS[direction]
    here_x, here_y = places[start]
    best: tuple[float, str] | None = None
    for name, (x, y) in places.items():
        ahead = (x - here_x) * across + (y - here_y) * up
        aside = abs((x - here_x) * up) + abs((y - here_y) * across)
        if ahead <= 0 or aside > ahead:
            continue
        found = (math.hypot(ahead, 2 * aside), name)
        if best is None or found < best:
            best = found
    return best[1] if best else None
