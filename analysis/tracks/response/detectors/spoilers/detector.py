"""Answers that tell how a story goes on: the catalogue's spoilers of the titles named, and the policy's words.

*Per title*: for titles that the prompt or the answer names, a sentence that holds half of the concepts of a listed
spoiler: its event with its sign and near it somebody of it, or the two who are one, joined by a copula; or its letters.
*Words*: the policy's spoiler words in any inflection. Denials, questions, what is supposed, wished or withheld, where a
story starts, and what the prompt itself said do not count; nor does anything where the prompt asked to be told.

Not caught: paraphrases without the words, a spoiler told over two sentences, spoilers of titles that nobody named,
other languages than English but for spoilers in their own letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz import fuzz

from analysis.text.lexicon import STOPWORDS
from analysis.tracks.response.detectors.contract import Found, Knowledge, Response, Title
from analysis.tracks.response.english.sentences import (
    CLAUSE_END,
    NEGATOR,
    Span,
    asks,
    clause_before,
    folded,
    level,
    negated,
    quotations,
    sentences,
    words,
)
from analysis.tracks.response.english.word_lists import expressions, word_lists, word_set
from analysis.tracks.response.titles import titles_in

COVERAGE = 0.5
"""Least share of a spoiler's concepts that a sentence holds."""
VERBATIM = 93.0
"""Likeness of the letters, 0 to 100, from which a spoiler stands there as written."""
NEAR = 70
"""Characters between one part of a spoiler and the next."""
LONGEST = 1_000
"""Characters of a sentence that are compared; a longer one is no prose."""

WORDS = expressions(__package__, "words.en.txt")
_LISTS = word_lists(__package__, "words.en.txt")


def _concepts(section: str) -> dict[str, str]:
    """Each word of a section with the word that it means the same as."""
    parted = [line.partition(": ") for line in _LISTS[section]]
    return {word: concept for concept, _, alike in parted for word in (concept, *alike.split())}


EVENTS = frozenset(_concepts("events").values())
SAME = _concepts("events") | _concepts("others")
"""A word's concept; what means the same has the same."""
NOUNS, PARTICIPLES, PLACES = (
    word_set(__package__, "words.en.txt", section) for section in ("nouns", "participles", "places")
)
EXPRESSIONS = (
    (WORDS["idiom"], "", True),
    *(
        (words, name.split()[1], name.startswith("tells"))
        for name, words in WORDS.items()
        if name.startswith(("tells ", "denies "))
    ),
)
"""Expressions of several words with their concept, and whether they assert it."""
_EMPTY = frozenset(folded(" ".join(STOPWORDS)).split()) | word_set(__package__, "words.en.txt", "common")
_SUFFIX = re.compile(r"(?:(?<=\w{3})(?:ing|ed|es|ly|s|e)|['’]s)$")


def stem(word: str) -> str:
    """The concept of a folded word, or the word less its inflection; empty for a function word."""
    bare = re.sub(r"['’]s$", "", word)
    if bare in _EMPTY:
        return ""
    cut = _SUFFIX.sub("", bare)
    return SAME.get(bare) or SAME.get(cut, cut or bare)


@dataclass(frozen=True)
class _Mark:
    """A concept at a place; `asserted`: no word of negation or opposite turns it over."""

    concept: str
    span: Span
    asserted: bool


@dataclass(frozen=True)
class _Spoiler:
    """A spoiler of a title: its concepts in order, and the event that it turns on if any."""

    title: Title
    text: str
    marks: tuple[_Mark, ...]
    event: _Mark | None


def asked_for(prompt: str) -> bool:
    """Whether a prompt asks to be told how a story goes on."""
    asked, refused = WORDS["wanted"].search(prompt), WORDS["none wanted"].search(prompt)
    return asked is not None and (refused is None or asked.start() <= refused.start() < asked.end())


def detect(response: Response, knowledge: Knowledge) -> list[Found]:
    """Spans that give a story away, and those that look so and do not count."""
    text = response.text
    asked, here = titles_in(response, knowledge)
    here = [one for one in here if one.titles]
    named = dict.fromkeys(title for one in (*here, *asked) for title in one.titles)
    found: list[Found] = []
    taken = [Span(one.start, one.end) for one in here]
    echoed = folded(response.prompt)
    taken += [span for span in quotations(text) if folded(span.of(text)).strip(" .,!?") in echoed]
    told = list(_told(response, list(named)))
    for one in (*told, *_worded(text, knowledge.policy.spoiler_words, bool(named))):
        if one in told or not any(span.overlaps(one.start, one.end) for span in taken):
            found.append(one)
            taken.append(Span(one.start, one.end))
    found.sort(key=lambda one: (one.start, one.end))
    if not asked_for(response.prompt):
        return found
    why = "; the prompt asked for it"
    return [replace(one, label="asked for", why=one.why + why, counts=False) for one in found]


