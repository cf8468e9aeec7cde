"""A text as it is read: without thoughts, marks and invisible characters, and with the way back to what was written."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.text.thoughts import thought_spans

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_MARKUP = re.compile(
    r"</?[a-zA-Z][^<>\n]{0,200}>"  # an element
    r"|(?<!\w)_{1,3}(?=\w)|(?<=[\w.,!?;:)])_{1,3}(?!\w)"  # within a word `_` is part of a name
    r"|^[ \t]{0,3}#{1,6}[ \t]+|^[ \t]{0,3}(?:>[ \t]?)+",  # a heading, a quotation
    re.MULTILINE,
)
_PAIRED = re.compile(r"(?<![\\*~|`])(?:\*{1,3}|~~|\|\||`{1,2})(?![*~|`])")
"""Emphasis, a strike, a spoiler's cover, code."""
_PARAGRAPH = re.compile(r"(?:(?!\n[ \t]*\n).)+", re.DOTALL)
_ASCII = re.compile(r"[\x00-\x7f]+(?![^\x00-\x7f])")
_AS_WRITTEN = ("<super>", "<sub>", "<fraction>")
"""Compatible characters that mean something else: `12¹` is twelve with a footnote."""
_NOWHERE = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Cleaned:
    """What is read of a text.

    Args:
        raw: the text as written.
        text: the text as read.
        starts: int64 [len(text)], where in `raw` each character of `text` begins.
        ends: int64 [len(text)], and where it ends.
    """

    raw: str
    text: str
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The span of `raw` that a span of `text` was read from; all of it for all of it."""
        if (start, end) == (0, len(self.text)):
            return 0, len(self.raw)
        if start >= end:
            at = int(self.starts[start]) if start < len(self.text) else len(self.raw)
            return at, at
        return int(self.starts[start]), int(self.ends[end - 1])


@lru_cache(maxsize=64)
def cleaned(raw: str) -> Cleaned:
    """Read a text: thoughts apart, entities as the characters that they stand for, marks of Markdown and HTML aside,
    characters that are not seen left out, and the rest in Unicode's NFKC but for superscripts and fractions.

    What stands in code, tables and lists is read in its lines; bars, bullets and addresses of links stay.
    """
    # Kept for a while: one prompt and its passages are read for both sides.
    pieces = list(_read(raw))
    return Cleaned(
        raw,
        "".join(one.text for one in pieces),
        np.concatenate([one.starts for one in pieces] or [_NOWHERE]),
        np.concatenate([one.ends for one in pieces] or [_NOWHERE]),
    )


class _Piece(NamedTuple):
    """Some of the text as read, with the places in the text as written of each of its characters."""

    text: str
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


def _as_one(text: str, start: int, end: int) -> _Piece:
    """Characters that were all read from one span."""
    return _Piece(text, np.full(len(text), start, np.int64), np.full(len(text), end, np.int64))


def _read(raw: str) -> Iterator[_Piece]:
    aside = [(start, end, "") for start, end in thought_spans(raw)]
    aside += [(*match.span(), "") for match in _MARKUP.finditer(raw)]
    aside += [(*span, "") for span in _paired(raw)]
    aside += [(*match.span(), html.unescape(match[0])) for match in _ENTITY.finditer(raw)]
    at = 0
    for start, end, instead in sorted(aside, key=lambda one: (one[0], -one[1])):
        if start < at:
            continue
        yield from _plain(raw, at, start)
        if stands_for := "".join(one.text for one in _plain(instead, 0, len(instead))):
            yield _as_one(stands_for, start, end)
        at = end
    yield from _plain(raw, at, len(raw))


def _paired(raw: str) -> Iterator[tuple[int, int]]:
    """Marks that come in pairs, where their paragraph holds another one: one star alone is a star."""
    for paragraph in _PARAGRAPH.finditer(raw):
        found = [
            match
            for match in _PAIRED.finditer(raw, *paragraph.span())
            if not _stands_alone(raw, *match.span()) and not _empty_cell(raw, match.start())
        ]
        counts = Counter(match[0] for match in found)
        yield from (match.span() for match in found if counts[match[0]] > 1)


def _stands_alone(raw: str, start: int, end: int) -> bool:
    """Whether there is space, or nothing, on both sides: a bullet or a product opens and closes nothing."""
    return not raw[max(0, start - 1) : start].strip() and not raw[end : end + 1].strip()


def _empty_cell(raw: str, at: int) -> bool:
    """Whether two bars stand in a row of a table."""
    line = raw[raw.rfind("\n", 0, at) + 1 : at + 2].lstrip()
    return line.startswith("|") and not line.startswith("||") and line.endswith("||")


def _plain(raw: str, start: int, end: int) -> Iterator[_Piece]:
    """A stretch without marks: runs that stay as they are, and characters with what combines with them."""
    at = start
    while at < end:
        if run := _ASCII.match(raw, at, end):
            places = np.arange(at, run.end(), dtype=np.int64)
            yield _Piece(run[0], places, places + 1)
            at = run.end()
            continue
        last = at + 1
        while last < end and _joins(raw[last]):
            last += 1
        piece = raw[at:last]
        if not any(unicodedata.decomposition(one).startswith(_AS_WRITTEN) for one in piece):
            piece = unicodedata.normalize("NFKC", piece)
        if seen := "".join(one for one in piece if unicodedata.category(one) != "Cf"):
            yield _as_one(seen, at, last)
        at = last


def _joins(one: str) -> bool:
    """Whether a character is written upon the one before: a mark, or a later part of a Korean syllable."""
    return bool(unicodedata.combining(one)) or "\u1160" <= one <= "\u11ff" or one in "\uff9e\uff9f"
