"""Scatter plots side by side as one self-contained SVG file, and the check that a file is nothing more than that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

from analysis.base.errors import AssayError
from analysis.base.escape import printable

SIZE = 420
"""Width and height of a plot."""
GAP = 24
LINE = 18
RADIUS = 3.5
LABEL = 120
"""Characters of one text that are kept."""
FILLS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8f7a00", "#444444")
"""Colours of the groups. Source: Okabe and Ito (2008), told apart with every common colour vision."""
_SHAPES = (
    "M-3.5,0a3.5,3.5 0 1,0 7,0a3.5,3.5 0 1,0 -7,0z",
    "M0,-4.5L4.2,3.2L-4.2,3.2z",
    "M-3.2,-3.2H3.2V3.2H-3.2z",
    "M0,-4.6L4.6,0L0,4.6L-4.6,0z",
    "M-4.2,-1.2H-1.2V-4.2H1.2V-1.2H4.2V1.2H1.2V4.2H-1.2V1.2H-4.2z",
    "M0,4.5L4.2,-3.2L-4.2,-3.2z",
    "M-4.5,-1.6H4.5V1.6H-4.5z",
    "M-1.6,-4.5H1.6V4.5H-1.6z",
)
"""Marks of the groups, about the origin: the group is told without its colour, too."""
NO_GROUP = "M-1.5,0a1.5,1.5 0 1,0 3,0a1.5,1.5 0 1,0 -3,0z"
ELEMENTS = frozenset({"svg", "title", "desc", "g", "rect", "path", "text"})
ATTRIBUTES = frozenset(
    {"width", "height", "viewBox", "x", "y", "d", "fill", "stroke", "transform", "font-size", "font-family"}
    | {"font-weight", "role", "fill-opacity"}
)
NAMESPACE = "http://www.w3.org/2000/svg"
_FORBIDDEN = re.compile(r"(?i)url\s*\(|javascript:|data:")


@dataclass(frozen=True)
class Plot:
    """One plot.

    Args:
        title: above it.
        points: name, x, y and group (its number in the legend, or None) of each point.
    """

    title: str
    points: Sequence[tuple[str, float, float, int | None]]


@dataclass(frozen=True)
class Figure:
    """Plots side by side on the same scale.

    Args:
        title: of the figure.
        plots: from left to right; points of the same place stand at the same place in each.
        legend: names of the groups.
        notes: lines under the plots.
    """

    title: str
    plots: Sequence[Plot]
    legend: Sequence[str] = ()
    notes: Sequence[str] = field(default=())


def scatter_svg(figure: Figure) -> bytes:
    """The figure as SVG, the same bytes for the same figure; text of the data is escaped and can be no markup."""
    width = len(figure.plots) * (SIZE + GAP) + GAP
    root = _element("svg", role="img", font_family="sans-serif", font_size="13")
    _text(root, "title", figure.title)
    background = _element("rect", x="0", y="0", fill="#ffffff")
    root.append(background)
    root.append(_label(GAP, LINE + 6, figure.title, font_weight="bold"))
    for number, plot in enumerate(figure.plots):
        root.append(_plot(plot, figure.plots, GAP + number * (SIZE + GAP), 2 * LINE))
    y = 2 * LINE + LINE + SIZE + GAP
    for number, name in enumerate(figure.legend):
        mark = _element("path", d=_SHAPES[number % len(_SHAPES)], fill=FILLS[number % len(FILLS)])
        mark.set("transform", f"translate({GAP + 6},{y - 4})")
        root.extend((mark, _label(GAP + 20, y, name)))
        y += LINE
    for note in figure.notes:
        root.append(_label(GAP, y, note))
        y += LINE
    for element in (root, background):
        element.set("width", str(width))
        element.set("height", str(y))
    root.set("viewBox", f"0 0 {width} {y}")
    return _serialised(root)


def _serialised(root: ElementTree.Element) -> bytes:
    """The only form in which a figure is written: UTF-8, one declaration, and what the tree holds."""
    ElementTree.register_namespace("", NAMESPACE)
    drawn: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return drawn + b"\n"


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
    for element in root.iter():
        name = str(element.tag).removeprefix(f"{{{NAMESPACE}}}")
        if name not in ELEMENTS:
            raise AssayError(f"holds an element {printable(name, LABEL)!r}", where=where)
        for key, value in element.attrib.items():
            if key not in ATTRIBUTES or _FORBIDDEN.search(value):
                raise AssayError(f"holds an attribute {printable(key, LABEL)!r}", where=where)
    if _serialised(root) != data:
        raise AssayError("holds more than the picture: written again it is another file", where=where)


def _plot(plot: Plot, plots: Sequence[Plot], left: float, top: float) -> ElementTree.Element:
    every = [(x, y) for one in plots for _, x, y, _ in one.points]
    xs, ys = [x for x, _ in every] or [0.0], [y for _, y in every] or [0.0]
    scale = (SIZE - 4 * RADIUS) / (max(max(xs) - min(xs), max(ys) - min(ys)) or 1.0)
    middle_x, middle_y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    group = _element("g", transform=f"translate({left:g},{top:g})")
    group.append(_label(0, LINE - 5, plot.title, font_weight="bold"))
    frame = _element("rect", x="0", y=str(LINE), width=str(SIZE), height=str(SIZE))
    frame.set("fill", "none")
    frame.set("stroke", "#999999")
    group.append(frame)
    for name, x, y, number in plot.points:
        across = SIZE / 2 + (x - middle_x) * scale
        down = LINE + SIZE / 2 - (y - middle_y) * scale
        shape = NO_GROUP if number is None else _SHAPES[number % len(_SHAPES)]
        fill = "#777777" if number is None else FILLS[number % len(FILLS)]
        mark = _element("path", d=shape, fill=fill, fill_opacity="0.75")
        mark.set("transform", f"translate({across:.2f},{down:.2f})")
        _text(mark, "title", name)
        group.append(mark)
    return group


def _element(tag: str, **attributes: str) -> ElementTree.Element:
    named = {key.replace("_", "-"): value for key, value in attributes.items()}
    return ElementTree.Element(f"{{{NAMESPACE}}}{tag}", named)


def _text(parent: ElementTree.Element, tag: str, text: str) -> None:
    child = _element(tag)
    child.text = printable(text, LABEL)
    parent.append(child)


def _label(x: float, y: float, text: str, **attributes: str) -> ElementTree.Element:
    label = _element("text", x=f"{x:g}", y=f"{y:g}", **attributes)
    label.text = printable(text, LABEL)
    return label
