"""What a detector reads and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from analysis.base.records import Side

LONGEST_QUOTE = 100
"""Characters of what is quoted in a reason."""


@dataclass(frozen=True)
class Passage:
    """One retrieved text that the answer could rest on; `id` is None where the record gives none."""

    id: str | None
    text: str


@dataclass(frozen=True)
class Response:
    """What one side answered to one prompt.

    `expected` holds any of `answer`, `refuse`, `escalate`, `cite`, `no_spoilers`; no detector reads it, for whether
    what is present is wanted is asked by the behaviour.
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
    """What answers are checked against: one for a run, compared by identity, so that an index is kept under it."""

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


def quoted(text: str) -> str:
    """A text of the user's within a reason, cut where it is long."""
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


def always(response: Response, knowledge: Knowledge) -> bool:
    """For a detector whose input is there in every response."""
    return True


Kind = Literal["check", "patterns", "learned", "model", "recorded"]
"""How a detector finds: against given data, by expressions of a file, by a head on labels, by a model, as recorded."""


@dataclass(frozen=True)
class Detector:
    """What finds one behaviour in an answer; a lead, which says that it seems present and not whether that is harm.

    Args:
        name: as stored, and as `leads` of a behaviour names it.
        title: what it finds, for people: a phrase in lower case.
        detect: the spans that it finds; an answer is a hit where one of them counts.
        version: rises with every change of what it finds.
        kind: how it finds.
        place: its place among detectors, lower first.
        against: what is shown beside what it found, and to who is asked: `catalogue`, `policy`, `passages`, or nothing.
        languages: those that it reads, as BCP 47 tags; none where words do not matter to it.
        applies: whether what it needs is there.
    """

    name: str
    title: str
    detect: Callable[[Response, Knowledge], list[Found]]
    version: int
    kind: Kind = "check"
    place: int = 100
    against: str = ""
    languages: tuple[str, ...] = ("en",)
    applies: Callable[[Response, Knowledge], bool] = always
