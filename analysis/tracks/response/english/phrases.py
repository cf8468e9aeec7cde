"""Phrases of the policy in a text, word for word or in near wording, with exact offsets."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from analysis.tracks.response.english.sentences import NEGATOR, Span

NEAR = 88.0
"""Least partial ratio (0 to 100) of a phrase in near wording."""

NEAR_WORDS = 3
"""Shorter phrases are matched word for word only: two words are near to too much."""


UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
"""A letter of a script that puts no spaces between words."""


@dataclass(frozen=True)
class Phrase:
    """A phrase found at character offsets; `similarity` is 100 where the wording is the same."""

    start: int
    end: int
    phrase: str
    similarity: float


def level(text: str) -> str:
    """Lower case and straight apostrophes, one character for one, so that offsets stay."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text.replace("’", "'"))


def find_phrases(text: str, sentences: list[Span], phrases: tuple[str, ...]) -> list[Phrase]:
    """Every phrase in the text, in order and without overlap; a near wording only within one sentence.

    A near wording must agree with the phrase on whether it holds a word of negation: "I can pass you on"
    and "I can't pass you on" are near in letters and opposite in meaning. Similarity is the partial ratio of
    RapidFuzz (share of letters in common with the best aligned stretch).
    """
    pattern = _pattern(phrases)
    if pattern is None:
        return []
    plain = level(text)
    found = [
        Phrase(match.start(), match.end(), " ".join(match.group().split()), 100.0)
        for match in pattern.finditer(plain)
    ]
    taken = {position for one in found for position in range(one.start, one.end)}
    for sentence in sentences:
        if any(position in taken for position in range(sentence.start, sentence.end)):
            continue
        near = _nearest(plain, sentence, phrases)
        if near is not None:
            found.append(near)
    return sorted(found, key=lambda one: one.start)


def by_sentence(found: list[Phrase], sentences: list[Span]) -> list[tuple[Span, list[Phrase]]]:
    """Every sentence with the phrases that begin in it."""
    grouped: list[tuple[Span, list[Phrase]]] = [(sentence, []) for sentence in sentences]
    starts = [sentence.start for sentence in sentences]
    for one in found:
        grouped[max(0, bisect_right(starts, one.start) - 1)][1].append(one)
    return grouped


def _nearest(plain: str, sentence: Span, phrases: tuple[str, ...]) -> Phrase | None:
    """The nearest wording of any phrase in one sentence, ends moved out to whole words."""
    best: Phrase | None = None
    inside = sentence.of(plain)
    for phrase in phrases:
        wanted = " ".join(level(phrase).split())
        if len(wanted.split()) < NEAR_WORDS or len(inside) < 0.8 * len(wanted):
            continue
        cutoff = best.similarity if best else NEAR
        aligned = fuzz.partial_ratio_alignment(wanted, inside, score_cutoff=cutoff)
        if aligned is None or aligned.dest_end <= aligned.dest_start:
            continue
        start, end = _whole_words(inside, aligned.dest_start, aligned.dest_end)
        if bool(NEGATOR.search(inside[start:end])) != bool(NEGATOR.search(wanted)):
            continue
        best = Phrase(sentence.start + start, sentence.start + end, wanted, aligned.score)
    return best


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    while start > 0 and text[start].isalnum() and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


@lru_cache(maxsize=32)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str] | None:
    """One alternation, longest first; between letters of a spaced script only at the edges of words."""
    wanted = sorted({" ".join(level(phrase).split()) for phrase in phrases} - {""}, key=len, reverse=True)
    if not wanted:
        return None
    parts = []
    for phrase in wanted:
        body = r"\s+".join(re.escape(word) for word in phrase.split())
        before = r"(?<!\w)" if _edged(phrase[0]) else ""
        after = r"(?!\w)" if _edged(phrase[-1]) else ""
        parts.append(f"{before}{body}{after}")
    return re.compile("|".join(parts))


def _edged(char: str) -> bool:
    return char.isalnum() and not UNSPACED.match(char)
