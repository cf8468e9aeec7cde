"""Terms and token classes found in a text, and texts with a term inserted or removed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

from analysis.base.errors import AssayError
from analysis.text.units import characters, numbers, segments, stands_alone, without_unseen

MAX_FILE_BYTES = 16 * 1024 * 1024
"""A larger term list is refused before it is read."""
MAX_TERM_CHARACTERS = 200
"""A longer line is a mistake in the file, not a term."""

_APOSTROPHES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'"})
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ASCII_WORD = re.compile(r"[a-z0-9]+|[^\sa-z0-9]")
_NUMBER_JOINERS = frozenset(".,:/")
_WORD_JOINERS = frozenset("'\u2019-_")
_CLOSING = frozenset(",.;:!?)]}\u2026")


class Span(NamedTuple):
    """Characters `start` up to `end` of a text, counted in code points, and the class that they belong to."""

    start: int
    end: int
    label: str


class Finder(Protocol):
    """Anything that finds spans in a text and knows terms of its class to insert (`cues`)."""

    @property
    def name(self) -> str: ...

    @property
    def cues(self) -> tuple[str, ...]: ...

    def find(self, text: str) -> list[Span]: ...


class _Token(NamedTuple):
    """A folded word or mark; `spaced` tells whether white space precedes it."""

    form: str
    start: int
    end: int
    spaced: bool


_Rest = tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Lexicon:
    """A list of terms, found as whole words whatever their case, width or accent encoding.

    `cues` are the terms themselves. In scripts written without spaces each character counts as a word.
    """

    name: str
    terms: tuple[str, ...]

    @property
    def cues(self) -> tuple[str, ...]:
        return self.terms

    @cached_property
    def _by_first_word(self) -> Mapping[str, Mapping[int, set[_Rest]]]:
        """First word -> number of further words, descending -> the further words."""
        index: dict[str, dict[int, set[_Rest]]] = {}
        for first, *rest in sorted(filter(None, map(_tokens, self.terms)), key=len, reverse=True):
            index.setdefault(first.form, {}).setdefault(len(rest), set()).add(_rest(rest))
        return index

    def find(self, text: str) -> list[Span]:
        """Non-overlapping spans in order; of the terms that start at a word, the longest."""
        tokens = _tokens(text)
        spans: list[Span] = []
        position = 0
        while position < len(tokens):
            size = self._match(tokens, position)
            if size:
                spans.append(Span(tokens[position].start, tokens[position + size - 1].end, self.name))
            position += max(1, size)
        return spans

    def _match(self, tokens: Sequence[_Token], position: int) -> int:
        for length, rests in self._by_first_word.get(tokens[position].form, {}).items():
            if _rest(tokens[position + 1 : position + 1 + length]) in rests:
                return 1 + length
        return 0


@dataclass(frozen=True)
class Punctuation:
    """Runs of punctuation and symbols, without those inside a word (don't, real-time) or a number (3.50)."""

    name: str = "punctuation"
    cues: tuple[str, ...] = ("!!", "!!!", "?!", "...", "??")

    def find(self, text: str) -> list[Span]:
        """Non-overlapping spans in order, adjoining marks in one."""
        spans: list[Span] = []
        seen = characters(text)
        for number, (start, end) in enumerate(seen):
            if not _is_mark(text[start]) or _joins(text, seen, number):
                continue
            if spans and spans[-1].end == start:
                spans[-1] = spans[-1]._replace(end=end)
            else:
                spans.append(Span(start, end, self.name))
        return spans


@dataclass(frozen=True)
class Numbers:
    """Numbers in digits, with their separators (1,200 · 3.50 · 24/12 · 2nd); not digits inside a word."""

    name: str = "numbers"
    cues: tuple[str, ...] = ("2", "7", "12", "40", "2024")

    def find(self, text: str) -> list[Span]:
        """Non-overlapping spans in order."""
        return [Span(start, end, self.name) for start, end in numbers(text)]


_FUNCTION_WORDS = (
    "a an the this that these those and or but so if then than of in on at to for from with by as into "
    "about i me my we us our you your he she it its they them their is am are was were be been being do "
    "does did have has had will would can could should may might just also very too there here"
)

STOPWORDS = tuple(_FUNCTION_WORDS.split())
"""English function words. Negations are left out: they change the meaning of a message."""

BUILT_IN: Mapping[str, Finder] = MappingProxyType(
    {finder.name: finder for finder in (Punctuation(), Numbers(), Lexicon("stopwords", STOPWORDS))}
)
"""The token classes that a review file may name without declaring them."""


def load_terms(path: Path) -> tuple[str, ...]:
    """Reads a term list: UTF-8, one term a line; blank lines and lines that start with # are skipped.

    Terms keep their order; a term that differs from an earlier one only in case or width is dropped.

    Raises:
        AssayError: the file cannot be read, is too large, holds no term, or a line holds a control character,
            or is too long; `where` names the file and the line.
    """
    terms: dict[tuple[str, ...], str] = {}
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        term = line.removesuffix("\r").strip(" ")
        bad = next((char for char in term if _is_control(char)), None)
        if bad is not None:
            raise AssayError(
                f"the line holds the control character U+{ord(bad):04X}",
                where=f"{path}:{number}",
                hint="Remove it: a term is plain text on one line.",
            )
        if len(term) > MAX_TERM_CHARACTERS:
            raise AssayError(
                f"the line has {len(term)} characters, more than {MAX_TERM_CHARACTERS}",
                where=f"{path}:{number}",
                hint="Write one term a line.",
            )
        words = tuple(token.form for token in _tokens(term))
        if words and not term.startswith("#"):
            terms.setdefault(words, term)
    if not terms:
        raise AssayError("the file holds no term", where=str(path), hint="Write one term a line.")
    return tuple(terms.values())


class Inserted(NamedTuple):
    """A text with a term put into it, and where the term stands there."""

    text: str
    start: int
    end: int


def insert_term(text: str, term: str, position_seed: int) -> Inserted:
    """The text with `term` at a word boundary: boundary number `position_seed` modulo their count.

    A term of punctuation only is attached to the end of a word; any other stands before a word or at the end,
    set off by one space from what is written with spaces. Random seeds therefore draw the boundaries uniformly,
    equal seeds the same one.
    """
    words = segments(text)
    if not words:
        return Inserted(term, 0, len(term))
    if term and all(_is_mark(char) for char in term):
        at = words[position_seed % len(words)][1]
        return Inserted(text[:at] + term + text[at:], at, at + len(term))
    position = position_seed % (len(words) + 1)
    if position < len(words):
        at = words[position][0]
        before, after = text[:at], text[at:]
        left = " " if _is_spaced_letter(_last(before)) else ""
        right = "" if _closes_up(after[0]) else " "
    else:
        before, after = text.rstrip(), ""
        left, right = "" if _closes_up(_last(before)) else " ", ""
    start = len(before) + len(left)
    return Inserted(before + left + term + right + after, start, start + len(term))


def remove_spans(text: str, spans: Iterable[tuple[int, int] | Span]) -> str:
    """The text without the spans, which may overlap, and without the doubled or dangling space they leave.

    Raises:
        ValueError: a span does not lie within the text.
    """
    kept = bytearray(b"\x01" * len(text))
    for start, end, *_ in spans:
        if not 0 <= start <= end <= len(text):
            raise ValueError(f"span ({start}, {end}) does not lie within {len(text)} characters")
        kept[start:end] = bytes(end - start)
    pieces = re.finditer(b"\x01+", bytes(kept))
    parts = [text[piece.start() : piece.end()] for piece in pieces]
    if not parts or 0 not in kept:
        return text if 0 not in kept else ""
    result = parts[0] if kept[0] else parts[0].lstrip(" ")
    for part in parts[1:]:
        following = part.lstrip(" ") if not result or result[-1].isspace() else part
        if following and following[0] in _CLOSING:
            result = result.rstrip(" ")
        result += following
    return result if kept[-1] else result.rstrip(" ")


def _rest(tokens: Sequence[_Token]) -> _Rest:
    return tuple((token.form, token.spaced) for token in tokens)


def _tokens(text: str) -> list[_Token]:
    """Words and single marks of the decomposed, case-folded text, with offsets into the original.

    A character is folded together with what is written upon it, which gives the same result as normalising the whole
    text and keeps the offsets. What is not seen, as a joiner or a soft hyphen, is no part of a form.
    """
    if text.isascii():
        return _ascii_tokens(text)
    tokens: list[_Token] = []
    spaced = in_word = False
    for start, end in characters(text):
        form = "" if text[start].isspace() else _fold(text[start:end])
        if not form:
            spaced, in_word = spaced or text[start].isspace(), in_word and not text[start].isspace()
            continue
        word = form[0].isalnum() and not stands_alone(form[0])
        if word and in_word:
            tokens[-1] = tokens[-1]._replace(form=tokens[-1].form + form, end=end)
        else:
            tokens.append(_Token(form, start, end, spaced))
        spaced, in_word = False, word
    return tokens


def _ascii_tokens(text: str) -> list[_Token]:
    """What `_tokens` gives for plain ASCII, several times as fast."""
    tokens: list[_Token] = []
    end = 0
    for match in _ASCII_WORD.finditer(text.lower()):
        start = match.start()
        tokens.append(_Token(match.group(), start, match.end(), start > end))
        end = match.end()
    return tokens


def _fold(character: str) -> str:
    if character.isascii():
        return character.lower()
    seen = without_unseen(character).translate(_APOSTROPHES)
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", seen).casefold()).strip()


def _last(text: str) -> str:
    """The last character without what is written upon it; empty for none."""
    return text[characters(text)[-1][0]] if text else ""


def _is_spaced_letter(char: str) -> bool:
    return char.isalnum() and not stands_alone(char)


def _closes_up(char: str) -> bool:
    """Whether no space parts a character from its neighbours: a letter that stands alone, or a wide mark."""
    wide = unicodedata.east_asian_width(char) in "WF"
    return stands_alone(char) or (wide and unicodedata.category(char)[0] == "P")


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"


def _joins(text: str, seen: Sequence[tuple[int, int]], number: int) -> bool:
    """Whether the mark that is the character of that number sits inside a word or a number."""
    if not 0 < number < len(seen) - 1:
        return False
    mark, (before, after) = text[seen[number][0]], (text[seen[at][0]] for at in (number - 1, number + 1))
    if mark in _NUMBER_JOINERS:
        return before.isdigit() and after.isdigit()
    return mark in _WORD_JOINERS and _is_spaced_letter(before) and _is_spaced_letter(after)


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _BIDI_CONTROLS


def read_text(
    path: Path, most: int = MAX_FILE_BYTES, hint: str = "A term list holds one term a line."
) -> str:
    """The text of a file of at most so many bytes.

    Raises:
        AssayError: there is none, it cannot be read, is larger, or is not UTF-8; with its place and a remedy.
    """
    try:
        if not path.is_file():
            raise AssayError(
                "there is no such file",
                where=str(path),
                hint="Check the path; it is relative to the review file.",
            )
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise AssayError(f"the file cannot be read: {error}", where=str(path)) from error
    if len(raw) > most:
        raise AssayError(
            f"the file is larger than {most // 2**20} MiB",
            where=str(path),
            hint=hint,
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise AssayError(
            "the file is not UTF-8", where=f"{path}:{line}", hint="Save it as UTF-8 text."
        ) from error