def _told(response: Response, named: list[Title]) -> Iterator[Found]:
    """The spoilers of the named titles, each at its first telling in a sentence."""
    listed = [_spoiler(title, text) for title in named for text in title.spoilers if text.strip()]
    prompt = response.prompt
    taken: list[Span] = []
    for span in sentences(response.text) if listed else []:
        marks = _marks(response.text, span)
        for spoiler in listed:
            where = _tells(response.text, span, marks, spoiler)
            if where is None or any(one.overlaps(where.start, where.end) for one in taken):
                continue
            taken.append(where)
            known = any(_tells(prompt, at, _marks(prompt, at), spoiler) for at in sentences(prompt))
            label, more = ("quoted", "; the prompt says so itself") if known else ("spoiler", "")
            why = f"like the spoiler “{spoiler.text}” of {spoiler.title.title}{more}"
            yield Found(where.start, where.end, label, why, counts=not known)


def _tells(text: str, span: Span, marks: tuple[_Mark, ...], spoiler: _Spoiler) -> Span | None:
    """Where a sentence tells a spoiler; None where it does not, or asks, supposes or withholds it."""
    if asks(text, span):
        return None
    plain = text[span.start : min(span.end, span.start + LONGEST)]
    letters = fuzz.partial_ratio_alignment(folded(spoiler.text), level(plain), score_cutoff=VERBATIM)
    where: Span | None = None
    if letters is not None and len(spoiler.text) >= 4 and letters.dest_end > letters.dest_start:
        where = Span(span.start + letters.dest_start, span.start + letters.dest_end)
        if bool(NEGATOR.search(where.of(text))) != bool(NEGATOR.search(spoiler.text)):
            where = None
        elif negated(text, span, where.start):
            return None
    concepts = {_fate(mark.concept) for mark in spoiler.marks}
    held = concepts & {_fate(mark.concept) for mark in marks}
    if where is None and held and len(held) >= COVERAGE * len(concepts):
        where = _event(text, marks, spoiler) if spoiler.event else _identity(text, marks, spoiler)
    if where is None:
        return None
    told = (clause_before(text, span, where.start), where.of(text))
    return None if any(WORDS["untold"].search(level(part)) for part in told) else where


def _fate(concept: str) -> str:
    """Who is killed dies."""
    return "die" if concept in ("kill", "sacrifice") else concept


def _event(text: str, marks: tuple[_Mark, ...], spoiler: _Spoiler) -> Span | None:
    """The event of a spoiler with its sign, and near it whom it is about."""
    event = spoiler.event
    assert event is not None
    who = list(dict.fromkeys(mark.concept for mark in spoiler.marks if mark.concept not in EVENTS))[:3]
    for mark in marks:
        same = _fate(mark.concept) == _fate(event.concept) and mark.asserted == event.asserted
        if not same or _described(text, mark.span, bool(who)):
            continue
        near = [one for one in marks if one.concept in who and _gap(one.span, mark.span) <= NEAR]
        if who and 2 * len({one.concept for one in near}) < len(who):
            continue
        spans = [mark.span, *(one.span for one in near[:1])]
        return Span(min(one.start for one in spans), max(one.end for one in spans))
    return None


def _described(text: str, event: Span, somebody: bool) -> bool:
    """Whether a word only describes: "his murdered brother", "the team that lost", "a wedding card"."""
    word, before = event.of(text).lower(), level(text[max(0, event.start - 40) : event.start])
    if word in NOUNS:
        after = re.match(r"-|[ ](?!(?:of|in|at|on|by|is|was|and|to)\b)[a-z]", text[event.end :])
        return not somebody or after is not None
    owned = word in PARTICIPLES and re.search(r"\b(?:the|an?|his|her|their|my|your|our) $", before)
    relative = re.search(r"\w (?:that|who|which) $", before) and not re.search(
        r"(?:\b(?:it|that) (?:is|was)|'s|the one)\b[^,;.]*$", before
    )
    return bool(owned or relative or re.search(r"\b(?:you|we|i|please|just) (?:\w{1,8} )?$", before))


def _gap(one: Span, other: Span) -> int:
    return max(one.start - other.end, other.start - one.end)


