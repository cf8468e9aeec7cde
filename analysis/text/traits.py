"""What texts share: how they begin and end, words and phrases, and marks of a kind, as groups of texts.

Nothing here knows a language; words are the units of `analysis.text.units`, compared without case.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal

from analysis.text.units import numbers, units

TraitKind = Literal["opening", "ending", "words", "mark"]
MOST_WORDS = 3
"""Longest opening, ending or phrase, in words and marks."""
READ = 4_000
"""Characters of a text that are looked at: more than most models read, and few enough for any pattern."""
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
    held = Counter(word for text in texts.values() for word in set(_words(text)))
    # What a phrase is in, its rarest word is in: most phrases need not be looked at.
    common = {word for word, count in held.items() if count >= least}
    del held
    refs = list(texts)
    found: dict[tuple[TraitKind, str], array[int]] = {}
    for number, text in enumerate(texts.values()):
        for key in _of_text(text, common):
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


def _words(text: str) -> list[str]:
    """The words and marks of what is looked at of a text, without case."""
    folded = unicodedata.normalize("NFKC", text[:READ]).casefold()
    return [folded[start:end] for start, end in units(folded)]


_ORDER: dict[TraitKind, int] = {"mark": 0, "opening": 1, "ending": 2, "words": 3}


def _place(key: tuple[TraitKind, str]) -> tuple[int, int, str]:
    kind, name = key
    return _ORDER[kind], -len(name), name


def _of_text(text: str, common: Collection[str]) -> dict[tuple[TraitKind, str], None]:
    """The traits of one text that are made of common words, each once; of a long one, of its beginning."""
    whole, text = len(text) <= READ, text[:READ]
    folded = unicodedata.normalize("NFKC", text).casefold()
    places = units(folded)
    n = len(places)
    # How many words in a row are common, up to each word.
    row = list(
        accumulate(
            (folded[start:end] in common for start, end in places), lambda run, is_so: (run + 1) * is_so
        )
    )
    found: dict[tuple[TraitKind, str], None] = {}
    for size in range(1, min(MOST_WORDS, n) + 1):
        if row[size - 1] >= size:
            found["opening", folded[places[0][0] : places[size - 1][1]]] = None
        if whole and row[-1] >= size:
            found["ending", folded[places[-size][0] : places[-1][1]]] = None
        for at in range(n - size + 1):
            if row[at + size - 1] >= size:
                found["words", folded[places[at][0] : places[at + size - 1][1]]] = None
    found.update({("mark", name): None for name in _marks(text)})
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
