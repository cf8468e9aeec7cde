"""Whether a sentence tells a spoiler: who is whom, and who does what or suffers it.

A detective who chases a thief is not the thief, and a captain who kills is not killed: the concepts of the spoiler
must stand to each other as in the spoiler. What is asked, wished, feared, supposed or withheld is not told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analysis.tracks.response.detectors.spoilers.events import BEFALLS, CONVERSE, FATE, KIN, STRONG
from analysis.tracks.response.detectors.spoilers.frames import Frame, frame
from analysis.tracks.response.detectors.spoilers.limits import (
    ANOTHER,
    BEATEN_BY,
    CLEFT,
    COMPOUND,
    CONJOINED,
    LATE,
    LINK,
    NEW_SUBJECT,
    NOMINAL,
    PAIR,
    PARTICIPLE,
    PARTICIPLES,
    PASSIVELY,
    PREMISE,
    RELATION,
    RESTRICTIVE,
    START,
    TOGETHER,
    UNEXPECTED,
    UNREAL,
    WISH,
    asked,
    piece,
    supposed,
)
from analysis.tracks.response.detectors.spoilers.wording import Mark, Phrase, Sentence, as_written, says
from analysis.tracks.response.english.sentences import Span

REACH = 90
"""Characters between one part of a spoiler and the next."""


def tells(sentence: Sentence, phrase: Phrase) -> tuple[float, Span] | None:
    """How alike a sentence is to a spoiler (0 to 100) and where it tells it; None where it does not.

    A spoiler of no construction that is known here is compared word by word, and so is one in nearly its own letters.
    """
    wanted = frame(phrase)
    if wanted is None or as_written(sentence, phrase):
        match = says(sentence, phrase)
        if match is None or asked(sentence) or supposed(sentence, match[1].start):
            return None
        if WISH.search(piece(sentence, match[1].start, match[1].end)):
            return None
        return match
    where = builds(sentence, wanted)
    if where is None or START.search(piece(sentence, where.start - 60, where.start)):
        return None
    return 100.0 * len(phrase.stems & sentence.stems.keys()) / len(phrase.stems), where


def builds(sentence: Sentence, wanted: Frame) -> Span | None:
    """Where the sentence builds the same; None where it does not."""
    if asked(sentence):
        return None
    for span in _identity(sentence, wanted) if wanted.event is None else _happening(sentence, wanted):
        return span
    return None


def _identity(sentence: Sentence, wanted: Frame) -> Iterator[Span]:
    ones = _places(sentence, wanted.one)
    others = _places(sentence, wanted.other)
    akin = not KIN.isdisjoint(wanted.other)
    for one in ones:
        for other in others:
            if one.overlaps(other.start, other.end):
                continue
            first, last = sorted((one, other))
            between = piece(sentence, first.end, last.start)
            around = (
                piece(sentence, first.start - 35, first.start)
                + "|"
                + piece(sentence, last.end, last.end + 30)
            )
            deed = piece(sentence, other.start, other.end)
            if TOGETHER.match(piece(sentence, last.end, last.end + 30)) and CONJOINED.fullmatch(between):
                yield Span(first.start, last.end)
                continue
            if (
                len(between) > REACH
                or ";" in between
                or RELATION.search(between)
                or (not akin and NEW_SUBJECT.search(between))
            ):
                continue
            linked = LINK.search(between) or (
                len(between) < 50 and LINK.search(around + "|" + deed) and "," not in between.strip(" ,")
            )
            if not linked or supposed(sentence, first.start):
                continue
            clause = max((at for at in sentence.clauses if at <= first.start), default=sentence.span.start)
            denied = any(
                max(clause, first.start - 30) <= at < last.start for at in sentence.negators
            ) and not UNEXPECTED.search(
                piece(sentence, first.start - 40, last.start),
            )
            if denied != wanted.asserted:
                yield Span(first.start, last.end)


def _places(sentence: Sentence, names: tuple[str, ...]) -> list[Span]:
    """Where one side of an identity is named: half of its concepts, the last of them or its like among them."""
    alike = {name: _alike(name) for name in names}
    if 2 * sum(any(one in sentence.stems for one in alike[name]) for name in names) < len(names):
        return []
    heads = [place for one in _alike(names[-1]) for place in sentence.stems.get(one, ())]
    if not heads and len(names) > 1:
        heads = [place for one in _alike(names[0]) for place in sentence.stems.get(one, ())]
    return heads[:6]


def _alike(name: str) -> tuple[str, ...]:
    if name == "kill":
        return ("kill", "culprit")
    if name == "culprit":
        return ("culprit", "kill")
    return (name, CONVERSE[name]) if name in CONVERSE else (name,)


def _happening(sentence: Sentence, wanted: Frame) -> Iterator[Span]:
    event = wanted.event or ""
    for mark in sentence.marks:
        if not _same_event(sentence, mark, wanted) or not _verbal(sentence, mark):
            continue
        if UNREAL.search(piece(sentence, mark.span.start - 30, mark.span.start)) or supposed(
            sentence, mark.span.start
        ):
            continue
        parts = [mark.span]
        who = _near(sentence, wanted.one[::-1], mark)
        if wanted.one and who is None and (not wanted.agent or wanted.other):
            continue
        if who is not None:
            if not wanted.agent and not _takes_part(sentence, who, mark, wanted):
                continue
            parts.append(who)
        if wanted.agent:
            agent = _near(sentence, wanted.agent[::-1], mark)
            if agent is None or (agent.start > mark.span.end and not _by(sentence, mark, agent)):
                continue
            parts.append(agent)
        rest = [place for name in wanted.other if (place := _near(sentence, (name,), mark)) is not None]
        if not wanted.one and not wanted.agent:
            if not _of_a_pair(sentence, mark, rest, wanted):
                continue
        elif event not in STRONG and 2 * len(rest) < len(set(wanted.other) - {"again"}):
            continue
        parts.extend(rest)
        yield Span(min(one.start for one in parts), max(one.end for one in parts))


def _same_event(sentence: Sentence, mark: Mark, wanted: Frame) -> bool:
    """Whether a word tells the event, with its sign or as its opposite with the other sign.

    Who beats somebody wins, who is "beaten by" somebody makes that one win, and "losing their coach" is a death.
    """
    after = piece(sentence, mark.span.end, mark.span.end + 40)
    if mark.concept == "lose" and wanted.event == "win" and BEATEN_BY.match(after):
        return mark.asserted == wanted.asserted
    if mark.concept == "lose" and wanted.event in FATE:
        return mark.asserted and re.match(r" (?:his|her|their|the)\b", after) is not None
    if mark.concept == wanted.event:
        return mark.asserted == wanted.asserted
    if {mark.concept, wanted.event} == {"burn", "destroy"}:
        return mark.asserted == wanted.asserted
    if {mark.concept, wanted.event} == {"win", "lose"}:
        return mark.asserted != wanted.asserted
    return mark.concept in FATE and wanted.event in FATE and mark.asserted == wanted.asserted


def _verbal(sentence: Sentence, mark: Mark) -> bool:
    """Whether a word that may be an event is one here: no "lost parcel", "wedding card" or "you can return it"."""
    before = piece(sentence, mark.span.start - 16, mark.span.start)
    word = piece(sentence, mark.span.start, mark.span.end)
    if word in NOMINAL:
        return not COMPOUND.match(piece(sentence, mark.span.end, mark.span.end + 12))
    if word in PARTICIPLES and PARTICIPLE.search(before):
        return False
    return not re.search(r"\b(?:you|we|i) (?:\w{1,8} )?$|\b(?:please|just) $", before)


def _takes_part(sentence: Sentence, who: Span, mark: Mark, wanted: Frame) -> bool:
    """Whether the one named stands where the event takes its subject, or its victim where it kills."""
    if who.end <= mark.span.start:
        return _leads(sentence, who, mark, wanted)
    return _trails(piece(sentence, mark.span.end, who.start), mark, wanted, sentence)


def _leads(sentence: Sentence, who: Span, mark: Mark, wanted: Frame) -> bool:
    """Before the event: "the captain is killed", but not "the captain kills" or "the team that lost everything"."""
    between = piece(sentence, who.end, mark.span.start)
    word = piece(sentence, mark.span.start, mark.span.end)
    described = RESTRICTIVE.match(between) and not CLEFT.search(piece(sentence, who.start - 50, who.start))
    longest = 25 if word in NOMINAL else 30 if wanted.event == "exist" else REACH
    if described or len(between) > longest or NEW_SUBJECT.search(between) or ANOTHER.search(between):
        return False
    if word in NOMINAL:
        return re.search(r",|\band\b", between) is None
    undergoes = wanted.passive or wanted.event != "kill"
    return mark.concept != "kill" or undergoes == bool(PASSIVELY.search(between + word))


def _trails(between: str, mark: Mark, wanted: Frame, sentence: Sentence) -> bool:
    """After the event: "killed off the captain", "won by the rival", "the death of the coach"."""
    if mark.concept == "lose" and wanted.event in FATE:
        return re.fullmatch(r" (?:his|her|their|the) (?:\w{1,12} )?", between) is not None
    if re.fullmatch(r"[ ,]*(?:by|of|to|for)? ?(?:\w{1,12} ){0,4}", between) is None:
        return False
    done = re.search(r"\b(?:by|of)\b", between) is not None or (
        mark.concept == "lose" and BEATEN_BY.match(between) is not None
    )
    if wanted.event == "kill" and not wanted.passive:
        return done
    befalls = wanted.passive or wanted.event in BEFALLS or mark.concept in FATE
    word = piece(sentence, mark.span.start, mark.span.end)
    return befalls or done or word.endswith(("goes to", "ing"))


def _by(sentence: Sentence, mark: Mark, agent: Span) -> bool:
    between = piece(sentence, mark.span.end, agent.start)
    return bool(re.search(r"\b(?:by|of|hands?|work|from|are|is|was|were)\b", between))


def _of_a_pair(sentence: Sentence, mark: Mark, rest: list[Span], wanted: Frame) -> bool:
    """A spoiler of "they": the story's pair must be spoken of, or a late place, and not where the story starts."""
    if PREMISE.search(sentence.text):
        return False
    if wanted.other and 2 * len(rest) >= len(wanted.other):
        return True
    named = piece(sentence, mark.span.start, mark.span.end) in NOMINAL
    spoken = LATE.search(sentence.text) or (not named and PAIR.search(sentence.text))
    return bool(spoken) and wanted.event in STRONG


def _near(sentence: Sentence, names: tuple[str, ...], mark: Mark) -> Span | None:
    """The nearest place of the first of the names that is there, within reach of the event."""
    for name in names:
        places = [
            place
            for place in sentence.stems.get(name, ())
            if not place.overlaps(mark.span.start, mark.span.end)
            and abs(place.start - mark.span.start) <= REACH
        ]
        if places:
            return min(places, key=lambda one: abs(one.start - mark.span.start))
    return None
