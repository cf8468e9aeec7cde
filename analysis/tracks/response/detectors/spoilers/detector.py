"""Answers that tell how a story goes on: the catalogue's spoilers of the titles named, and the policy's words.

*Per title*: for titles that the prompt or the answer names, a sentence (or two, where the second refers to the first)
that holds the telling words of a listed spoiler, rare ones weighing more: its event with its sign and somebody of it,
or the two who are one, joined by a copula. *Words*: the policy's spoiler words in any inflection. Denials, questions,
what is supposed, wished or withheld, where a story starts, and what the prompt itself said do not count; nor does
anything where the prompt asked to be told.

Not caught: paraphrases without the words, spoilers of titles that nobody named, other languages than English but for
spoilers in their own letters.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz import fuzz

from analysis.tracks.response.detectors.contract import Found, Knowledge, Response, Title
from analysis.tracks.response.detectors.spoilers.wording import (
    EVENTS,
    EXPRESSIONS,
    NOUNS,
    PARTICIPLES,
    PLACES,
    STRONG,
    WORDS,
    stem,
)
from analysis.tracks.response.english.sentences import (
    CLAUSE_END,
    NEGATOR,
    Span,
    clause_before,
    folded,
    level,
    negated,
    quotations,
    sentences,
    words,
)
from analysis.tracks.response.english.speech import asks
from analysis.tracks.response.titles import title_index

COVERAGE = 0.5
"""Least share of a spoiler's telling words, by weight, that a sentence holds."""
VERBATIM = 93.0
"""Likeness of the letters, 0 to 100, from which a spoiler stands there as written."""
NEAR = 70
"""Characters between one part of a spoiler and the next."""
JOINED = 240
LONGEST = 1_000
"""Characters of a sentence that are compared; a longer one is no prose."""
_SAME = re.compile(r" (?:are|were) (?:really |actually )?(?:the (?:very )?same|one)\b")


@dataclass(frozen=True)
class _Mark:
    """A concept at a place; `asserted`: no word of negation or opposite turns it over."""

    concept: str
    span: Span
    asserted: bool


@dataclass(frozen=True)
class _Spoiler:
    """A spoiler of a title: its concepts in order, the event that it turns on if any, and its letters."""

    title: Title
    text: str
    marks: tuple[_Mark, ...]
    event: _Mark | None
    agent: str


def applies(response: Response, knowledge: Knowledge) -> bool:
    """Without titles and words there is nothing to tell."""
    return bool(knowledge.catalogue or knowledge.policy.spoiler_words)


def asked_for(prompt: str) -> bool:
    """Whether a prompt asks to be told how a story goes on."""
    asked, refused = WORDS["wanted"].search(prompt), WORDS["none wanted"].search(prompt)
    if asked is None:
        return False
    return refused is None or asked.start() <= refused.start() < asked.end()


def detect(response: Response, knowledge: Knowledge) -> list[Found]:
    """Spans that give a story away, and those that look so and do not count."""
    text = response.text
    index = title_index(knowledge)
    asked, _ = index.read(response.prompt)
    here, _ = index.read(text, frozenset(title.id for one in asked for title in one.titles))
    named = dict.fromkeys(title for one in (*here, *asked) for title in one.titles)
    read = sentences(text)
    found = list(_told(response, read, list(named), _weights(knowledge)))
    taken = [Span(one.start, one.end) for one in found] + [Span(one.start, one.end) for one in here]
    echoed = folded(response.prompt)
    taken += [span for span in quotations(text) if folded(span.of(text)).strip(" .,!?") in echoed]
    for one in _worded(text, read, knowledge.policy.spoiler_words, bool(named)):
        if not any(span.overlaps(one.start, one.end) for span in taken):
            found.append(one)
            taken.append(Span(one.start, one.end))
    if asked_for(response.prompt):
        found = [
            Found(one.start, one.end, "asked for", f"{one.why}; the prompt asked for it", False)
            for one in found
        ]
    return sorted(found, key=lambda one: (one.start, one.end))


