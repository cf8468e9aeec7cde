"""Detectors of the kind `patterns`: expressions of a file, one a line, looked for sentence by sentence.

A file is UTF-8 text:

    # A comment, and why what follows it is looked for.
    language: en
    policy: refusal

    i refuse                      a word, or words, as they are written; case and kind of apostrophe do not matter
    refund*                       a star stands for any ending of a word
    /no (way|chance)/  # why      a regular expression; ^ and $ are the ends of a sentence, a space is any
    ! refuse collection           a guard: where it is found in the same sentence, its block finds nothing
    !! here is the form           a guard over the whole answer

Blank lines part blocks. A guard holds for the expressions of its block, or for the whole file where its block has
none. `language` names what the file reads (several, by commas; none: every language), `policy` the phrases of the
policy file that count besides (`refusal`, `escalation`, `pressure`).

The files here are starting points to edit: nothing is claimed of how much they find.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.text.lexicon import read_text
from analysis.tracks.response.bounded_pattern import SECONDS_PER_TEXT, Clock, matches
from analysis.tracks.response.detectors.contract import Detector, Found, Knowledge, Response
from analysis.tracks.response.detectors.patterns.pattern_file import (
    Expression,
    Patterns,
    parsed,
    plain_pattern,
)
from analysis.tracks.response.english.sentences import Span, level, sentences

FOLDER = Path(__file__).parent
MOST_BYTES = 1 << 20
"""A larger file is refused."""
_SET_OFF = re.compile(r"(?:[-*•‣–>\s\"“„«'(]|\d{1,3}[.)]\s)+")
READING = 2
"""Rises with every change of how files are read or looked for."""


def read_patterns(path: Path) -> Patterns:
    """The expressions of a file.

    Raises:
        AssayError: it cannot be read, or every mistake in it, each with its line and a remedy.
    """
    return parsed(read_text(path, MOST_BYTES, "A pattern file holds some dozens of lines."), path)


def shipped(name: str) -> Path:
    """A file of this folder by its name, such as `refusal.en`.

    Raises:
        AssayError: there is none of that name.
    """
    known = sorted(path.name.removesuffix(".txt") for path in FOLDER.glob("*.txt"))
    if name not in known:
        raise AssayError(f"there are no pattern words {name!r}", hint=suggest(name, known))
    return FOLDER / f"{name}.txt"


def patterns_detector(name: str, title: str, patterns: Patterns, place: int = 60) -> Detector:
    """A detector of the expressions of a file; it can be pickled, and its version is that of the expressions."""
    held = hashlib.sha256(repr((READING, patterns)).encode()).hexdigest()
    return Detector(
        name=name,
        title=title,
        detect=partial(_detect, name, patterns),
        version=int(held[:12], 16),
        kind="patterns",
        place=place,
        languages=patterns.languages,
    )


def _detect(name: str, patterns: Patterns, response: Response, knowledge: Knowledge) -> list[Found]:
    """One finding for each stretch of a sentence that an expression finds and no guard holds back."""
    expressions = (*patterns.expressions, *_phrases(patterns, knowledge))
    text = level(response.text)
    clock = Clock(SECONDS_PER_TEXT, len(text))
    found: list[Found] = []
    for sentence in sentences(text):
        start = _opening(text, sentence)
        piece = text[start : sentence.end]
        end = -1
        hits = sorted(_in_sentence(piece, text, expressions, clock), key=lambda hit: (hit[0], -hit[1]))
        for begin, stop, one in hits:
            if begin >= end:
                words = " ".join(response.text[start + begin : start + stop].split())
                why = f"“{words[:80]}”: {one.why or f'line {one.line} of {patterns.name}'}"
                found.append(Found(start + begin, start + stop, name, why, counts=True))
                end = stop
    return found


def _opening(text: str, sentence: Span) -> int:
    """Where a sentence begins after what only sets it off: a bullet, a number, a mark of quotation."""
    match = _SET_OFF.match(text, sentence.start, sentence.end)
    return match.end() if match and match.end() < sentence.end else sentence.start


def _in_sentence(
    piece: str, text: str, expressions: tuple[Expression, ...], clock: Clock
) -> Iterator[tuple[int, int, Expression]]:
    for one in expressions:
        try:
            hits = [match.span() for match in matches(one.pattern, piece, clock)]
            held = hits and any(
                next(matches(guard, text if whole else piece, clock), None) for guard, whole in one.guards
            )
        except TimeoutError:
            raise AssayError(
                f"the expressions take more than {SECONDS_PER_TEXT:.0f} s on one answer, at {one.written!r}",
                where=one.where,
                hint="make it shorter, or say how often a part may repeat, as in {0,3}",
            ) from None
        if not held:
            yield from ((start, end, one) for start, end in hits if end > start)


def _phrases(patterns: Patterns, knowledge: Knowledge) -> tuple[Expression, ...]:
    """The house's own phrases, as expressions."""
    policy = knowledge.policy
    phrases = {
        "refusal": policy.refusal_phrases,
        "escalation": policy.escalation_phrases,
        "pressure": policy.tone.get("pushy", ()),
    }
    return _as_expressions(phrases[patterns.policy], patterns.policy) if patterns.policy else ()


@lru_cache(maxsize=32)
def _as_expressions(phrases: tuple[str, ...], matter: str) -> tuple[Expression, ...]:
    why = f"the policy lists it among the phrases of {matter}"
    return tuple(
        Expression(0, phrase, plain_pattern(phrase.replace("*", "")), why, (), "policy")
        for phrase in phrases
        if any(char.isalnum() for char in phrase)
    )
