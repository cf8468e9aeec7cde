"""Answers that give a story away: policy's words, the catalogue's spoilers of a title, and plain reveals.

Three sources. *Per title*: for titles that the prompt or the answer names, a sentence that tells one of the
catalogue's spoilers (spoiler_told.py), in its own construction with synonyms, mild expressions and denied
opposites (spoiler_events.py), or word by word (wording.py); two neighbours are read as one where the second
refers to the first. *Words*: policy's spoiler words in any inflection. *Reveals*: a few patterns by which a turn
of a story is told ("turns out to be", "dies in the last volume"), where the answer talks about a story. Denials
("does not die"), statements that there are none ("no spoilers"
" here"), what is asked, supposed, wished or withheld
("I won't say whether the coach dies") and what the prompt itself said do not count. An answer to somebody who
asked for spoilers has no outcome.

Not caught: hints without the words ("bring tissues for volume nine"), spoilers of titles named by neither side,
paraphrases whose event is not in the table of synonyms ("can no longer taste anything" for a lost sense of taste) or
that name a person by another role than the catalogue's ("Anna did it"), references over more than one sentence, and
languages other than English but for spoilers listed as written. Wrongly caught: a premise in the words of a listed
spoiler whose verb is not in the table ("convict sisters pilot huge machines").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from analysis.tracks.response.detectors.contract import Found, Knowledge, Response, Title
from analysis.tracks.response.detectors.spoilers.limits import asked, supposed
from analysis.tracks.response.detectors.spoilers.patterns import (
    CIRCUMSTANCE,
    DISCLAIMER,
    GENERAL,
    IDIOM,
    LATE,
    NONE_WANTED,
    OPENING,
    REVEAL,
    STORY,
    WANTED,
)
from analysis.tracks.response.detectors.spoilers.told import tells
from analysis.tracks.response.detectors.spoilers.wording import Phrase, Sentence, phrase, says, sentence
from analysis.tracks.response.english.sentences import Span, folded, negated, quotations, sentences, words
from analysis.tracks.response.titles import title_index

JOINED = 260
"""Characters of two sentences that are read as one."""
SHORT = 45
"""Characters of a sentence that only answers the question before it."""
_REFERS = re.compile(
    r"\W{0,3}(?:and |but |well,? |sadly,? |yes,? |in fact,? )?(?:he|she|they|it|that|this|his|her|their"
    r"|no such|both)\b"
)
"""How a sentence opens that speaks of the one before."""
_WITHHOLDS = re.compile(r"\W{0,3}(?:i|i'm|i'd|i'll|we|you|you'll|no|not|my)\b")
"""How a reply opens that answers nothing."""
_INVERTED = re.compile(
    r"(?:^\W{0,3}|[;:—] )(?:and |but |so )?(?:does|do|did|will|is|are|was|were|can|could|who|what|how|why"
    r"|has|have|would|should)\b"
)
"""How a question opens that only an answer turns into telling."""
_YES = re.compile(
    r"\W{0,3}(?:yes|yep|sadly|afraid so|i'm afraid|oh yes|of course|he does|she does|they do|the|her|his"
    r"|it's the|it was)\b"
)
_SHOP_TURN = re.compile(r",? (?:i|you|we|your|our|it['’]s (?:up to|your))\b", re.IGNORECASE)
"""What follows "in the end" where no story is told."""
GENERAL_REACH = 40
"""Characters of a match in which a word of the shop shows that no story is told."""


@dataclass(frozen=True)
class _Listed:
    """A spoiler of the catalogue with its title."""

    title: Title
    phrase: Phrase


def wish(prompt: str, expected: frozenset[str]) -> str:
    """What the prompt wants: `none` (or the record expects none), `asked` for them, or `open`."""
    if "no_spoilers" in expected:
        return "none"
    asked = WANTED.search(prompt)
    refused = NONE_WANTED.search(prompt)
    if refused and not (asked and asked.start() <= refused.start() < asked.end()):
        return "none"
    return "asked" if asked else "open"


def detect(response: Response, knowledge: Knowledge) -> list[Found]:
    """Spans that give a story away, and those that look so and do not count."""
    text = response.text
    index = title_index(knowledge)
    asked, _ = index.read(response.prompt)
    here, _ = index.read(text, frozenset(title.id for one in asked for title in one.titles))
    named = list(dict.fromkeys(title for one in (*here, *asked) for title in one.titles))
    disclaimers = [Span(*match.span()) for match in DISCLAIMER.finditer(text)]
    wanted = "; the prompt asked for none" if wish(response.prompt, response.expected) == "none" else ""
    read = [sentence(text, span) for span in sentences(text)]
    told = _told(text, read, named, response.prompt, wanted)
    silent = bytearray(len(text))
    idioms = [Span(*match.span()) for match in IDIOM.finditer(text)]
    names = [Span(one.start, one.end) for one in here]
    for span in (*names, *disclaimers, *idioms, *_echoes(text, response.prompt)):
        silent[span.start : span.end] = b"\x01" * (span.end - span.start)
    found = [
        *told,
        *_worded(text, read, knowledge.policy.spoiler_words, silent, wanted),
        *_revealed(text, read, bool(named), silent, wanted),
        *(
            Found(one.start, one.end, "none promised", "says that there are none", counts=False)
            for one in disclaimers
        ),
    ]
    return sorted(_apart(found), key=lambda one: (one.start, one.end))


def applies(response: Response, knowledge: Knowledge) -> bool:
    """Who asked for spoilers is owed them."""
    return wish(response.prompt, response.expected) != "asked"


def _told(text: str, read: list[Sentence], named: Iterable[Title], prompt: str, wanted: str) -> list[Found]:
    """The catalogue's spoilers of the named titles; only those that share half of their words are compared."""
    listed = [
        _Listed(title, phrase(spoiler)) for title in named for spoiler in title.spoilers if spoiler.strip()
    ]
    postings: dict[str, list[int]] = {}
    for number, spoiler in enumerate(listed):
        for key in spoiler.phrase.stems:
            postings.setdefault(key, []).append(number)
    foreign = [number for number, spoiler in enumerate(listed) if not spoiler.phrase.plain.isascii()]
    known = [sentence(prompt, span) for span in sentences(prompt)]
    found: list[Found] = []
    for one in (*read, *_joined(text, read)):
        shared = Counter(number for key in one.stems if key in postings for number in postings[key])
        likely = [number for number, n in shared.items() if 4 * n >= len(listed[number].phrase.stems)]
        for number in dict.fromkeys([*likely, *foreign]):
            spoiler = listed[number]
            match = tells(one, spoiler.phrase)
            if match is None:
                continue
            alike, where = match
            why = f"{alike:.0f} % like the spoiler “{spoiler.phrase.text}” of {spoiler.title.title}"
            if any(tells(line, spoiler.phrase) or says(line, spoiler.phrase) for line in known):
                found.append(
                    Found(where.start, where.end, "quoted", f"{why}; the prompt says so itself", counts=False)
                )
            else:
                found.append(Found(where.start, where.end, "spoiler", why + wanted, counts=True))
    return found