def _told(
    response: Response, read: list[Span], named: list[Title], weights: dict[str, float]
) -> Iterator[Found]:
    """The spoilers of the named titles, each at its first telling in a stretch."""
    listed = [_spoiler(title, text) for title in named for text in title.spoilers if text.strip()]
    prompt = response.prompt
    known = [(prompt, span) for span in sentences(prompt)]
    joined = [
        Span(one.start, two.end)
        for one, two in pairwise(read)
        if two.end - one.start <= JOINED
        and (WORDS["answers"] if asks(response.text, one) else WORDS["refers"]).match(
            level(two.of(response.text))
        )
    ]
    taken: list[Span] = []
    for span in [*read, *joined] if listed else []:
        marks = _marks(response.text, span)
        held = {_fate(mark.concept) for mark in marks}
        for spoiler in listed:
            share = _share(spoiler, held, weights)
            where = _tells(response.text, span, marks, spoiler, share)
            if where is None or any(one.overlaps(where.start, where.end) for one in taken):
                continue
            taken.append(where)
            why = f"{share:.0%} like the spoiler “{spoiler.text}” of {spoiler.title.title}"
            said = any(_tells(one, at, _marks(one, at), spoiler, 1.0) for one, at in known)
            if said:
                yield Found(where.start, where.end, "quoted", f"{why}; the prompt says so itself", False)
            else:
                yield Found(where.start, where.end, "spoiler", why, True)


def _share(spoiler: _Spoiler, held: set[str], weights: dict[str, float]) -> float:
    concepts = {_fate(mark.concept) for mark in spoiler.marks}
    total = sum(weights.get(one, 1.0) for one in concepts)
    return sum(weights.get(one, 1.0) for one in concepts & held) / total if total else 0.0


def _tells(text: str, span: Span, marks: tuple[_Mark, ...], spoiler: _Spoiler, share: float) -> Span | None:
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
    if where is None and share >= COVERAGE:
        where = _event(text, marks, spoiler) if spoiler.event else _identity(text, marks, spoiler)
    if where is None or WORDS["untold"].search(level(clause_before(text, span, where.start))):
        return None
    return None if WORDS["untold"].search(level(where.of(text))) else where


def _fate(concept: str) -> str:
    """Who is killed dies."""
    return "die" if concept in ("kill", "sacrifice") else concept


def _event(text: str, marks: tuple[_Mark, ...], spoiler: _Spoiler) -> Span | None:
    """The event of a spoiler with its sign, and near it whom it is about."""
    event = spoiler.event
    assert event is not None
    who = list(dict.fromkeys(mark.concept for mark in spoiler.marks if mark.concept not in EVENTS))
    for mark in marks:
        same = _fate(mark.concept) == _fate(event.concept) and mark.asserted == event.asserted
        opposite = {mark.concept, event.concept} == {"win", "lose"}
        if not (same or opposite) or _described(text, mark, bool(who)):
            continue
        if not who:
            return mark.span
        near = [
            one
            for one in marks
            if one.concept in who[:3] and _joined_to(text, one.span, mark, spoiler, opposite, event.asserted)
        ]
        held = {one.concept for one in near}
        if (who[0] in held or spoiler.agent in held) and (
            event.concept in STRONG or 2 * len(held) >= len(who[:3])
        ):
            first = next(one.span for one in near if one.concept in (who[0], spoiler.agent))
            return Span(min(first.start, mark.span.start), max(first.end, mark.span.end))
    return None


def _described(text: str, mark: _Mark, somebody: bool) -> bool:
    """Whether a word only describes: "his murdered brother", "the team that lost", "a wedding card"."""
    word = mark.span.of(text).lower()
    before = level(text[max(0, mark.span.start - 40) : mark.span.start])
    if word in NOUNS:
        return not somebody or bool(
            re.match(r"-|[ ](?!(?:of|in|at|on|by|is|was|and|to)\b)[a-z]", text[mark.span.end :])
        )
    if re.search(r"\b(?:you|we|i|please|just) (?:\w{1,8} )?$", before):
        return True
    if word in PARTICIPLES and re.search(r"\b(?:the|an?|his|her|their|my|your|our) $", before):
        return True
    relative = re.search(r"\w (?:that|who|which) $", before)
    return bool(relative) and not re.search(r"(?:\b(?:it|that) (?:is|was)|'s|the one)\b[^,;.]*$", before)


def _joined_to(text: str, who: Span, mark: _Mark, spoiler: _Spoiler, opposite: bool, asserted: bool) -> bool:
    """Whether somebody of the spoiler stands where the event has its subject, or its object or agent."""
    leads = who.end <= mark.span.start
    between = level(text[who.end : mark.span.start] if leads else text[mark.span.end : who.start])
    if len(between) > NEAR or who.overlaps(mark.span.start, mark.span.end) or WORDS["parted"].search(between):
        return False
    if opposite and (leads or not re.match(r" (?:\w+ ){0,3}?(?:by|to)\b", between)):
        return leads and mark.asserted != asserted
    if spoiler.agent and not leads:
        return bool(re.search(r"\b(?:by|of)\b", between)) or spoiler.agent not in _concepts(text, who)
    return leads or len(between) <= NEAR // 2


