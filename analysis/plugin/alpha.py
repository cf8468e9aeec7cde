"""One false-alarm level for everything in a review that can fail by a test, and each gate's part of it.

The level is shared equally among the tracks that test something, and within a track by the weights that its gates
declare. What is tested is known from the review file, before any model runs: a gate whose input is not declared, or
that is switched off, tests nothing, and its part goes to the other gates of its track, or to the other tracks. The run
keeps the table, so that gates, report and intervals made for a gate go by the same one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from analysis.plugin.gate import ALPHA, Gate
from analysis.plugin.registry import get, known

if TYPE_CHECKING:
    from analysis.base.gate_records import GateInput, Rule

KEY = "alpha"
"""Where the gate settings of a track hold the parts of its gates."""


def shares(weights: Mapping[str, Mapping[str, float]], alpha: float = ALPHA) -> dict[str, float]:
    """Each gate's part of a level, by gate name; they sum to it wherever anything is tested.

    Args:
        weights: track -> gate name -> weight; 0 for a gate that cannot fail by a test, which gets no part.
        alpha: the level of the review.

    Raises:
        ValueError: a weight is negative.
    """
    testing = {track: {name: one for name, one in gates.items() if one} for track, gates in weights.items()}
    testing = {track: gates for track, gates in testing.items() if gates}
    if any(one < 0 for gates in testing.values() for one in gates.values()):
        raise ValueError(f"a weight must not be negative: {testing}")
    return {
        name: alpha / len(testing) * weight / sum(gates.values())
        for track, gates in testing.items()
        for name, weight in gates.items()
    }


def planned(rules: Mapping[str, Rule], declared: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """The part of each gate that will test something in a review, by gate name.

    Args:
        rules: of every gate.
        declared: track -> its section as the run records it.
    """
    weights = {}
    for name, section in declared.items():
        track = get(name)
        weights[name] = _weights(track.gates(), rules, track.untested(section))
    return shares(weights)


def declared_for_gates(
    rules: Mapping[str, Rule], declared: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """By track, everything that its gates judge by and that was known before any model ran.

    Args:
        rules: of every gate.
        declared: track -> its section as the run records it.
    """
    parts = planned(rules, declared)
    return {
        name: {**get(name).declared_for_gates(section), KEY: by_track(parts, name)}
        for name, section in declared.items()
    }


def by_track(parts: Mapping[str, float], track: str) -> dict[str, float]:
    """The parts of the gates of one track."""
    return {name: part for name, part in parts.items() if name.split(".", 1)[0] == track}


def alpha_table(given: GateInput) -> dict[str, float]:
    """The part of each gate, by gate name, as the run keeps it.

    Of an input that keeps none, such as one made by hand, every gate with a rule counts as testing something.
    """
    kept: dict[str, Any] = {}
    for name in given.tracks:
        kept.update(given.settings.get(name, {}).get(KEY, {}))
    if kept:
        return kept
    return shares({name: _weights(get(name).gates(), given.rules) for name in given.tracks if known(name)})


def share_of(given: GateInput, *gates: str) -> float:
    """What some gates together may spend; 0 where none of them tests anything in this review."""
    table = alpha_table(given)
    return sum(table.get(name, 0.0) for name in gates)


def share_of_track(given: GateInput, track: str) -> float:
    """What all gates of a track together may spend, for one family of tests over all of them."""
    return sum(by_track(alpha_table(given), track).values())


def _weights(
    gates: Iterable[Gate], rules: Mapping[str, Rule], untested: Collection[str] = ()
) -> dict[str, float]:
    return {
        gate.name: gate.alpha_weight
        for gate in gates
        if gate.name in rules and rules[gate.name].off is None and gate.name not in untested
    }
