"""What a detector reads and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from analysis.base.records import Side


@dataclass(frozen=True)
class Passage:
    """One retrieved text that the answer could rest on; `id` is None where the record gives none."""

    id: str | None
    text: str


@dataclass(frozen=True)
class Response:
    """What one side answered to one prompt.

    `expected` holds any of `answer`, `refuse`, `escalate`, `cite`, `no_spoilers`.
    """

    ref: str
    side: Side
    prompt: str
    text: str
    passages: tuple[Passage, ...] = ()
    expected: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Title:
    """One item of the catalogue; what the catalogue does not say is None or empty."""

    id: str
    title: str
    aliases: tuple[str, ...] = ()
    author: str | None = None
    volumes: int | None = None
    price: float | None = None
    in_stock: bool | None = None
    spoilers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Promise:
    """What policy allows about one matter, e.g. a refund within 30 `days` or of up to an `amount`."""

    about: str
    text: str
    days: float | None = None
    amount: float | None = None


@dataclass(frozen=True)
class Policy:
    """What policy allows, and the words by which it names things.

    `tone` maps `warm`, `terse` and `pushy` to phrases (left out of the hash, for a mapping has none);
    `citation_pattern` has a group `id`; it is the user's own, and `find_citations` searches with it in bounded
    time.
    """

    promises: tuple[Promise, ...] = ()
    escalation_phrases: tuple[str, ...] = ()
    refusal_phrases: tuple[str, ...] = ()
    citation_pattern: str | None = None
    spoiler_words: tuple[str, ...] = ()
    tone: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What answers are checked against; made once per run and compared by identity, so that an index over
    it can be kept under it at no cost.
    """

    catalogue: tuple[Title, ...] = ()
    policy: Policy = Policy()


@dataclass(frozen=True)
class Found:
    """A span of the response, as character offsets, with a label and one plain sentence of why.

    `counts` says whether it makes the response a hit: a supported claim is shown and does not count.
    """

    start: int
    end: int
    label: str
    why: str
    counts: bool


@dataclass(frozen=True)
class Occasion:
    """A change of a detector's rate on which a review matters, as a trigger.

    Args:
        name: of the trigger.
        lead: what its sentence begins with, before the numbers of both sides.
        either_way: whether a clear fall fires it as well as a clear rise.
    """

    name: str
    lead: str
    either_way: bool = True


@dataclass(frozen=True)
class Detector:
    """One detector, with its own words: nothing about it is written anywhere else.

    `applies` says whether a response belongs to the detector's rate at all: an answer to somebody who
    asked for spoilers has no outcome for spoilers, rather than a clean one.

    Args:
        name: as stored; with a rate, also the name of its gate.
        title: what it finds, for people.
        question: what a person would be asked of an answer.
        verb: what an answer with a hit does, so that `VERB 3 of 40 answers` is a sentence.
        newly: why an answer is flagged that has a hit where the base's has none.
        protects: what its gate protects.
        detect: what it finds in a response.
        applies: whether a response belongs to its rate.
        version: rises with every change of what it finds.
        place: detectors are listed by it.
        strict: whether a single confirmed hit fails its gate.
        needs: the setting without which it applies to nothing.
        against: the setting whose rows are shown beside what it found, `catalogue` or `policy`; empty for none.
        invents: whether its hits are part of hallucination.
        inventions: labels of the hits that are, where not all are.
        unanswered: whether an answer that is not there bears on its gate.
        quoted: examples that the report quotes of it.
        languages: those that it reads, as BCP 47 tags; none where words do not matter to it.
        rated: whether it has a rate and a gate; one that only measures has none.
        shares: labels of spans of which each has a share of answers of its own.
        occasion: the trigger of its rate, or of its shares where it has any; None for none.
        by_definition: why there is nothing to be right or wrong about; empty where its quality can be measured.
    """

    name: str
    title: str
    question: str
    verb: str
    newly: str
    protects: str
    detect: Callable[[Response, Knowledge], list[Found]]
    applies: Callable[[Response, Knowledge], bool]
    version: int
    place: int = 100
    strict: bool = False
    needs: str = ""
    against: str = ""
    invents: bool = False
    inventions: tuple[str, ...] = ()
    unanswered: bool = False
    quoted: int = 1
    languages: tuple[str, ...] = ("en",)
    rated: bool = True
    shares: tuple[str, ...] = ()
    occasion: Occasion | None = None
    by_definition: str = ""


def always(response: Response, knowledge: Knowledge) -> bool:
    """For a detector that applies to every response."""
    return True


def whole(response: Response, label: str, why: str) -> Found:
    """An expected behaviour that is missing: the span is the whole response."""
    return Found(0, len(response.text), label, why, counts=True)
