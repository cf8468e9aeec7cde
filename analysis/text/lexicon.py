"""Terms and token classes found in a text, and texts with a term inserted or removed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

from analysis.base.errors import AssayError

MAX_FILE_BYTES = 16 * 1024 * 1024
"""A larger term list is refused before it is read."""
MAX_TERM_CHARACTERS = 200
"""A longer line is a mistake in the file, not a term."""

_APOSTROPHES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'"})
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSPACED_SCRIPTS = ("CJK ", "HIRAGANA ", "KATAKANA ", "THAI ", "LAO ", "KHMER ", "MYANMAR ")
_NUMBER = re.compile(r"(?<!\w)\d+(?:[.,:/-]\d+)*(?:st|nd|rd|th)?(?!\w)", re.IGNORECASE)
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
        for index, char in enumerate(text):
            if not _is_mark(char) or _joins(text, index):
                continue
            if spans and spans[-1].end == index:
                spans[-1] = spans[-1]._replace(end=index + 1)
            else:
                spans.append(Span(index, index + 1, self.name))
        return spans


@dataclass(frozen=True)
class Numbers:
    """Numbers in digits, with their separators (1,200 · 3.50 · 24/12 · 2nd); not digits inside a word."""

    name: str = "numbers"
    cues: tuple[str, ...] = ("2", "7", "12", "40", "2024")

    def find(self, text: str) -> list[Span]:
        """Non-overlapping spans in order."""
        return [Span(match.start(), match.end(), self.name) for match in _NUMBER.finditer(text)]


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
    for number, line in enumerate(_read(path).split("\n"), start=1):
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


def insert_term(text: str, term: str, position_seed: int) -> str:
    """The text with `term` at a word boundary: boundary number `position_seed` modulo their count.

    A term of punctuation only is attached to the end of a word; any other stands before a word or at the end,
    set off by one space. Random seeds therefore draw the boundaries uniformly, equal seeds the same one.
    """
    words = [match.span() for match in re.finditer(r"\S+", text)]
    if not words:
        return term
    if term and all(_is_mark(char) for char in term):
        at = words[position_seed % len(words)][1]
        return text[:at] + term + text[at:]
    position = position_seed % (len(words) + 1)
    if position < len(words):
        at = words[position][0]
        return f"{text[:at]}{term} {text[at:]}"
    return f"{text.rstrip()} {term}"


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

    A base character is folded together with the combining marks after it, which gives the same result as
    normalising the whole text and keeps the offsets.
    """
    if text.isascii():
        return _ascii_tokens(text)
    starts = [i for i, char in enumerate(text) if i == 0 or not unicodedata.category(char).startswith("M")]
    tokens: list[_Token] = []
    spaced = in_word = False
    for start, end in pairwise([*starts, len(text)]):
        form = _fold(text[start:end])
        if not form.strip():
            spaced, in_word = True, False
            continue
        word = form[0].isalnum() and not _is_unspaced(form[0])
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


def _fold(cluster: str) -> str:
    if cluster.isascii():
        return cluster.lower()
    decomposed = unicodedata.normalize("NFKD", cluster.translate(_APOSTROPHES)).casefold()
    return unicodedata.normalize("NFKD", decomposed)


def _is_unspaced(char: str) -> bool:
    return not char.isascii() and unicodedata.name(char, "").startswith(_UNSPACED_SCRIPTS)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"


def _joins(text: str, index: int) -> bool:
    """Whether the mark at `index` sits inside a word or a number."""
    before, after = text[index - 1 : index], text[index + 1 : index + 2]
    if text[index] in _NUMBER_JOINERS:
        return before.isdigit() and after.isdigit()
    return text[index] in _WORD_JOINERS and before.isalnum() and after.isalnum()


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _BIDI_CONTROLS


def _read(path: Path) -> str:
    try:
        if not path.is_file():
            raise AssayError(
                "there is no such file",
                where=str(path),
                hint="Check the path; it is relative to the review file.",
            )
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise AssayError(f"the file cannot be read: {error}", where=str(path)) from error
    if len(raw) > MAX_FILE_BYTES:
        raise AssayError(
            f"the file is larger than {MAX_FILE_BYTES // 2**20} MiB",
            where=str(path),
            hint="A term list holds one term a line.",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise AssayError(
            "the file is not UTF-8", where=f"{path}:{line}", hint="Save it as UTF-8 text."
        ) from error
