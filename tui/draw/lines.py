"""Styled lines of text: what every screen is made of.

A `Line` is built piece by piece, and each piece passes through `safe_text.printable` on its way in, so that
no text of a data set, a model or a colleague can reach the terminal unclean, whatever a caller forgets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from tui.draw.safe_text import fit, printable
from tui.draw.theme import Colours

StyleLike = str | Style


class Piece(NamedTuple):
    text: str
    style: StyleLike


@dataclass(frozen=True)
class Target:
    """Where Enter on a line leads: examples of a scope, a gate, a screen, or a choice of the screen's own.

    Args:
        kind: `examples`, `example`, `ref`, `slice`, `flagged` (the examples flagged for a gate, or that gate), `gate`,
            `screen`, `choice`, or a kind of a view's own.
        name: gate key, ref, slice, screen name, choice, or what the view understands.
        refs: the examples, for kind `examples`, worst first.
        track: the track of a slice, where `name` is a slice.
    """

    kind: str
    name: str = ""
    refs: tuple[str, ...] = ()
    track: str | None = None


class Line:
    """One line of a view; `target` makes it a line that the cursor stops at.

    Args:
        target: what Enter on this line opens.
    """

    __slots__ = ("pieces", "target")

    def __init__(self, target: Target | None = None) -> None:
        self.pieces: list[Piece] = []
        self.target = target

    def add(self, text: str, style: StyleLike = "text") -> Line:
        """Append text, cleaned."""
        if text:
            self.pieces.append(Piece(printable(text), style))
        return self

    def column(self, text: str, width: int, style: StyleLike = "text", *, right: bool = False) -> Line:
        """Append text cut or padded to `width` cells."""
        clean = printable(text)
        length = cell_len(clean)
        if right and length < width:
            clean = " " * (width - length) + clean
        elif length > width > 1:
            clean = fit(clean, width)
        self.pieces.append(Piece(fit(clean, width), style))
        return self

    def to(self, width: int) -> Line:
        """Pad with spaces up to `width` cells."""
        missing = width - self.width
        if missing > 0:
            self.pieces.append(Piece(" " * missing, "text"))
        return self

    def end(self, text: str, width: int, style: StyleLike = "text") -> Line:
        """Append text so that it ends at `width` cells, where there is room for it."""
        clean = printable(text)
        space = width - cell_len(clean)
        if space > self.width:
            self.to(space)
            self.pieces.append(Piece(clean, style))
        return self

    def cropped(self, width: int) -> Line:
        """The line where it fits into `width` cells, else what fits of it, ended by an ellipsis."""
        if self.width <= width:
            return self
        short, used = Line(self.target), 0
        # Blanks at the end may go without a sign.
        marked = cell_len(self.plain.rstrip()) > width
        for piece in self.pieces:
            room, cells = width - used, cell_len(piece.text)
            if cells >= room:
                # A piece that just fits gives its last cell to the sign that more would follow.
                short.pieces.append(
                    Piece(fit(f"{piece.text} " if marked else piece.text.rstrip(), room), piece.style)
                )
                break
            short.pieces.append(piece)
            used += cells
        return short

    @property
    def is_title(self) -> bool:
        """Whether it is the head of a section: it begins with words in the style of a title."""
        words = next((piece for piece in self.pieces if piece.text.strip()), None)
        return words is not None and words.style == "title"

    @property
    def width(self) -> int:
        """Cells that the line covers."""
        return sum(cell_len(piece.text) for piece in self.pieces)

    @property
    def plain(self) -> str:
        """The text of the line, without styles."""
        return "".join(piece.text for piece in self.pieces)

    def segments(self, colours: Colours) -> list[Segment]:
        """The line as rich segments in the colours of a colours."""
        return [
            Segment(piece.text, colours.style(piece.style) if isinstance(piece.style, str) else piece.style)
            for piece in self.pieces
        ]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Line) and self.pieces == other.pieces and self.target == other.target

    __hash__ = None  # type: ignore[assignment]


def text_line(text: str, style: StyleLike = "text") -> Line:
    """A line of one piece."""
    return Line().add(text, style)


def rule(width: int) -> Line:
    """A horizontal rule."""
    return Line().add("─" * width, "rule")


def wrap(text: str, width: int) -> list[str]:
    """Break cleaned text into rows of at most `width` cells, at spaces where there are any."""
    rows: list[str] = []
    row = ""
    for word in printable(text).split(" "):
        candidate = f"{row} {word}" if row else word
        if cell_len(candidate) <= width:
            row = candidate
            continue
        if row:
            rows.append(row)
        row = word
        while cell_len(row) > width:
            cut = fit_prefix(row, width)
            rows.append(row[:cut])
            row = row[cut:]
    rows.append(row)
    return rows


def fit_prefix(text: str, width: int) -> int:
    """Number of characters of `text` that fit into `width` cells; at least one."""
    used = 0
    for position, character in enumerate(text):
        used += cell_len(character)
        if used > width:
            return max(position, 1)
    return len(text)


def wrapped(
    label: str,
    text: str,
    width: int,
    *,
    indent: int,
    style: StyleLike = "text",
    label_style: StyleLike = "dim",
) -> list[Line]:
    """A label and a paragraph beside it, hanging at `indent` cells."""
    lines: list[Line] = []
    for row in wrap(text, max(width - indent - 1, 10)):
        line = Line()
        # A label that is as long as its column still stands apart from the text.
        line.column(label if not lines else "", max(indent - 1, 0), label_style).to(indent)
        lines.append(line.add(row, style))
    return lines


def written(
    label: str,
    text: str,
    width: int,
    *,
    indent: int,
    style: StyleLike = "text",
    label_style: StyleLike = "dim",
) -> list[Line]:
    """What a person wrote, beside a label: each of its own lines a paragraph."""
    rows: list[Line] = []
    for part in text.split("\n"):
        rows += wrapped(
            "" if rows else label, part.rstrip(), width, indent=indent, style=style, label_style=label_style
        )
    return rows


def first_rows(rows: Sequence[Line], most: int, width: int) -> list[Line]:
    """At most so many rows of a paragraph of `width` cells; the last ends in an ellipsis where more would follow."""
    kept = list(rows[:most])
    if kept and len(rows) > most:
        last = Line(kept[-1].target)
        last.pieces = list(kept[-1].pieces)
        style = last.pieces[-1].style if last.pieces else "text"
        last.pieces.append(Piece(" …", style))
        kept[-1] = last.cropped(width)
    return kept


def beside(left: Sequence[Line], right: Iterable[Line], width: int) -> list[Line]:
    """Two blocks side by side, the right one starting at `width` cells."""
    right = list(right)
    rows: list[Line] = []
    for number in range(max(len(left), len(right))):
        line = Line()
        if number < len(left):
            line.pieces.extend(left[number].pieces)
            line.target = left[number].target
        if number < len(right):
            line.to(width)
            line.pieces.extend(right[number].pieces)
            line.target = line.target or right[number].target
        rows.append(line)
    return rows
