"""Whether a sentence says what a phrase says, in the same or in near words.

Two measures: RapidFuzz's partial ratio of the letters (Levenshtein-like, best alignment of the shorter text in the
longer), and the share of the phrase's content words that the sentence holds, words reduced to a stem and a few
events that stories turn on (to die, kill, win, lose, marry, betray ...) taken as one word with their synonyms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from analysis.lexicon import STOPWORDS
from analysis.response.detectors.text import CLAUSE_END, NEGATOR, Span, folded, words

PARTIAL_RATIO = 80.0
"""Least likeness of the letters, 0 to 100, where half of the content words are there, too."""
COVERAGE = 0.75
"""Least share of the content words that stands for the phrase by itself; all of two."""
NEAR_COVERAGE = 0.6
"""Least share where the words stand within `NEAR_CHARACTERS` and hold a turn of the story and what it befalls."""
NEAR_CHARACTERS = 80
LONGEST_SENTENCE = 2000
"""Characters of a sentence that are compared; a longer one is no prose."""

_EVENTS = {
    "die": "die dies died dying death dead deceased perish perishes perished pass passes passed",
    "kill": "kill kills killed killing killer murder murders murdered murderer slay slays slain assassin shot",
    "win": "win wins won winning winner victory victorious triumph triumphs beat beats champion",
    "lose": "lose loses lost losing defeat defeated fail fails failed loss",
    "marry": "marry marries married marriage wed weds wedding bride spouse",
    "betray": "betray betrays betrayed betrayal traitor treachery",
    "secret": "secret secretly hidden concealed undercover",
    "brother": "brother brothers sibling siblings",
    "sister": "sister sisters",
    "father": "father dad fathers parent",
    "mother": "mother mom mum mothers",
    "child": "child children kid kids son daughter baby",
    "leave": "leave leaves left leaving abandon abandons abandoned depart departs",
    "return": "return returns returned back",
    "forget": "forget forgets forgot forgotten amnesia",
    "write": "write writes wrote written writing author",
    "begin": "begin begins began start starts started first",
    "end": "end ends ended ending final finale last finally",
}
_TURNS = frozenset(("die", "kill", "win", "lose", "marry", "betray", "leave", "return", "forget"))
_SAME = {word: event for event, listed in _EVENTS.items() for word in listed.split()}
_FUNCTION_WORDS = (
    "s t all one only out up after before never not no nor who whom whose what when where which while"
)
_EMPTY = frozenset(folded(" ".join(STOPWORDS)).split()) | frozenset(_FUNCTION_WORDS.split())
_SUFFIX = re.compile(r"(?:(?<=\w{3})(?:ing|ed|es|ly|s)|['’]s)$")


@dataclass(frozen=True)
class Phrase:
    """A phrase with its folded letters, its content stems and whether it denies something."""

    text: str
    plain: str
    stems: frozenset[str]
    denies: bool


@lru_cache(maxsize=65536)
def phrase(text: str) -> Phrase:
    """A phrase made ready to be looked for."""
    plain = folded(text)
    stems = frozenset(stem(word.of(plain)) for word in words(plain)) - {""}
    return Phrase(text, plain, stems, bool(NEGATOR.search(plain)))


def stem(word: str) -> str:
    """A folded word less its inflection, or the event that it tells; empty for a function word."""
    bare = _SUFFIX.sub("", word) if word.endswith(("'s", "’s")) else word
    if bare in _EMPTY:
        return ""
    if bare in _SAME:
        return _SAME[bare]
    return _SAME.get(_SUFFIX.sub("", bare), _SUFFIX.sub("", bare))


@dataclass(frozen=True)
class Sentence:
    """A sentence made ready to be compared with many phrases; `clauses` are the places where one starts."""

    span: Span
    plain: str
    stems: dict[str, list[Span]]
    negators: tuple[int, ...]
    clauses: tuple[int, ...]


def sentence(text: str, span: Span) -> Sentence:
    """Stems with the places of their words, in the offsets of the whole text."""
    end = min(span.end, span.start + LONGEST_SENTENCE)
    piece = text[span.start : end]
    stems: dict[str, list[Span]] = {}
    for word in words(piece):
        key = stem(folded(word.of(piece)))
        if key:
            stems.setdefault(key, []).append(Span(span.start + word.start, span.start + word.end))
    negators = tuple(span.start + match.start() for match in NEGATOR.finditer(piece))
    clauses = tuple(span.start + match.end() for match in CLAUSE_END.finditer(piece))
    return Sentence(span, folded(piece), stems, negators, clauses)


def says(sentence: Sentence, phrase: Phrase) -> tuple[float, Span] | None:
    """How alike the sentence is to the phrase (0 to 100) and where it says so; None where it does not.

    A sentence that denies what the phrase asserts, or the other way round, does not say it.
    """
    shared = phrase.stems & sentence.stems.keys()
    share = len(shared) / len(phrase.stems) if phrase.stems else 0.0
    ratio = fuzz.partial_ratio(phrase.plain, sentence.plain, score_cutoff=PARTIAL_RATIO)
    long_enough = len(sentence.plain) >= 0.6 * len(phrase.plain)
    enough = (len(phrase.stems) > 2 and share >= COVERAGE) or (len(phrase.stems) == 2 and share == 1.0)
    near = share >= NEAR_COVERAGE and bool(shared & _TURNS) and bool(shared - _TURNS)
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


def _unspaced(sentence: Sentence, phrase: Phrase) -> bool:
    """A phrase in a script without spaces has no words to compare, and is looked for as written."""
    return not phrase.plain.isascii() and phrase.plain in sentence.plain


def _extent(places: list[list[Span]], sentence: Sentence, phrase: Phrase) -> Span:
    """A short stretch that holds one place of each word, nearest to the rarest; else the aligned letters."""
    if len(places) > 1:
        anchor = min(places, key=len)[0]
        chosen = [min(spans, key=lambda one: abs(one.start - anchor.start)) for spans in places]
        return Span(min(one.start for one in chosen), max(one.end for one in chosen))
    aligned = fuzz.partial_ratio_alignment(phrase.plain, sentence.plain)
    whole = sentence.span
    if aligned is None or len(sentence.plain) != whole.end - whole.start:
        return whole
    return Span(whole.start + aligned.dest_start, whole.start + aligned.dest_end)
