"""Long texts with marked stretches, broken into rows by offset, so that only the rows on the screen are drawn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from tui.draw.lines import Line, StyleLike, fit_prefix
from tui.draw.safe_text import cells, printable

_WORDS = re.compile(r"\n+|[^\S\n]+|\S+")


class Mark(NamedTuple):
    """A marked stretch of a text: character offsets, what is drawn before and after it, and the style of it."""

    start: int
    end: int
    opening: str
    closing: str
    style: StyleLike


Inserts = tuple[tuple[int, bool, str], ...]
"""What is drawn between characters: offset, whether it opens a stretch, text."""


def inserts_of(marks: Sequence[Mark]) -> Inserts:
    """Openings and closings of marked stretches, by offset."""
    both = [(mark.start, True, mark.opening) for mark in marks] + [
        (mark.end, False, mark.closing) for mark in marks
    ]
    # What ends at a place is closed before the next is opened.
    return tuple(sorted((one for one in both if one[2]), key=lambda one: one[:2]))


@lru_cache(maxsize=16)
def rows_of(text: str, width: int, inserts: Inserts = ()) -> tuple[tuple[int, int], ...]:
    """Rows of a text as (start, end) offsets: each at most `width` cells once drawn, with its inserts.

    Rows end at line breaks, else at spaces, else inside a word that is longer than a row. They cover the text
    without a gap. An empty text has one empty row.
    """
    rows: list[tuple[int, int]] = []
    start, used, number = 0, 0, 0
    for match in _WORDS.finditer(text):
        word, begin, end = match.group(), match.start(), match.end()
        extra = 0
        while number < len(inserts) and (
            inserts[number][0] < end or (inserts[number][0] == end and not inserts[number][1])
        ):
            extra += cells(inserts[number][2])
            number += 1
        size = cells(word) + extra
        if word.isspace() and "\n" not in word:
            # Spaces may hang over the end of a row, where they are not drawn.
            used += size
            continue
        if used and used + size > width and begin > start:
            rows.append((start, begin))
            start, used = begin, 0
        if word[0] == "\n":
            rows.append((start, end))
            start, used = end, 0
            continue
        while used + size > width:
            cut = fit_cut(text[begin:end], max(width - used - extra, 1))
            if cut >= end - begin:
                break
            rows.append((start, begin + cut))
            begin = start = begin + cut
            used, size = 0, cells(text[begin:end])
            extra = 0
        used += size
    if start < len(text) or not rows:
        rows.append((start, len(text)))
    return tuple(rows)


def fit_cut(word: str, width: int) -> int:
    """Number of characters of an original text whose printed form fits into `width` cells; at least one."""
    shown = [printable(character) for character in word[: width + 1]]
    fitting = fit_prefix("".join(shown), width)
    used = 0
    for number, piece in enumerate(shown):
        used += len(piece)
        if used > fitting:
            return max(number, 1)
    return max(len(shown), 1)


def row_line(
    text: str,
    row: tuple[int, int],
    marks: Sequence[Mark],
    *,
    label: str = "",
    indent: int = 0,
    width: int,
    style: StyleLike = "text",
) -> Line:
    """One row of a text with its marks; where marks overlap, the later one's style is drawn.

    Args:
        text: the whole text.
        row: offsets of the row.
        marks: stretches; those outside the row are passed over.
        label: what stands left of the row.
        indent: cells for the label.
        width: cells for the row beside the label.
        style: of what is not marked.
    """
    start, end = row
    line = Line().column(label, indent, "dim") if indent else Line()
    last = start + len(text[start:end].rstrip(" \n"))
    own = [mark for mark in marks if mark.start < last and mark.end > start]
    inside = (place for mark in own for place in (mark.start, mark.end) if start < place < last)
    places = sorted({start, last, *inside})
    for place, following in zip(places, [*places[1:], None], strict=True):
        for mark in own:
            # A stretch that ends in the spaces and line breaks that are not drawn ends here.
            if mark.start < place and (mark.end == place or (place == last and last < mark.end <= end)):
                line.add(mark.closing, mark.style)
        for mark in own:
            if mark.start == place and following is not None:
                line.add(mark.opening, mark.style)
        if following is not None:
            here = next((mark.style for mark in reversed(own) if mark.start <= place < mark.end), style)
            line.add(text[place:following], here)
    if line.width > indent + width:
        return Line().column(line.plain, indent + width)
    return line


def window(rows: Sequence[tuple[int, int]], most: int, at: int | None) -> tuple[int, int]:
    """The rows that are shown, as (first, last + 1): at most `most`, and the one with offset `at` among them."""
    if len(rows) <= most:
        return 0, len(rows)
    if at is None:
        return 0, most
    place = next((number for number, (_, end) in enumerate(rows) if at < end), len(rows) - 1)
    first = min(max(place - most // 3, 0), len(rows) - most)
    return first, first + most