def _concepts(text: str, span: Span) -> set[str]:
    """The concepts of a stretch."""
    return {stem(folded(word.of(span.of(text)))) for word in words(span.of(text))}


def _identity(text: str, marks: tuple[_Mark, ...], spoiler: _Spoiler) -> Span | None:
    """The two sides of "the detective was the thief", joined by a copula and kept apart by nothing."""
    concepts = list(dict.fromkeys(mark.concept for mark in spoiler.marks))
    if len(concepts) < 2:
        return None
    ones = [mark.span for mark in marks if mark.concept == concepts[0]]
    others = [mark.span for mark in marks if mark.concept == concepts[-1]]
    for one in ones:
        for other in others:
            first, last = sorted((one, other))
            if _SAME.match(level(text[last.end : last.end + 40])):
                return Span(first.start, last.end)
            between = level(text[first.end : last.start])
            if (
                first.end > last.start
                or len(between) > NEAR
                or ";" in between
                or WORDS["apart"].search(between)
            ):
                continue
            if WORDS["link"].search(between) and not NEGATOR.search(between.replace("none other", "")):
                return Span(first.start, last.end)
    return None


@lru_cache(maxsize=8)
def _weights(knowledge: Knowledge) -> dict[str, float]:
    """How telling a concept is: the rarer among the spoilers, the more (inverse document frequency)."""
    listed = [text for title in knowledge.catalogue for text in title.spoilers]
    often = Counter(
        concept
        for text in listed
        for concept in {_fate(one.concept) for one in _marks(text, Span(0, len(text)))}
    )
    return {one: math.log((1 + len(listed)) / (1 + n)) + 1.0 for one, n in often.items()}


@lru_cache(maxsize=65536)
def _spoiler(title: Title, text: str) -> _Spoiler:
    marks = _marks(text, Span(0, len(text)))
    kept = tuple(mark for mark in marks if mark.concept not in PLACES and not mark.concept.isdigit())
    identity = re.fullmatch(r".{2,80}? (?:is|was|were|are|had been) (?:the|an?) .{2,80}", folded(text))
    event = None if identity else next((mark for mark in kept if mark.concept in EVENTS), None)
    by = re.search(r"\bby (?:the |an? |his |her )?", folded(text))
    agent = next((mark.concept for mark in kept if by and mark.span.start >= by.end()), "")
    return _Spoiler(title, text, kept, event, agent)


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


def _worded(text: str, read: list[Span], terms: tuple[str, ...], about: bool) -> Iterator[Found]:
    """The policy's words, in any inflection, and turns of a story that the answer is about, where they tell one."""
    idioms = [Span(*match.span()) for match in EXPRESSIONS[0][0].finditer(level(text))]
    for term, pattern in [*_terms(terms), *([("", WORDS["reveal"])] if about else [])]:
        for span in read:
            for match in pattern.finditer(text, span.start, span.end):
                start, end = match.span()
                before = level(text[max(span.start, start - NEAR) : start])
                asked = asks(text, span) or WORDS["untold"].search(level(clause_before(text, span, start)))
                if (
                    asked
                    or WORDS["shop turn"].match(text, end)
                    or any(one.overlaps(start, end) for one in idioms)
                ):
                    continue
                said = term or match.group()
                if negated(text, span, start):
                    yield Found(start, end, "negated", f"“{said}” is denied", False)
                elif WORDS["about"].search(before) or (
                    WORDS["premise"].search(before) and "," in text[end : end + 60]
                ):
                    yield Found(start, end, "premise", f"“{said}” tells where the story starts", False)
                else:
                    why = f"the policy lists “{term}”" if term else f"tells how a story turns: “{said}”"
                    yield Found(start, end, "spoiler word", why, True)


@lru_cache(maxsize=64)
def _terms(terms: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    """Each term with its words cut to their stems, so that `dies` finds `died` and `dying`."""
    found = []
    for term in terms:
        body = r"\s+".join(_inflected(word) for word in folded(term).split())
        if body:
            found.append((term, re.compile(rf"(?<!\w){body}(?!\w)", re.IGNORECASE)))
    return found


def _inflected(word: str) -> str:
    cut = re.sub(r"(?<=\w{3})(?:ying|ing|ied|ed|es|s|e)$", "", word)
    if cut.endswith("ie") or cut == "di":
        return rf"{re.escape(cut[:-2] if cut.endswith('ie') else 'd')}(?:ie[sd]?|ying)"
    return rf"{re.escape(cut)}(?:ies|ying|ing|ied|ed|es|s|e|d)?"
