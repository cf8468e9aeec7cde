"""A text with its words coloured by attribution, and their signs as marks below: meaning in every colour mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from tui.draw.lines import Line, Piece, StyleLike, fit_prefix
from tui.draw.palette import attribution_style, sign_mark
from tui.draw.safe_text import printable_map
from tui.draw.theme import Colours


class Word(NamedTuple):
    """A scored stretch of a text: character offsets into the original text, and a signed score."""

    start: int
    end: int
    score: float


class _Chunk(NamedTuple):
    text: str
    style: StyleLike
    mark: str


def token_lines(
    text: str,
    words: Sequence[Word],
    scale: float,
    colours: Colours,
    *,
    label: str,
    indent: int,
    width: int,
    marked: Sequence[tuple[int, int]] = (),
    faint: bool = False,
    marks: bool = True,
) -> list[Line]:
    """Draw one text.

    Args:
        text: the original text.
        words: its scored words, in order.
        scale: the largest absolute score of the scale; the legend names it.
        colours: depth and background.
        label: what stands left of the first line.
        indent: cells for the label.
        width: cells in all.
        marked: stretches that a reviewer marked, drawn in guillemets.
        faint: draw without colours and with dim marks: an attribution that may not be relied on.
        marks: whether there is a line of marks at all; not where the scores are no attribution.

    Returns:
        Text lines, each followed by its line of sign marks where it has any.
    """
    rows = _rows(_chunks(text, words, scale, colours, marked=marked, faint=faint), max(width - indent, 10))
    lines: list[Line] = []
    for row in rows:
        line = Line().column("" if lines else label, indent, "dim")
        signs: list[tuple[int, str]] = []
        for chunk in row:
            if chunk.mark:
                signs.append((line.width, chunk.mark))
            line.pieces.append(Piece(chunk.text, chunk.style))
        lines.append(line)
        if signs and marks:
            lines.append(_mark_line(signs, faint=faint))
    return lines


def _mark_line(marks: list[tuple[int, str]], *, faint: bool) -> Line:
    """The marks of one row at their cells; of two that would touch, the weaker gives way."""
    kept: list[tuple[int, str]] = []
    for cell, mark in marks:
        if kept and cell <= kept[-1][0] + len(kept[-1][1]):
            if mark[-1] <= kept[-1][1][-1]:
                continue
            kept.pop()
        kept.append((cell, mark))
    line = Line()
    for cell, mark in kept:
        line.to(cell).add(mark, "dim" if faint else "strong" if mark.startswith("+") else "number")
    return line


def _chunks(
    text: str,
    words: Sequence[Word],
    scale: float,
    colours: Colours,
    *,
    marked: Sequence[tuple[int, int]],
    faint: bool,
) -> list[_Chunk]:
    shown, offsets = printable_map(text)
    ends = [*offsets, len(shown)]

    def place(position: int) -> int:
        return ends[min(max(position, 0), len(ends) - 1)]

    opening = {place(start) for start, _ in marked}
    closing = {place(end) for _, end in marked}
    chunks: list[_Chunk] = []
    at = 0
    for word in words:
        start, end = place(word.start), place(word.end)
        if end <= start or start < at:
            continue
        if start > at:
            chunks.append(_Chunk(shown[at:start], "text", ""))
        style: StyleLike = (
            "dim" if faint else attribution_style(word.score, scale, colours.depth, colours.dark)
        )
        if start in opening:
            chunks.append(_Chunk("«", "mark", ""))
        chunks.append(_Chunk(shown[start:end], style, sign_mark(word.score, scale)))
        if end in closing:
            chunks.append(_Chunk("»", "mark", ""))
        at = end
    if at < len(shown):
        chunks.append(_Chunk(shown[at:], "text", ""))
    return chunks


def _rows(chunks: Sequence[_Chunk], width: int) -> list[list[_Chunk]]:
    """Break chunks into rows of at most `width` cells, between chunks where they fit, else inside."""
    rows: list[list[_Chunk]] = [[]]
    used = 0
    for chunk in chunks:
        text = chunk.text if used or len(rows) == 1 else chunk.text.lstrip(" ")
        mark = chunk.mark
        while text:
            room = width - used
            cells = cell_len(text)
            if cells <= room:
                rows[-1].append(_Chunk(text, chunk.style, mark))
                used += cells
                break
            cut = text.rfind(" ", 0, fit_prefix(text, room) + 1) + 1 if room > 0 else 0
            if cut > 0:
                rows[-1].append(_Chunk(text[:cut].rstrip(" ") or " ", chunk.style, mark))
                text, mark = text[cut:], ""
            elif used == 0:
                cut = fit_prefix(text, width)
                rows[-1].append(_Chunk(text[:cut], chunk.style, mark))
                text, mark = text[cut:], ""
            rows.append([])
            used = 0
    return [row for row in rows if row] or [[]]
