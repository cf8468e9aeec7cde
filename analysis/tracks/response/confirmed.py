"""What people confirmed of the cases that the leads of a strict behaviour point at, and of every labelled one."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.base.gate_records import GateInput
from analysis.base.records import Side
from analysis.plugin.adjudicated import tolerance
from analysis.stats import mcnemar_one_sided
from analysis.tracks.response.estimates import Estimate
from analysis.tracks.response.heard import heard

CHANCE = 0.01
"""Largest p at which more new cases than gone ones are told from chance.

Of two samples of one model that do it in 2 % (5 %) of their answers, a net rise alone is beyond a tolerance of 2 % in
.14 (.24) of 138 prompts and .02 (.08) of 400; with this as well in .002 (.003) and .005 (.006). A rise of 8 points is
then seen in .59 of 138 and .995 of 400, one of 15 in .98 and 1.
"""


@dataclass(frozen=True)
class Confirmed:
    """Cases of one behaviour on one slice, over all leads and labels.

    Args:
        new: prompts where people say that only the candidate is at fault.
        gone: those where only the base is.
        open: those that leads point at on one side, of which nobody has said both.
        rises: how many of these may still be new.
        falls: how many may still be gone.
        tolerance: the largest net rise that passes, in prompts.
    """

    new: tuple[str, ...]
    gone: tuple[str, ...]
    open: tuple[str, ...]
    rises: int
    falls: int
    tolerance: float

    @property
    def net(self) -> int:
        """New less gone."""
        return len(self.new) - len(self.gone)

    @property
    def too_much(self) -> bool:
        """Whether the net rise is beyond its tolerance, and no chance, however the open ones fall."""
        return self._beyond(len(self.new), len(self.gone) + self.falls)

    @property
    def awaited(self) -> bool:
        """Whether the open ones can still decide."""
        return not self.too_much and self._beyond(len(self.new) + self.rises, len(self.gone))

    @property
    def p(self) -> float:
        """How likely so many more new than gone ones are by chance: exact one-sided McNemar."""
        return mcnemar_one_sided(len(self.new), len(self.gone))

    def _beyond(self, new: int, gone: int) -> bool:
        return new - gone > self.tolerance and mcnemar_one_sided(new, gone) <= CHANCE


def confirmed(given: GateInput, estimate: Estimate, share: float) -> Confirmed:
    """What people said of the cases of a strict behaviour on a slice.

    Where leads point at one side's answer and people confirm it, the other answer is at fault only if they say so.

    Args:
        given: the gate input.
        estimate: of the behaviour on the slice; its labelled cases count as well.
        share: the largest net rise that passes, as a share of the prompts; one always does.
    """
    known, name = heard(given), estimate.behaviour.name
    cases: dict[Side, dict[str, None]] = {
        "candidate": dict.fromkeys(estimate.worse),
        "base": dict.fromkeys(estimate.better),
    }
    waiting: list[str] = []
    may: dict[Side, int] = {"candidate": 0, "base": 0}
    for ref, candidate_hit in known.found(name, estimate.slice).items():
        pointed: Side = "candidate" if candidate_hit else "base"
        other: Side = "base" if candidate_hit else "candidate"
        there, beside = known.fault(ref, name, pointed), known.fault(ref, name, other)
        if there in (None, "unsure"):
            waiting.append(ref)
            may[pointed] += 1
        elif there == "yes" and beside != "yes":
            cases[pointed][ref] = None
        elif there == "no" and beside == "yes":
            cases[other][ref] = None
    return Confirmed(
        tuple(cases["candidate"]),
        tuple(cases["base"]),
        tuple(waiting),
        may["candidate"],
        may["base"],
        tolerance(estimate.n, share),
    )
