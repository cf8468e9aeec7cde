"""What was searched for, where it stands in the lines of a screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from analysis.text.searched import search_form
from tui.draw.lines import Line, Piece

HIT = "hit"
"""Style of what was found."""
ATTRIBUTED_HIT = Style(bold=True, underline=True)
"""Added to the style of a word that is coloured by attribution."""
LABELS = frozenset({"dim", "faint", "title", "key", "rule", "number"})
"""Styles of what is no text of the example: labels, heads, keys, figures."""


def highlighted(lines: Sequence[Line], search: str | None) -> list[Line]:
    """Lines in which what was searched for is marked; a hit that is broken over two lines is marked in none.

    Args:
        lines: of a screen.
        search: as it was typed; None or nothing marks nothing.
    """
    wanted = search_form(search) if search else ""
    return [_marked(line, wanted) for line in lines] if wanted else list(lines)


def _marked(line: Line, wanted: str) -> Line:
    plain = line.plain
    spans = hits(plain, wanted)
    if not spans:
        return line
    marked, at = Line(line.target), 0
    for piece in line.pieces:
        end = at + len(piece.text)
        if isinstance(piece.style, str) and piece.style in LABELS:
            marked.add(*piece)
        else:
            _add_cut(marked, piece, at, spans)
        at = end
    return marked


def _add_cut(marked: Line, piece: Piece, start: int, spans: Sequence[tuple[int, int]]) -> None:
    """Add a piece that begins at an offset, in stretches that are hits and stretches that are none."""
    at = 0
    for first, last in spans:
        begin, end = max(first - start, at), min(last - start, len(piece.text))
        if begin >= end:
            continue
        # Words that are coloured by attribution keep their colour.
        style = HIT if isinstance(piece.style, str) else piece.style + ATTRIBUTED_HIT
        marked.add(piece.text[at:begin], piece.style).add(piece.text[begin:end], style)
        at = end
    marked.add(piece.text[at:], piece.style)


def hits(text: str, wanted: str) -> list[tuple[int, int]]:
    """Where a text, as it is read, holds what is wanted, as offsets into what was written.

    Args:
        text: as written.
        wanted: as `search_form` has it; not empty.
    """
    from analysis.text.cleaned import cleaned

    read = cleaned(text)
    # Case folding may lengthen a character: each keeps the place of the one that it came from.
    folded = [(letter, place) for place, one in enumerate(read.text) for letter in one.casefold()]
    joined = "".join(letter for letter, _ in folded)
    found: list[tuple[int, int]] = []
    at = joined.find(wanted)
    while at >= 0:
        first, last = folded[at][1], folded[at + len(wanted) - 1][1]
        found.append(read.place(first, last + 1))
        at = joined.find(wanted, at + len(wanted))
    return found
