"""`policy.toml`: what the assistant may promise, and the words by which it hands over, refuses and cites."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pyarrow as pa
from pydantic import Field, field_validator

from analysis.base.problems import raise_problems
from analysis.plugin.settings import Section, Text
from analysis.plugin.toml_sections import SectionReader, read_toml
from analysis.tracks.response.citation_pattern import HINT, pattern_fault
from analysis.tracks.response.detectors.contract import Policy, Promise

TONES = ("warm", "terse", "pushy")

Bound = Annotated[float, Field(ge=0)]


class AllowedPromise(Section):
    """One entry of `[promises] allowed`: within `days`, and up to an `amount` in the shop's currency."""

    about: Text
    text: Text
    days: Bound | None = None
    amount: Bound | None = None


class PromisesSection(Section):
    """`[promises]`: the only promises that the assistant may make."""

    allowed: list[AllowedPromise] = Field(default_factory=list)


class PhrasesSection(Section):
    """`[escalation]` and `[refusal]`: phrases of the house beside those that are built in."""

    phrases: list[Text] = Field(default_factory=list)


class CitationSection(Section):
    """`[citation]`: how the assistant cites a passage."""

    pattern: Text

    @field_validator("pattern")
    @classmethod
    def _usable(cls, pattern: str) -> str:
        fault = pattern_fault(pattern)
        if fault is not None:
            raise ValueError(f"{fault}; {HINT}")
        return pattern


class SpoilersSection(Section):
    """`[spoilers]`: words that tell how a story goes on."""

    words: list[Text] = Field(default_factory=list)


class ToneSection(Section):
    """`[tone]`: phrases that make an answer warm, terse or pushy."""

    warm: list[Text] = Field(default_factory=list)
    terse: list[Text] = Field(default_factory=list)
    pushy: list[Text] = Field(default_factory=list)


class PolicyFile(Section):
    """A whole policy file; every table may be left out."""

    promises: PromisesSection = PromisesSection()
    escalation: PhrasesSection = PhrasesSection()
    refusal: PhrasesSection = PhrasesSection()
    citation: CitationSection | None = None
    spoilers: SpoilersSection = SpoilersSection()
    tone: ToneSection = ToneSection()


def read_policy(path: Path) -> Policy:
    """Read a policy.

    Raises:
        AssayError: every mistake of the file, each with line, key and remedy.
    """
    tree, source = read_toml(path)
    reader = SectionReader(source, path.parent)
    file: PolicyFile | None = reader.section(PolicyFile, tree, ())
    raise_problems(reader.problems, path)
    assert file is not None
    return Policy(
        promises=tuple(Promise(one.about, one.text, one.days, one.amount) for one in file.promises.allowed),
        escalation_phrases=tuple(file.escalation.phrases),
        refusal_phrases=tuple(file.refusal.phrases),
        citation_pattern=file.citation.pattern if file.citation else None,
        spoiler_words=tuple(file.spoilers.words),
        tone={name: tuple(getattr(file.tone, name)) for name in TONES},
    )


def policy_rows(policy: Policy) -> dict[str, pa.Table]:
    """A policy as rows of `response_promise` and `response_policy` (read again by `load_knowledge`)."""
    words = {
        "escalation.phrases": policy.escalation_phrases,
        "refusal.phrases": policy.refusal_phrases,
        "citation.pattern": (policy.citation_pattern,) if policy.citation_pattern is not None else (),
        "spoilers.words": policy.spoiler_words,
        **{f"tone.{name}": policy.tone.get(name, ()) for name in TONES},
    }
    return {
        "response_promise": pa.table(
            {
                "about": pa.array([one.about for one in policy.promises], pa.string()),
                "text": pa.array([one.text for one in policy.promises], pa.string()),
                "days": pa.array([one.days for one in policy.promises], pa.float64()),
                "amount": pa.array([one.amount for one in policy.promises], pa.float64()),
            }
        ),
        "response_policy": pa.table(
            {
                "key": pa.array(list(words), pa.string()),
                "values": pa.array([list(values) for values in words.values()], pa.list_(pa.string())),
            }
        ),
    }
