"""Whether a sentence says what a phrase says, in the same or in near words.

Two measures: RapidFuzz's partial ratio of the letters (Levenshtein-like, best alignment of the shorter text in the
longer), and the share of the phrase's content words that the sentence holds, words reduced to a stem and a few
events that stories turn on (to die, kill, win, lose, marry, betray ...) taken as one word with their synonyms.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from analysis.text.lexicon import STOPWORDS
from analysis.tracks.response.detectors.spoilers.events import EVENTS, SAME
from analysis.tracks.response.detectors.spoilers.expressions import EXPRESSIONS
from analysis.tracks.response.english.phrases import level
from analysis.tracks.response.english.sentences import CLAUSE_END, NEGATOR, Span, folded, words

PARTIAL_RATIO = 85.0
"""Least likeness of the letters, 0 to 100, where half of the content words are there, too."""
VERBATIM_RATIO = 93.0
"""Least likeness of the letters of what is the phrase itself but for an ending."""
COVERAGE = 0.75
"""Least share of the content words that stands for the phrase by itself; all of two."""
NEAR_COVERAGE = 0.6
"""Least share where the words stand within `NEAR_CHARACTERS` and hold a turn of the story and what it befalls."""
NEAR_CHARACTERS = 80
NEGATION_REACH = 40
"""Characters before a word, within its clause, in which a word of negation denies it."""
LONGEST_SENTENCE = 2000
"""Characters of a sentence that are compared; a longer one is no prose."""

_FUNCTION_WORDS = (
    "s t all one only out up after before never not no nor who whom whose what when where which while"
    " her his their its own"
)
_EMPTY = frozenset(folded(" ".join(STOPWORDS)).split()) | frozenset(_FUNCTION_WORDS.split())
_SUBORDINATE = re.compile(r"\b(?:because|since|when|after)\b")
"""A clause that a denial before it does not reach: "it never happens because he is killed"."""
_SUFFIX = re.compile(r"(?:(?<=\w{3})(?:ing|ed|es|ly|s)|['’]s)$")


@dataclass(frozen=True)
class Mark:
    """A concept at a place of a text; `asserted` tells that no word of negation or opposite turns it over."""

    concept: str
    span: Span
    asserted: bool


@dataclass(frozen=True)
class Phrase:
    """A phrase with its folded letters, its content stems in order and whether it denies something."""

    text: str
    plain: str
    marks: tuple[Mark, ...]
    stems: frozenset[str]
    denies: bool


@lru_cache(maxsize=65536)
def phrase(text: str) -> Phrase:
    """A phrase made ready to be looked for."""
    plain = folded(text)
    marks = _marks(plain, 0)
    return Phrase(text, plain, marks, frozenset(mark.concept for mark in marks), bool(NEGATOR.search(plain)))


def stem(word: str) -> str:
    """A folded word less its inflection, or the event that it tells; empty for a function word."""
    bare = _SUFFIX.sub("", word) if word.endswith(("'s", "’s")) else word
    if bare in _EMPTY:
        return ""
    if bare in SAME:
        return SAME[bare]
    return SAME.get(_SUFFIX.sub("", bare), _SUFFIX.sub("", bare))


@dataclass(frozen=True)
class Sentence:
    """A sentence made ready to be compared with many phrases; `clauses` are the places where one starts."""

    span: Span
    text: str
    plain: str
    marks: tuple[Mark, ...]
    stems: dict[str, list[Span]]
    negators: tuple[int, ...]
    clauses: tuple[int, ...]


def sentence(text: str, span: Span) -> Sentence:
    """Stems with the places of their words, in the offsets of the whole text."""
    piece = text[span.start : min(span.end, span.start + LONGEST_SENTENCE)]
    marks = _marks(piece, span.start)
    stems: dict[str, list[Span]] = {}
    for mark in marks:
        stems.setdefault(mark.concept, []).append(mark.span)
    negators = tuple(span.start + match.start() for match in NEGATOR.finditer(piece))
    clauses = tuple(span.start + match.end() for match in CLAUSE_END.finditer(piece))
    return Sentence(span, level(piece), folded(piece), marks, stems, negators, clauses)


def _marks(piece: str, offset: int) -> tuple[Mark, ...]:
    """The concepts of a text in order: expressions first, then the words that stand outside them."""
    lower = level(piece)
    negators = [match.start() for match in NEGATOR.finditer(lower)]
    clauses = sorted(
        match.end() for pattern in (CLAUSE_END, _SUBORDINATE) for match in pattern.finditer(lower)
    )
    taken = bytearray(len(piece))
    found: list[Mark] = []

    def add(concept: str, start: int, end: int, asserted: bool) -> None:
        at = bisect_right(clauses, start) - 1
        first = max(clauses[at] if at >= 0 else 0, start - NEGATION_REACH)
        denied = bisect_left(negators, first) < bisect_left(negators, start)
        found.append(Mark(concept, Span(offset + start, offset + end), asserted != denied))

    for pattern, concept, asserted in EXPRESSIONS:
        for match in pattern.finditer(lower):
            start, end = match.span()
            if taken.find(1, start, end) < 0:
                taken[start:end] = b"\x01" * (end - start)
                if concept:
                    add(concept, start, end, asserted)
    for word in words(piece):
        if not taken[word.start] and (key := stem(folded(word.of(piece)))):
            add(key, word.start, word.end, True)
    return tuple(sorted(found, key=lambda mark: mark.span))


def says(sentence: Sentence, phrase: Phrase) -> tuple[float, Span] | None:
    """How alike the sentence is to the phrase (0 to 100) and where it says so; None where it does not.

    A sentence that denies what the phrase asserts, or the other way round, does not say it.
    """
    shared = phrase.stems & sentence.stems.keys()
    share = len(shared) / len(phrase.stems) if phrase.stems else 0.0
    ratio = fuzz.partial_ratio(phrase.plain, sentence.plain, score_cutoff=PARTIAL_RATIO)
    long_enough = len(sentence.plain) >= 0.6 * len(phrase.plain)
    enough = (len(phrase.stems) > 2 and share >= COVERAGE) or (len(phrase.stems) == 2 and share == 1.0)
    near = share >= NEAR_COVERAGE and bool(shared & EVENTS) and bool(shared - EVENTS)
    if not (
        enough
        or near
        or (long_enough and share >= 0.5 and ratio >= PARTIAL_RATIO)
        or _unspaced(sentence, phrase)
    ):
        return None
    where = _extent([sentence.stems[key] for key in shared], sentence, phrase)
    if near and not enough and where.end - where.start > NEAR_CHARACTERS:
        return None
    clause = max((at for at in sentence.clauses if at <= where.start), default=sentence.span.start)
    denied = any(max(clause, where.start - 30) <= at < where.end for at in sentence.negators)
    if denied != phrase.denies:
        return None
    return max(ratio, 100.0 * share), where


def as_written(sentence: Sentence, phrase: Phrase) -> bool:
    """Whether the phrase stands in the sentence in nearly its own letters."""
    return (
        len(sentence.plain) >= 0.6 * len(phrase.plain)
        and fuzz.partial_ratio(phrase.plain, sentence.plain, score_cutoff=VERBATIM_RATIO) > 0
    )


def _unspaced(sentence: Sentence, phrase: Phrase) -> bool:
    """A phrase in a script without spaces has no words to compare, and is looked for as written."""
    return not phrase.plain.isascii() and phrase.plain in sentence.plain


def _extent(places: list[list[Span]], sentence: Sentence, phrase: Phrase) -> Span:
    """A short stretch that holds one place of each word, nearest to the rarest; else the aligned letters."""
    expressed = (
        any(" " in mark.span.of(phrase.plain) for mark in phrase.marks) and phrase.plain in sentence.plain
    )
    if len(places) > 1 and not expressed:
        anchor = min(places, key=len)[0]
        chosen = [min(spans, key=lambda one: abs(one.start - anchor.start)) for spans in places]
        return Span(min(one.start for one in chosen), max(one.end for one in chosen))
    aligned = fuzz.partial_ratio_alignment(phrase.plain, sentence.plain)
    whole = sentence.span
    if aligned is None or len(sentence.plain) != whole.end - whole.start:
        return whole
    return Span(whole.start + aligned.dest_start, whole.start + aligned.dest_end)
