"""Causes before gates: the gates that rest on the same examples fold under what these share.

A pure function of a run's causes and of the gates as they stand, so that screens, `assay status` and the report fold
alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from analysis.base.gate_records import GateInput, GateResult, GateVerdict
from analysis.base.records import Cause
from analysis.plugin.adjudicated import counted_as_worse

FOLDS: tuple[GateVerdict, ...] = ("fail", "unknown", "warn", "waived")
"""Verdicts of gates that fold: those that have something to explain."""
LEAST_SHARE = 0.5
"""Share of a gate's examples that a cause must have for the gate to rest on it."""


@dataclass(frozen=True)
class FoldedCause:
    """A cause with the gates that rest on it, the most urgent first; a gate rests on one cause at most."""

    cause: Cause
    gates: tuple[GateResult, ...]

    @property
    def verdict(self) -> GateVerdict:
        """The most urgent verdict of its gates."""
        return min((gate.verdict for gate in self.gates), key=FOLDS.index)

    @property
    def sentence(self) -> str:
        """What the cause is, and how many gates it stands for."""
        return f"{self.cause.sentence} · {counts_of(self.gates)}"


@dataclass(frozen=True)
class Folded:
    """The causes that gates rest on, the most urgent first; and the gates that rest on none, in their order."""

    causes: tuple[FoldedCause, ...]
    rest: tuple[GateResult, ...]


def fold(given: GateInput, results: Sequence[GateResult]) -> Folded:
    """Put each gate that does not pass under the first cause that it rests on.

    A gate rests on a cause that measures the same thing (`Cause.gates`), or has at least half of the gate's examples.
    A cause that no such gate rests on keeps nothing back, and is not listed.

    Args:
        given: what the gates were computed from.
        results: the gates.
    """
    members = [(cause, frozenset(cause.refs)) for cause in given.causes]
    under: dict[tuple[str, str], list[GateResult]] = {}
    rest = []
    for gate in results:
        refs = _rests_on(given, gate) if gate.verdict in FOLDS else frozenset()
        found = next(
            (
                cause
                for cause, own in members
                if cause.track == gate.track
                and gate.verdict in FOLDS
                and (gate.key in cause.gates or (refs and len(refs & own) >= LEAST_SHARE * len(refs)))
            ),
            None,
        )
        if found is None:
            rest.append(gate)
        else:
            under.setdefault((found.track, found.cause), []).append(gate)
    causes = [
        FoldedCause(cause, tuple(sorted(under[key], key=partial(_urgency, cause))))
        for cause in given.causes
        if (key := (cause.track, cause.cause)) in under
    ]
    causes.sort(key=lambda one: FOLDS.index(one.verdict))
    return Folded(tuple(causes), tuple(rest))


def _urgency(cause: Cause, gate: GateResult) -> tuple[int, int]:
    """What fails first; among gates of one verdict those that measure the cause itself, as it names them."""
    place = cause.gates.index(gate.key) if gate.key in cause.gates else len(cause.gates)
    return FOLDS.index(gate.verdict), place


def _rests_on(given: GateInput, gate: GateResult) -> frozenset[str]:
    """The examples that a gate rests on: what got worse of those that it counts, else whose verdict decides it.

    A gate that counts both ways is open to verdicts on what got better, too, which no cause explains. Where nothing got
    worse, or the gate counts nothing, it is what is open, else what is behind it.
    """
    named = gate.open or gate.refs
    return counted_as_worse(given, gate.track, gate.metric_slice, named) or frozenset(named)


def counts_of(gates: Sequence[GateResult]) -> str:
    """`4 gates: 3 fail, 1 unknown`."""
    parts = [
        f"{count} {verdict}"
        for verdict in FOLDS
        if (count := sum(1 for gate in gates if gate.verdict == verdict))
    ]
    return f"{len(gates)} {'gate' if len(gates) == 1 else 'gates'}: {', '.join(parts)}"


def causes_content(folded: Folded) -> list[dict[str, Any]]:
    """The causes as plain data for `assay status` and the report: each with its numbers, its gates and its examples."""
    return [
        {
            **asdict(one.cause),
            "verdict": one.verdict,
            "gates": [gate.key for gate in one.gates],
            "refs": list(one.cause.refs),
            "said": one.sentence,
        }
        for one in folded.causes
    ]
