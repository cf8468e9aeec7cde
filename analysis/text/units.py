"""What a text is made of: words, emoji and runs of marks, in every script.

One splitter for whatever counts, scores, inserts or compares words. A word is a run of letters and digits with what is
written upon or joins them (combining marks, joiners and other characters that are not seen), and goes on behind an
apostrophe or a hyphen. Letters between which a line may break without a space, as Unicode classifies them (Chinese,
Japanese, Thai, Khmer and others: Line_Break of UAX 14), are a word each: an extended grapheme cluster of UAX 29. No
unit begins with a combining mark, and a text in NFC has the units of the same text in NFD. Nothing here knows a
language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

import regex

Place = tuple[int, int]
"""Where something begins and ends in a text, counted in code points."""

# Sets of characters, as `regex` writes them.
_JOINING = r"[\p{M}\p{WB=Extend}\p{WB=Format}\u200d]"
_TRAILING = rf"[{_JOINING}\p{{GCB=SpacingMark}}]"
_BREAKS = r"[\p{LB=ID}\p{LB=CJ}\p{LB=NS}\p{LB=SA}\p{LB=AK}\p{LB=AS}]"
# Wide Latin letters and single parts of Korean syllables break like ideographs, and are written with spaces.
# Two letters, the narrow voicing marks of Katakana, are written upon the letter before them.
_ALONE = rf"[[\p{{L}}\p{{Nl}}]&&{_BREAKS}--[\p{{Latin}}\p{{Hangul}}]--{_JOINING}]"
_LETTER = rf"[[\p{{L}}\p{{N}}_]--{_ALONE}--{_JOINING}]"
_EMOJI = (
    r"(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}[\ufe0f\u200d\p{Emoji_Modifier}]|[#*]\ufe0f?\u20e3)"
)

_CLUSTERS = regex.compile(rf"(?V1)\X{_JOINING}*+")
_MARKS = regex.compile(rf"(?V1)(?={_EMOJI})\X{_JOINING}*+|(?:(?!{_EMOJI}).{_JOINING}*+)++", regex.DOTALL)
_SINGLE = regex.compile(rf"(?V1){_ALONE}")
_ASCII_PIECES = re.compile(r"[^\W_]+")
_BETWEEN_PIECES = re.compile("['’_-]+")
_NUMBER = r"\d+(?:[.,:/-]\d+)*(?i:st|nd|rd|th)?"
_UNSEEN = regex.compile(r"[\p{Cf}\p{Variation_Selector}]+")
_CHUNKS = re.compile(r"\S+")

_LOW = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x10000))))
_HIGH = "".join(map(chr, (*range(0x10000, 0x40000), *range(0xE0000, 0xE0200))))
"""All characters that a set may hold, below and above the place from which `re` looks sets up slowly."""
_IS_HIGH = "(?=[\U00010000-\U0010ffff])"


_RUNS_ON = rf"(?:{_BREAKS}(?<!\p{{Latin}})|\p{{Hangul}})"
NO_WORD_BEFORE = rf"(?<!(?!{_RUNS_ON})\w)"
"""For `regex`: no word that goes on into what follows."""
NO_WORD_AFTER = rf"(?!(?!{_RUNS_ON})\w)"
"""For `regex`: no word goes on behind what precedes."""
REST_OF_WORD = rf"(?:(?!{_RUNS_ON})\w)*"
"""For `regex`: what is left of a word that has begun."""


class _Expressions(NamedTuple):
    """Where words, all units, and numbers stand in a text."""

    words: re.Pattern[str]
    units: re.Pattern[str]
    numbers: re.Pattern[str]


_ASCII = _Expressions(
    re.compile(r"\w+(?:['-]\w+)*"),
    re.compile(r"\w+(?:['-]\w+)*|[^\w\s]+"),
    re.compile(rf"(?<!\w){_NUMBER}(?!\w)"),
)
"""Of plain ASCII, which most texts are: they find the same."""


@cache
def _every_script() -> _Expressions:
    """Made once, of the sets as ranges of characters: `re` reads a text by them several times as fast as `regex`."""
    letter, joining, single = _one_of(_LETTER), _one_of(_JOINING), _one_of(_ALONE)
    trailing, linker = _one_of(_TRAILING), _one_of(r"[\p{InCB=Linker}]")
    trailed = rf"(?:{_one_of(_TRAILING, '++')})*+"
    run = rf"{letter}(?:{_one_of(rf'[{_LETTER}{_JOINING}]', '++')})*+"
    word = (
        rf"{run}(?:['’-]{run})*+"
        # Characters that nothing is joined to; some that may be one by what links them; one with what it carries.
        rf"|(?P<bare>{_one_of(rf'[{_ALONE}--{_TRAILING}]', '+')}(?!{trailing}))"
        rf"|(?P<linked>{single}(?:{trailing}*{linker}{trailing}*{single})+{trailed})"
        rf"|{single}{trailed}"
    )
    other = rf"[{_LETTER}{_ALONE}{_JOINING}]"
    mark = rf"(?:[^{_ranges(other, _LOW)}\s\u200b\U00010000-\U0010ffff]|{_IS_HIGH}[^{_ranges(other, _HIGH)}])"
    return _Expressions(
        re.compile(word),
        re.compile(rf"{word}|(?P<marks>(?:{mark}{joining}*+)++)"),
        re.compile(rf"(?<!{letter})(?<!{joining}){_NUMBER}{joining}*+(?!{letter})"),
    )


def _one_of(characters: str, repeated: str = "") -> str:
    """An expression of `re` for one character of a set, or for several on one side of the border."""
    low, high = _ranges(characters, _LOW), _ranges(characters, _HIGH)
    return f"(?:[{low}]{repeated}|{_IS_HIGH}[{high}]{repeated})"


def _ranges(characters: str, among: str) -> str:
    """A set of `regex` as the ranges of a set of `re`."""
    runs = (match[0] for match in regex.finditer(f"(?V1){characters}++", among))
    return "".join(re.escape(run[0]) + (f"-{re.escape(run[-1])}" if len(run) > 1 else "") for run in runs)


def _expressions(text: str) -> _Expressions:
    return _ASCII if text.isascii() else _every_script()


def units(text: str) -> list[Place]:
    """Words, emoji and runs of other marks, ascending and apart; what carries no unit, as white space, is in none."""
    return list(_found(_expressions(text).units, text))


def words(text: str) -> list[Place]:
    """The units that are words: with a letter or digit."""
    return list(_found(_expressions(text).words, text))


def word_count(text: str) -> int:
    """Number of words of a text; emoji and punctuation are none."""
    return sum(1 for _ in _found(_expressions(text).words, text))


def pieces(text: str) -> list[str]:
    """The words of a text, cut at apostrophes, hyphens and underscores."""
    if text.isascii():
        return _ASCII_PIECES.findall(text)
    found = (text[start:end] for start, end in words(text))
    return [piece for word in found for piece in _BETWEEN_PIECES.split(word) if piece]


def numbers(text: str) -> list[Place]:
    """Numbers in digits with their separators (1,200 · 3.50 · 24/12 · 2nd), ascending; not digits inside a word."""
    return [match.span() for match in _expressions(text).numbers.finditer(text)]


def characters(text: str) -> list[Place]:
    """The characters that a reader sees, each with what is written upon or joins it."""
    if text.isascii():
        return [(at, at + 1) for at in range(len(text))]
    return [match.span() for match in _CLUSTERS.finditer(text)]


def without_unseen(text: str) -> str:
    """A text without the characters that are not seen, as joiners, soft hyphens and marks of direction."""
    return text if text.isascii() else str(_UNSEEN.sub("", text))


@lru_cache(maxsize=4096)
def runs_on(letter: str) -> bool:
    """Whether other words may follow a letter at once: where no spaces are written, and behind Korean syllables."""
    return letter.isalpha() and regex.match(_RUNS_ON, letter) is not None


@lru_cache(maxsize=4096)
def stands_alone(letter: str) -> bool:
    """Whether a character is a word by itself, as in scripts that are written without spaces."""
    return not letter.isascii() and _SINGLE.match(letter) is not None


def without_spaces(text: str) -> bool:
    """Whether most words of a text are single characters of scripts that are written without spaces."""
    if text.isascii():
        return False
    found = words(text)
    return 2 * sum(stands_alone(text[start]) for start, _ in found) > len(found)


def segments(text: str) -> list[Place]:
    """Stretches of a text between which a word may be put: what white space parts, and words that stand alone.

    An opening mark belongs to the word behind it, any other to the one before.
    """
    chunks = [match.span() for match in _CHUNKS.finditer(text)]
    if text.isascii():
        return chunks
    found: list[Place] = []
    for start, end in chunks:
        begins = [start]
        for before, here in pairwise(words(text[start:end])):
            last, at = start + before[1], start + here[0]
            if stands_alone(text[at]) or stands_alone(text[start + before[0]]):
                while at > last and unicodedata.category(text[at - 1]) in ("Ps", "Pi"):
                    at -= 1
                begins.append(at)
        found += pairwise([*begins, end])
    return found


def _found(expression: re.Pattern[str], text: str) -> Iterator[Place]:
    for match in expression.finditer(text):
        kind, (start, end) = match.lastgroup, match.span()
        if kind is None or end == start + 1:
            yield start, end
        elif kind == "bare":
            yield from zip(range(start, end), range(start + 1, end + 1), strict=True)
        else:
            within = _CLUSTERS if kind == "linked" else _MARKS
            yield from (part.span() for part in within.finditer(text, start, end))
