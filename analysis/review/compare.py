"""Two candidates side by side, gate by gate: what each review says, and whether the two may be compared at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.base.gate_records import URGENCY

if TYPE_CHECKING:
    from typing import Any

    from analysis.base.gate_records import GateResult


@dataclass(frozen=True)
class Compared:
    """One gate in both reviews; None where a review has no gate of that key."""

    key: str
    gates: tuple[GateResult | None, GateResult | None]

    @property
    def differs(self) -> bool:
        """Whether the verdicts are not the same."""
        first, second = self.gates
        return first is None or second is None or first.verdict != second.verdict


def compared(first: Sequence[GateResult], second: Sequence[GateResult]) -> list[Compared]:
    """The gates of two reviews: those whose verdicts differ first, then the most urgent of either."""
    sides = [{gate.key: gate for gate in gates} for gates in (first, second)]
    rows = [Compared(key, (sides[0].get(key), sides[1].get(key))) for key in {**sides[0], **sides[1]}]

    def urgency(row: Compared) -> tuple[bool, int, str]:
        verdicts = [URGENCY.index(gate.verdict) for gate in row.gates if gate is not None]
        return not row.differs, min(verdicts), row.key

    return sorted(rows, key=urgency)


def what_differs(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Why the numbers of two runs are no comparison of their candidates, as sentences; none where they are.

    Args:
        first: what determined a run (`run.json`, `determined_by`).
        second: the same of the other.
    """
    said: list[str] = []
    tracks = [set(one["tracks"]) for one in (first, second)]
    for name in sorted(tracks[0] ^ tracks[1]):
        said.append(f"{name}: only one of the reviews has this track")
    for name in sorted(tracks[0] & tracks[1]):
        one, two = (given["tracks"][name] for given in (first, second))
        if one["data"] != two["data"]:
            said.append(f"{name}: measured on different examples")
        bases, candidates = (
            [given["models"].get(name, {}).get(side, {}).get("digest") for given in (first, second)]
            for side in ("base", "candidate")
        )
        if bases[0] != bases[1]:
            said.append(f"{name}: compared with different bases")
        elif candidates[0] == candidates[1] and candidates[0] is not None:
            said.append(f"{name}: both candidates are the same model")
        if one["settings"] != two["settings"]:
            said.append(f"{name}: reviewed with different settings")
    rules = [given["rules"] for given in (first, second)]
    if any(rules[0][name] != rules[1][name] for name in rules[0].keys() & rules[1].keys()):
        said.append("gates: judged by different thresholds")
    return said
