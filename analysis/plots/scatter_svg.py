"""Plots of points without axes, and the check that a file is a picture and nothing more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from analysis.base.errors import AssayError
from analysis.base.escape import printable
from analysis.plots.figure import Plot
from analysis.plots.svg_elements import (
    FILLS,
    LABEL,
    LINE,
    NAMESPACE,
    NO_GROUP,
    SHAPES,
    SIZE,
    add_text,
    element,
    framed,
    serialised,
)

RADIUS = 3.5
ELEMENTS = frozenset({"svg", "title", "desc", "g", "rect", "path", "text"})
ATTRIBUTES = frozenset(
    {"width", "height", "viewBox", "x", "y", "d", "fill", "stroke", "transform", "font-size", "font-family"}
    | {"font-weight", "role", "fill-opacity", "stroke-width", "stroke-dasharray", "text-anchor"}
)
_FORBIDDEN = re.compile(r"(?i)url\s*\(|javascript:|data:")


def check_svg(data: bytes, where: str) -> None:
    """Whether a file is a picture and nothing else: no script, style, link, entity or outside reference.

    What is read must also be all that there is: written again, it must be the same bytes. So nothing that a parser
    passes over (an instruction, a comment, a declaration, another encoding) reaches a browser that would heed it.

    Raises:
        AssayError: it is not.
    """
    if b"<!" in data:
        raise AssayError("holds a declaration or comment", where=where)
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as problem:
        raise AssayError(f"is not well-formed: {problem}", where=where) from problem
    for part in root.iter():
        name = str(part.tag).removeprefix(f"{{{NAMESPACE}}}")
        if name not in ELEMENTS:
            raise AssayError(f"holds an element {printable(name, LABEL)!r}", where=where)
        for key, value in part.attrib.items():
            if key not in ATTRIBUTES or _FORBIDDEN.search(value):
                raise AssayError(f"holds an attribute {printable(key, LABEL)!r}", where=where)
    if serialised(root) != data:
        raise AssayError("holds more than the picture: written again it is another file", where=where)


def scatter_plot(plot: Plot, plots: Sequence[Plot], left: float, top: float) -> ElementTree.Element:
    """A plot of points at its place in a figure; `plots` are all that share its scale."""
    every = [(x, y) for one in plots for _, x, y, _ in one.points]
    xs, ys = [x for x, _ in every] or [0.0], [y for _, y in every] or [0.0]
    scale = (SIZE - 4 * RADIUS) / (max(max(xs) - min(xs), max(ys) - min(ys)) or 1.0)
    middle_x, middle_y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    group = framed(plot.title, left, top)
    for name, x, y, number in plot.points:
        across = SIZE / 2 + (x - middle_x) * scale
        down = LINE + SIZE / 2 - (y - middle_y) * scale
        shape = NO_GROUP if number is None else SHAPES[number % len(SHAPES)]
        fill = "#777777" if number is None else FILLS[number % len(FILLS)]
        mark = element("path", d=shape, fill=fill, fill_opacity="0.75")
        mark.set("transform", f"translate({across:.2f},{down:.2f})")
        add_text(mark, "title", name)
        group.append(mark)
    return group
