"""What may be put into a text to see whether a class moves: the vocabulary's own words, marks, phrases and casing.

No list of words stands here. Words are those of the model's vocabulary that the tokenizer reads as one token by
themselves, and phrases are how the evaluation texts begin and end.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING, Literal

from analysis.base.escape import printable
from analysis.text.lexicon import insert_term
from analysis.text.units import words

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Kind = Literal["word", "pair", "marks", "opening", "ending", "casing"]

MOST_PHRASE = 5
"""Words of the longest opening or ending."""
LEAST_TEXTS_OF_PHRASE = 2
"""Texts that begin or end alike, from which that counts as a phrase."""
ASCII_MARKS = tuple(string.punctuation)
_CASINGS = {"UPPER CASE": str.upper, "Each Word Capitalised": str.title, "lower case": str.lower}


@dataclass(frozen=True)
class Cue:
    """Something that is done to a text; `text` is what is put in, or the name of a casing."""

    kind: Kind
    text: str

    def put(self, text: str, number: int) -> tuple[str, int | None, int | None]:
        """The text with the cue, and where it stands there; `number` draws the place where the kind leaves it open."""
        if self.kind == "casing":
            return _CASINGS[self.text](text), None, None
        if self.kind == "opening":
            return f"{self.text} {text}", 0, len(self.text)
        if self.kind == "ending":
            return f"{text} {self.text}", len(text) + 1, len(text) + 1 + len(self.text)
        return insert_term(text, self.text, number)


CASINGS = tuple(Cue("casing", name) for name in _CASINGS)


def is_marks(text: str) -> bool:
    """Whether a text has no letter and no digit."""
    return bool(text) and not any(one.isalnum() for one in text)


def vocabulary_words(tokenizer: PreTrainedTokenizerFast) -> dict[str, int]:
    """The words of a vocabulary, with their ids: tokens that the tokenizer reads as that one token by themselves.

    Starts and continuations of longer words are read otherwise, and left out, as are special and unused tokens, single
    bytes, and whatever holds a control or another character that is not seen.
    """
    special = set(tokenizer.all_special_ids) | set(tokenizer.get_added_vocab().values())
    # What stands around a tokenizer to give back lists, masks and offsets takes ten times what it does itself.
    backend = tokenizer.backend_tokenizer
    backend.no_padding()
    backend.no_truncation()
    ids = [one for one in range(len(tokenizer)) if one not in special]
    texts = [text.strip() for text in backend.decode_batch([[one] for one in ids], skip_special_tokens=False)]
    left = [(one, text) for one, text in zip(ids, texts, strict=True) if _plain(text)]
    found: dict[str, int] = {}
    # Behind a space, as a word stands in a text, or at its beginning: some tokenizers tell these apart.
    for lead in (" ", ""):
        read = backend.encode_batch_fast([lead + text for _, text in left], add_special_tokens=False)
        other = []
        for (one, text), seen in zip(left, read, strict=True):
            if seen.ids == [one]:
                found.setdefault(text, one)
            else:
                other.append((one, text))
        left = other
    return found


def _plain(text: str) -> bool:
    return bool(text) and "\ufffd" not in text and len(text.split()) == 1 and printable(text) == text


def runs_of(mark: str) -> list[Cue]:
    """A mark written once, twice and three times."""
    return [Cue("marks", mark * times) for times in (1, 2, 3)]


def phrases(here: Counter[Cue], every: Counter[Cue], most: int) -> list[Cue]:
    """How texts of a class begin and end, those first that are most of its own, then the longest.

    Args:
        here: `edges` of the texts of the class.
        every: `edges` of all texts.
        most: how many are returned at most.
    """
    own, rest = max(1, here.total()), max(1, every.total() - here.total())

    def place(cue: Cue) -> tuple[float, int, str, str]:
        return (every[cue] - here[cue]) / rest - here[cue] / own, -len(cue.text), cue.kind, cue.text

    known = (
        cue for cue, count in every.items() if max(here[cue], count - here[cue]) >= LEAST_TEXTS_OF_PHRASE
    )
    return nsmallest(most, known, key=place)


def edges(texts: Iterable[str]) -> Counter[Cue]:
    """How often texts begin and end in which ways, of one word to `MOST_PHRASE`."""
    counts: Counter[Cue] = Counter()
    for text in texts:
        places = words(text)
        for size in range(1, min(MOST_PHRASE, len(places) - 1) + 1):
            opening = text[places[0][0] : places[size - 1][1]]
            ending = text[places[-size][0] : places[-1][1]]
            both = (Cue("opening", opening), Cue("ending", ending))
            counts.update(cue for cue in both if printable(cue.text) == cue.text)
    return counts
