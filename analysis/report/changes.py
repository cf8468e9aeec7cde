"""What got better and worse in all tracks of a review, ranked together; pure, so that a reader can compute it again."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.base.gate_records import GateInput
from analysis.plugin import registry
from analysis.plugin.change import Change, ranked
from analysis.report.number_words import sentence


def all_changes(heard: GateInput) -> tuple[Change, ...]:
    """The changes of every track of a review, what matters most first.

    Args:
        heard: the gate input with those verdicts alone that count.
    """
    return tuple(ranked(one for name in heard.tracks for one in registry.get(name).changes(heard)))


def told(changes: Iterable[Change]) -> list[str]:
    """The changes that can be told from noise, as sentences; critical ones say so."""
    return [
        f"{sentence(one.text)} Critical." if one.critical else sentence(one.text)
        for one in changes
        if one.clear
    ]
