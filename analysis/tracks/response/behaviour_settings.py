"""`[[response.behaviour]]` and `[response.labels]`: what people are asked of an answer, and what was recorded of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from analysis.plugin.settings import Section, Text

MAX_NET_RISE = 0.10
"""The rise of a behaviour that must be excluded before it passes, as a share of the answers, where none is declared."""
EVERYWHERE = "true"
"""Where a behaviour is unwanted that says nothing of it: in every answer."""
RESERVED = ("artefact", "behaviour", "length", "tradeoff")
"""Names of other gates of the track."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def _behaviour_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            "must be lower-case letters, digits and _, beginning with a letter, and at most 40 of them"
        )
    if value in RESERVED:
        raise ValueError(f"is the name of another gate: {', '.join(RESERVED)} are taken")
    return value


BehaviourName = Annotated[Text, AfterValidator(_behaviour_name)]


class BehaviourSection(Section):
    """One behaviour: people are asked the question of each answer, and detectors give leads.

    Args:
        name: as a verb of an answer, such as `refuses`; also the name of its gate.
        question: what people are asked of one answer, to be answered with yes or no.
        unwanted: boolean SQL over the columns of the records: where an answer should not do it.
        wanted: the same, for where it should, so that it is its absence that counts.
        leads: names of detectors that point at it.
        any_of: names of other behaviours; this one is then any of them, and nobody is asked about it.
        examples: sentences that do it: what is written into known answers, and what a learned lead begins with.
        strict: whether the cases that people confirm decide, and not the estimated rate alone.
        max_net_rise: the rise that must be excluded before it passes, as a share of the answers.
    """

    name: BehaviourName
    question: Text | None = None
    unwanted: Text | None = None
    wanted: Text | None = None
    leads: list[Text] = Field(default_factory=list)
    any_of: list[Text] = Field(default_factory=list)
    examples: list[Text] = Field(default_factory=list)
    strict: bool = False
    max_net_rise: float = Field(default=MAX_NET_RISE, gt=0, le=1)

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        if self.any_of:
            own = ("question", "unwanted", "wanted", "leads", "examples")
            given = [name for name in own if getattr(self, name)]
            if given:
                raise ValueError(f"is any_of others, which say it: leave out {', '.join(given)}")
        elif self.question is None:
            raise ValueError("needs a question, or any_of other behaviours")
        return self

    def roles(self) -> Iterator[tuple[str, str]]:
        """Where it counts, as (role, boolean SQL)."""
        if self.any_of:
            return
        if self.unwanted is not None or self.wanted is None:
            yield "unwanted", self.unwanted or EVERYWHERE
        if self.wanted is not None:
            yield "wanted", self.wanted


class LabelColumns(Section):
    """Columns of the records in which it was recorded whether each side's answer does something.

    Args:
        base: column of yes and no for the base's answer.
        candidate: the same for the candidate's.
        source: who said so, as people read it.
    """

    base: Text
    candidate: Text
    source: Text = "the records"


def misnamed(behaviours: Sequence[BehaviourSection]) -> str | None:
    """What is wrong with the names among some behaviours, or None."""
    names = [one.name for one in behaviours]
    asked = [one.name for one in behaviours if not one.any_of]
    for index, one in enumerate(behaviours):
        if one.name in names[:index]:
            return f"two behaviours are called {one.name!r}"
        for part in one.any_of:
            if part not in asked:
                return (
                    f"{one.name!r} is any_of {part!r}, which is no behaviour with a question; "
                    f"known: {', '.join(asked) or 'none'}"
                )
    return None
