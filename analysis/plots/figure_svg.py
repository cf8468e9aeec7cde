"""A figure -> one self-contained SVG file, the same bytes for the same figure."""

from __future__ import annotations

from textwrap import wrap

from analysis.plots.curves_svg import FOOT, curve_names, curves_plot, mark
from analysis.plots.figure import Figure
from analysis.plots.scatter_svg import scatter_plot
from analysis.plots.svg_elements import (
    FILLS,
    GAP,
    LABEL,
    LINE,
    SHAPES,
    SIZE,
    add_text,
    element,
    label,
    serialised,
)

CHARACTER = 7.4
"""Mean width of a character of a note, in the units of the picture."""


def figure_svg(figure: Figure) -> bytes:
    """The figure as SVG; text of the data is escaped and can be no markup."""
    width = max(len(figure.plots), 1) * (SIZE + GAP) + GAP
    root = element("svg", role="img", font_family="sans-serif", font_size="13")
    add_text(root, "title", figure.title)
    background = element("rect", x="0", y="0", fill="#ffffff")
    root.append(background)
    root.append(label(GAP, LINE + 6, figure.title, font_weight="bold"))
    for number, plot in enumerate(figure.plots):
        draw = curves_plot if plot.curves else scatter_plot
        root.append(draw(plot, figure.plots, GAP + number * (SIZE + GAP), 2 * LINE))
    y = 2 * LINE + LINE + SIZE + GAP
    curves = curve_names(figure.plots)
    if curves:
        y += FOOT
    for number, name in enumerate([*curves, *figure.legend]):
        sample = mark(number) if curves else element("path", d=SHAPES[number % len(SHAPES)])
        sample.set("fill", FILLS[number % len(FILLS)])
        sample.set("transform", f"translate({GAP + 6},{y - 4})")
        root.extend((sample, label(GAP + 20, y, name)))
        y += LINE
    for note in figure.notes:
        for line in wrap(note, min(LABEL, int((width - 2 * GAP) / CHARACTER))):
            root.append(label(GAP, y, line))
            y += LINE
    for one in (root, background):
        one.set("width", str(width))
        one.set("height", str(y))
    root.set("viewBox", f"0 0 {width} {y}")
    return serialised(root)