def _identity(text: str, marks: tuple[_Mark, ...], spoiler: _Spoiler) -> Span | None:
    """The two sides of "the detective was the thief", joined by a copula and kept apart by nothing."""
    concepts = list(dict.fromkeys(mark.concept for mark in spoiler.marks))
    ones = [mark.span for mark in marks if mark.concept == concepts[0]]
    others = [mark.span for mark in marks if mark.concept == concepts[-1]]
    for first, last in (sorted((one, other)) for one in ones for other in others if one != other):
        between = level(text[first.end : last.start])
        apart = len(between) > NEAR or ";" in between or WORDS["apart"].search(between)
        denied = NEGATOR.search(between.replace("none other", ""))
        if not apart and not denied and WORDS["link"].search(between):
            return Span(first.start, last.end)
    return None


@lru_cache(maxsize=65536)
def _spoiler(title: Title, text: str) -> _Spoiler:
    marks = _marks(text, Span(0, len(text)))
    kept = tuple(mark for mark in marks if mark.concept not in PLACES and not mark.concept.isdigit())
    identity = re.fullmatch(r".{2,80}? (?:is|was|were|are|had been) (?:the|an?) .{2,80}", folded(text))
    event = None if identity else next((mark for mark in kept if mark.concept in EVENTS), None)
    return _Spoiler(title, text, kept, event)


@lru_cache(maxsize=4096)
def _marks(text: str, span: Span) -> tuple[_Mark, ...]:
    """The concepts of a sentence in order: expressions first, then the words outside them."""
    piece = level(text[span.start : min(span.end, span.start + LONGEST)])
    taken = bytearray(len(piece))
    found: list[_Mark] = []

    def add(concept: str, start: int, end: int, asserted: bool) -> None:
        ends = [match.end() for match in CLAUSE_END.finditer(piece, 0, start)]
        denied = bool(NEGATOR.search(piece, max(ends[-1] if ends else 0, start - 40), start))
        found.append(_Mark(concept, Span(span.start + start, span.start + end), asserted != denied))

    for expression, concept, asserted in EXPRESSIONS:
        for match in expression.finditer(piece):
            if taken.find(1, *match.span()) < 0:
                taken[match.start() : match.end()] = b"\x01" * (match.end() - match.start())
                if concept:
                    add(concept, *match.span(), asserted)
    for word in words(piece):
        if not taken[word.start] and (key := stem(folded(word.of(piece)))):
            add(key, word.start, word.end, True)
    return tuple(sorted(found, key=lambda mark: mark.span))


def _worded(text: str, terms: tuple[str, ...], about: bool) -> Iterator[Found]:
    """The policy's words, in any inflection, and turns of a story that the answer is about, where they tell one."""
    idioms = [Span(*match.span()) for match in EXPRESSIONS[0][0].finditer(level(text))]
    for span in sentences(text):
        if asks(text, span):
            continue
        for term, pattern in [*_terms(terms), *([("", WORDS["reveal"])] if about else [])]:
            for match in pattern.finditer(text, span.start, span.end):
                idiom = any(one.overlaps(*match.span()) for one in idioms)
                if idiom or WORDS["untold"].search(level(clause_before(text, span, match.start()))):
                    continue
                before = level(text[max(span.start, match.start() - NEAR) : match.start()])
                opens = WORDS["premise"].search(before) and "," in text[match.end() : match.end() + 60]
                said = term or match.group()
                label, why = "spoiler word", f"the policy lists “{term}”"
                if negated(text, span, match.start()):
                    label, why = "negated", f"“{said}” is denied"
                elif opens or WORDS["about"].search(before):
                    label, why = "premise", f"“{said}” tells where the story starts"
                elif not term:
                    why = f"tells how a story turns: “{said}”"
                yield Found(*match.span(), label, why, counts=label == "spoiler word")


@lru_cache(maxsize=64)
def _terms(terms: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    """Each term with its words cut to their stems, so that `dies` finds `died` and `dying`."""
    bodies = [(term, r"\s+".join(_inflected(word) for word in folded(term).split())) for term in terms]
    return [(term, re.compile(rf"(?<!\w){body}(?!\w)", re.IGNORECASE)) for term, body in bodies if body]


def _inflected(word: str) -> str:
    cut = re.sub(r"(?<=\w{3})(?:ying|ing|ied|ed|es|s|e)$", "", word)
    if cut.endswith("ie") or cut == "di":
        return rf"{re.escape(cut[:-2] if cut.endswith('ie') else 'd')}(?:ie[sd]?|ying)"
    return rf"{re.escape(cut)}(?:ies|ying|ing|ied|ed|es|s|e|d)?"
