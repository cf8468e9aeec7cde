"""What texts share: how they begin and end, words and phrases, and marks of a kind, as groups of texts.

Nothing here knows a language; words are the units of `analysis.text.units`, compared without case.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from analysis.text.units import numbers, units

TraitKind = Literal["opening", "ending", "words", "mark"]
MOST_WORDS = 3
"""Longest opening, ending or phrase, in words and marks."""
READ = 4_000
"""Characters of a text that are looked at: more than most models read, and few enough for any pattern."""
BUCKETS = 1 << 20
"""Counts of phrases by their hash: four megabytes."""
MOST_SHARE = 0.5
"""What more of the texts share than this tells none of them apart."""

LEAST_CAPITALS = 3
"""Letters from which a word in capitals is no abbreviation of one or two."""

_LINK = re.compile(r"https?://|www\.|\w[\w.+-]{0,63}@[\w-]{1,63}\.\w")
_QUOTED = re.compile(r"[\"“„«].{1,400}?[\"”“»]")


@dataclass(frozen=True)
class Trait:
    """A property of texts, with the texts that have it.

    Args:
        kind: where it is looked for.
        name: the words, or the mark in words.
        refs: the texts, in the order given.
    """

    kind: TraitKind
    name: str
    refs: tuple[str, ...]


def traits(texts: Mapping[str, str], least: int) -> list[Trait]:
    """Everything that at least `least` texts and at most half of them share, in a fixed order.

    What the same texts share under several names is told once, by the longest of the names.

    Args:
        texts: by ref.
        least: the fewest texts that make a trait.
    """
    # Most phrases stand in one text only. They are counted by a few bits of their hash first (Park, Chen and Yu 1995,
    # SIGMOD, 175): what shares its count with others is counted too often at most, so nothing is lost.
    counts = array("i", bytes(array("i").itemsize * BUCKETS))
    for text in texts.values():
        for row in _phrases(text):
            for phrase in row:
                counts[hash(phrase) % BUCKETS] += 1
    refs = list(texts)
    found: dict[tuple[TraitKind, str], array[int]] = {}
    for number, text in enumerate(texts.values()):
        for key in _of_text(text):
            if key[0] == "mark" or counts[hash(key[1]) % BUCKETS] >= least:
                found.setdefault(key, array("i")).append(number)
    most = MOST_SHARE * len(texts)
    shared: dict[bytes, tuple[TraitKind, str]] = {}
    for key in list(found):
        numbers_of = found.pop(key)
        if not least <= len(numbers_of) <= most:
            continue
        same = numbers_of.tobytes()
        known = shared.get(same)
        if known is None or _place(key) < _place(known):
            shared[same] = key
    made = [
        Trait(kind, name, tuple(refs[number] for number in array("i", same)))
        for same, (kind, name) in shared.items()
    ]
    return sorted(made, key=lambda one: (one.kind, one.name))


def _phrases(text: str) -> list[list[str]]:
    """The words and marks of what is looked at of a text, without case; then every two in a row, and every three."""
    folded = unicodedata.normalize("NFKC", text[:READ]).casefold()
    places = units(folded)
    return [
        [folded[start:end] for (start, _), (_, end) in zip(places, places[size - 1 :], strict=False)]
        for size in range(1, min(MOST_WORDS, len(places)) + 1)
    ]


_ORDER: dict[TraitKind, int] = {"mark": 0, "opening": 1, "ending": 2, "words": 3}


def _place(key: tuple[TraitKind, str]) -> tuple[int, int, str]:
    kind, name = key
    return _ORDER[kind], -len(name), name


def _of_text(text: str) -> dict[tuple[TraitKind, str], None]:
    """The traits of one text, each once; of a long one, of its beginning."""
    found: dict[tuple[TraitKind, str], None] = {}
    for row in _phrases(text):
        found["opening", row[0]] = None
        if len(text) <= READ:
            found["ending", row[-1]] = None
        found.update({("words", phrase): None for phrase in row})
    found.update({("mark", name): None for name in _marks(text[:READ])})
    return found


def _marks(text: str) -> list[str]:
    """Marks of a kind that a text holds, in words."""
    held = {
        "a number": bool(numbers(text)),
        "an amount of money": any(unicodedata.category(one) == "Sc" for one in text)
        and any(one.isdigit() for one in text),
        "names in capitals": _names(text),
        "a question mark": "?" in text or "？" in text,
        "an exclamation mark": "!" in text or "！" in text,
        "several marks in a row": bool(re.search(r"[^\w\s]{2}", text)),
        "brackets": "(" in text or "[" in text,
        "a quotation": bool(_QUOTED.search(text)),
        "a link or an address": bool(_LINK.search(text)),
        "a line break": "\n" in text.strip(),
        "a word in capitals": any(
            end - start >= LEAST_CAPITALS and text[start:end].isupper() for start, end in units(text)
        ),
    }
    return [name for name, does in held.items() if does]


def _names(text: str) -> bool:
    """Whether two words in a row begin with capitals, of which the first does not begin the text."""
    words = [text[start:end] for start, end in units(text)]
    begins = [word[:1].isupper() and word[1:2].islower() for word in words]
    return any(one and other for one, other in pairwise(begins[1:]))