def _joined(text: str, read: list[Sentence]) -> list[Sentence]:
    """Neighbours read as one, where the second speaks of the first, as in "The coach? He dies" in two sentences."""
    return [
        sentence(text, Span(first.span.start, second.span.end))
        for first, second in pairwise(read)
        if second.span.end - first.span.start <= JOINED and _answers(first.text, second.text)
    ]


def _answers(first: str, second: str) -> bool:
    """Whether a sentence goes on about the one before it; a question put and left open does not tell."""
    if not first.endswith("?"):
        return bool(_REFERS.match(second))
    if _INVERTED.search(first):
        return bool(_YES.match(second))
    return bool(_REFERS.match(second)) or (len(second) <= SHORT and not _WITHHOLDS.match(second))


@lru_cache(maxsize=64)
def _word_stems(terms: tuple[str, ...]) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """First stem of a term -> stems of the whole term, and the term."""
    table: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for term in terms:
        plain = folded(term)
        stems = tuple(_inflected(word.of(plain)) for word in words(plain))
        if stems:
            table.setdefault(stems[0], []).append((stems, term))
    return table


def _inflected(word: str) -> str:
    """A word without its inflection; synonyms stay apart, for policy names the words that it means."""
    for ending, least in (
        ("ying", 1),
        ("ies", 2),
        ("ing", 3),
        ("ied", 2),
        ("ed", 2),
        ("es", 2),
        ("s", 3),
        ("e", 2),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= least:
            rest = word[: -len(ending)]
            return rest + "i" if ending in {"ying", "ies", "ied"} else rest
    return word


def _worded(
    text: str, read: list[Sentence], terms: tuple[str, ...], silent: bytearray, wanted: str
) -> list[Found]:
    table = _word_stems(terms)
    if not table:
        return []
    found: list[Found] = []
    for one in read:
        spans = [
            Span(one.span.start + word.start, one.span.start + word.end) for word in words(one.span.of(text))
        ]
        stems = [_inflected(folded(span.of(text))) for span in spans]
        for at, first in enumerate(stems):
            for sequence, term in table.get(first, ()):
                if tuple(stems[at : at + len(sequence)]) != sequence:
                    continue
                start, end = spans[at].start, spans[at + len(sequence) - 1].end
                if silent.find(1, start, end) >= 0 or asked(one) or supposed(one, start):
                    continue
                if _SHOP_TURN.match(text, end):
                    continue
                if negated(text, one.span, start):
                    found.append(Found(start, end, "negated", f"“{term}” is denied", counts=False))
                elif _premise(one.span.of(text), start - one.span.start):
                    found.append(
                        Found(start, end, "premise", f"“{term}” tells where the story starts", counts=False)
                    )
                else:
                    why = f"policy lists “{term}” as a word that gives a story away"
                    found.append(Found(start, end, "spoiler word", why + wanted, counts=True))
    return found


def _revealed(text: str, read: list[Sentence], about: bool, silent: bytearray, wanted: str) -> list[Found]:
    found: list[Found] = []
    for one in read:
        piece = one.span.of(text)
        if piece.endswith("?") or not (about or STORY.search(piece)):
            continue
        for match in REVEAL.finditer(piece):
            start, end = one.span.start + match.start(), one.span.start + match.end()
            if silent.find(1, start, end) >= 0 or negated(text, one.span, start):
                continue
            if (
                supposed(one, start)
                or _premise(piece, match.start())
                or GENERAL.search(match.group()[:GENERAL_REACH])
            ):
                continue
            shown = " ".join(match.group().split())
            why = f"tells how the story turns: “{shown[:60]}”"
            found.append(Found(start, end, "spoiler", why + wanted, counts=True))
    return found


def _premise(piece: str, at: int) -> bool:
    """Whether a sentence tells by a word at that place where the story starts: "after her father dies, ..."."""
    before = piece[max(0, at - 40) : at]
    circumstance = CIRCUMSTANCE.search(before) and "," in piece[at : at + 60]
    return bool(OPENING.search(before) or circumstance) and not LATE.search(piece)


def _echoes(text: str, prompt: str) -> list[Span]:
    """Quotations of what the prompt says."""
    asked = folded(prompt)
    return [span for span in quotations(text) if folded(span.of(text)).strip(" .,!?") in asked]


def _apart(found: list[Found]) -> list[Found]:
    """One finding per stretch: what counts before what does not, the catalogue's spoilers before other reasons."""
    rank = {"quoted": 0, "spoiler": 1, "spoiler word": 2}
    kept: list[Found] = []
    taken = bytearray(max((one.end for one in found), default=0))
    for one in sorted(
        found, key=lambda one: (rank.get(one.label, 3), "like the spoiler" not in one.why, one.start)
    ):
        if taken.find(1, one.start, one.end) < 0:
            kept.append(one)
            taken[one.start : one.end] = b"\x01" * (one.end - one.start)
    return kept
