"""The two constructions of a spoiler, taken apart.

*Identity*, "the detective was the thief": two sides that are one. *Event*, "the coach dies before the last match": the
event with its sign, whom it befalls or who does it, and the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from analysis.tracks.response.detectors.spoilers.events import EVENTS, SAME, WEAK
from analysis.tracks.response.detectors.spoilers.wording import Mark, Phrase
from analysis.tracks.response.english.sentences import NEGATOR

_IDENTITY = re.compile(
    r"(?P<one>.{2,80}?) (?:is|was|were|are|had been|has been|becomes|takes the place of"
    r"|turns into) (?:really |secretly |actually )?"
    r"(?P<other>(?:the|an?|his|her|their|its) .{2,80}|nobody|(?!\w{1,20}(?:ed|en|t)\b(?: (?:by|in|at"
    r"|before|after|up|down|off)\b|$))"
    r"(?:\w{2,20} ?){1,2}(?:$|'s .{2,60}))"
)
_PASSIVE = re.compile(
    r"\b(?:is|was|were|are|been) (?:then |later |already |never |not )?(?P<verb>\w{2,20}(?:ed|en|t|n|ne))\b"
)
_BY = re.compile(r" by (?:the |an? |his |her )?")


@dataclass(frozen=True)
class Frame:
    """A spoiler taken apart.

    Of an identity `one` is `other`. Of an event `one` suffers or does it, `other` is the rest; `asserted` is its sign,
    `agent` tells that somebody else does it ("written by the brother").
    """

    event: str | None
    asserted: bool
    one: tuple[str, ...]
    other: tuple[str, ...]
    agent: tuple[str, ...] = ()
    passive: bool = False


@lru_cache(maxsize=4096)
def frame(phrase: Phrase) -> Frame | None:
    """The construction of a spoiler; None for one that is only to be compared word by word."""
    match = _IDENTITY.fullmatch(phrase.plain)
    passive = _PASSIVE.search(phrase.plain)
    if (
        match
        and not (passive and passive.start("verb") == match.start("other"))
        and not _state(match.group("other"))
    ):
        one = _names(mark for mark in phrase.marks if mark.span.end <= match.end("one"))
        other = _names(mark for mark in phrase.marks if mark.span.start >= match.start("other"))
        if one and other:
            return Frame(None, not NEGATOR.search(phrase.plain[: match.start("other")]), one, other)
    if phrase.plain.endswith(" did it"):
        one = _names(mark for mark in phrase.marks if mark.concept != "culprit")
        return Frame(None, not phrase.denies, one, ("culprit",)) if one else None
    event = _event(phrase, passive)
    if event is None:
        return None
    by = _BY.search(phrase.plain, event.span.end)
    before = _names(mark for mark in phrase.marks if mark.span.end <= event.span.start)
    after = _names(
        mark
        for mark in phrase.marks
        if mark.span.start >= event.span.end and (by is None or mark.span.end <= by.start())
    )
    agent = _names(mark for mark in phrase.marks if by and mark.span.start >= by.end())
    return Frame(event.concept, event.asserted, before, after, agent, passive is not None)


def _state(words: str) -> bool:
    """Whether the second side of a copula is a state and names nobody: "never real", "dead"."""
    return not words.startswith(("the ", "a ", "an ")) and SAME.get(words.rsplit(maxsplit=1)[-1]) in EVENTS


def _event(phrase: Phrase, passive: re.Match[str] | None) -> Mark | None:
    """The verb that the spoiler turns on: a passive one, else the first event."""
    first = next((mark for mark in phrase.marks if mark.concept in EVENTS), None)
    if first and phrase.plain.startswith(" and ", first.span.end):
        return first
    if passive:
        for mark in phrase.marks:
            if mark.span.start <= passive.start("verb") < mark.span.end:
                return mark
    return first


def _names(marks: Iterable[Mark]) -> tuple[str, ...]:
    """Concepts that name something, in order."""
    return tuple(
        dict.fromkeys(
            mark.concept for mark in marks if mark.concept not in WEAK and not mark.concept.isdigit()
        )
    )
