"""Parts that every figure is drawn of: sizes, colours, marks, and elements whose text can be no markup."""

from __future__ import annotations

from xml.etree import ElementTree

from analysis.base.escape import printable

SIZE = 420
"""Width and height of a plot."""
GAP = 24
LINE = 18
LABEL = 120
"""Characters of one text that are kept."""
FILLS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8f7a00", "#444444")
"""Colours of the groups. Source: Okabe and Ito (2008), told apart with every common colour vision."""
SHAPES = (
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
NAMESPACE = "http://www.w3.org/2000/svg"
FRAME = "#999999"


def element(tag: str, **attributes: str) -> ElementTree.Element:
    """An element of a picture; `_` in a name stands for `-`."""
    named = {key.replace("_", "-"): value for key, value in attributes.items()}
    return ElementTree.Element(f"{{{NAMESPACE}}}{tag}", named)


def add_text(parent: ElementTree.Element, tag: str, text: str) -> None:
    """Give `parent` a child with a text."""
    child = element(tag)
    child.text = printable(text, LABEL)
    parent.append(child)


def label(x: float, y: float, text: str, **attributes: str) -> ElementTree.Element:
    """A text that begins at a place, or is anchored there as `text_anchor` says."""
    found = element("text", x=f"{x:g}", y=f"{y:g}", **attributes)
    found.text = printable(text, LABEL)
    return found


def framed(title: str, left: float, top: float) -> ElementTree.Element:
    """A group at a place with the title and the empty frame of a plot."""
    group = element("g", transform=f"translate({left:g},{top:g})")
    group.append(label(0, LINE - 5, title, font_weight="bold"))
    group.append(
        element("rect", x="0", y=str(LINE), width=str(SIZE), height=str(SIZE), fill="none", stroke=FRAME)
    )
    return group


def serialised(root: ElementTree.Element) -> bytes:
    """The only form in which a picture is written: UTF-8, one declaration, and what the tree holds."""
    ElementTree.register_namespace("", NAMESPACE)
    drawn: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return drawn + b"\n"
