"""Causes as people read them: what the examples that got worse share, and what was tried to be sure of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.report.number_words import sentence


def cause_sentence(cause: Mapping[str, Any]) -> str:
    """A cause in one or two sentences.

    Args:
        cause: the fields of `analysis.base.records.Cause`. One that rests on an experiment is told by it; any other by
            how many of the examples share it.
    """
    if cause["candidate"] is None or cause["base"] is None:
        return sentence(cause["sentence"])
    if cause["kind"] == "confound":
        return _confound_sentence(cause)
    beside = [f"in the base by {_points(cause['base'])}"]
    if cause["neutral"] is not None:
        beside.append(f"a phrase that means nothing in their place by {_points(cause['neutral'])}")
    told = (
        f"{cause['shared']} sway it, and messages are {cause['outcome']} because of them: put into a message, they "
        f"move the probability by {_points(cause['candidate'])} points ({', '.join(beside)})"
    )
    if cause["intervened"]:
        told += f"; {cause['intervention']} takes {cause['reverted']} of {cause['intervened']} changed answers back"
    return sentence(told)


def _confound_sentence(cause: Mapping[str, Any]) -> str:
    """An unwanted attribute by which items newly come together."""
    told = (
        f"items stand together more than before for having the same {cause['shared']}: {_points(cause['base'])} points "
        f"over chance before, {_points(cause['candidate'])} now"
    )
    if cause["members"]:
        told += (
            f"; {cause['members']} of {cause['outcomes']} queries that lost relevant items gained items of one "
            f"{cause['shared']}"
        )
    return sentence(told)


def _points(value: float) -> str:
    return f"{100 * value:+z.0f}"
