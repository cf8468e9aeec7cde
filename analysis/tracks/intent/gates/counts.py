"""Counts that gates judge: examples that changed for the worse and for the better, and the rows they make."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.base.records import Criterion, GateInput, GateVerdict, Metric
from analysis.plugin.alpha import share_of
from analysis.plugin.gate import metric_of, number_row
from analysis.stats import mcnemar_one_sided
from analysis.tracks.intent.metric_specs import ROWS, TRACK, criterion

FAMILIES = {
    "accuracy": ("intent.accuracy",),
    "critical": ("intent.critical_recall", "intent.critical_routing"),
    "slices": ("intent.slices",),
}
"""Gates whose tests are corrected for each other, and spend what they have together."""


@dataclass(frozen=True)
class Flips:
    """Examples of one slice that changed for the worse and for the better; `change` is the net change.

    For routing the slice is what does not belong to the class: newly sent to it, and sent no longer.
    """

    n: int
    broken: int
    fixed: int
    change: Metric
    verbs: tuple[str, str] = ("broken", "fixed")

    @property
    def net(self) -> float:
        """Net loss as a share of n."""
        return (self.broken - self.fixed) / self.n

    @property
    def p(self) -> float:
        """One-sided exact McNemar: how likely this many broken are by chance."""
        return mcnemar_one_sided(self.broken, self.fixed)

    def sentence(self) -> str:
        return f"of {self.n}, {self.broken} {self.verbs[0]}, {self.fixed} {self.verbs[1]}"


def alpha_of(given: GateInput, family: str) -> float:
    """The part of the review's false-alarm level that a family of tests of this track may spend."""
    return share_of(given, *FAMILIES[family])


def flips_of(given: GateInput, slice_name: str, measure: str = "accuracy") -> Flips | None:
    """What broke and what was fixed in a slice; None where the run has no labelled example of it.

    Args:
        given: has the metrics.
        slice_name: of which slice.
        measure: the metric whose change stands for the net change: `accuracy`, or `recall` of a class.
    """
    broken = metric_of(given, TRACK, "broken", slice_name)
    fixed = metric_of(given, TRACK, "fixed", slice_name)
    change = metric_of(given, TRACK, measure, slice_name)
    if broken is None or fixed is None or change is None or not broken.n:
        return None
    return Flips(broken.n, int(broken.value or 0), int(fixed.value or 0), change)


def routed(given: GateInput, slice_name: str) -> Flips | None:
    """Messages of other classes that the candidate alone sends to the class, and those that it alone does not."""
    gained = metric_of(given, TRACK, "routed_gained", slice_name)
    lost = metric_of(given, TRACK, "routed_lost", slice_name)
    rate = metric_of(given, TRACK, "false_positive_rate", slice_name)
    if gained is None or lost is None or rate is None or not gained.n:
        return None
    verbs = ("newly sent to it", "no longer")
    return Flips(gained.n, int(gained.value or 0), int(lost.value or 0), rate, verbs)


def evidence_rows(flips: Flips, level: str, net_limit: float, *, rejected: bool) -> list[Criterion]:
    """The test and the size of the net change, which fail a gate together; one that is beyond its limit alone warns.

    Args:
        flips: the counts.
        level: what p must exceed, in words.
        net_limit: largest net loss, as a share of n.
        rejected: whether the test, corrected for the others of its family, says that the candidate is worse.
    """
    beyond: GateVerdict = "fail" if rejected and flips.net > net_limit else "warn"
    worse, better = flips.verbs
    what, limit = f"exact McNemar p, {worse} against {better}", f"above {level}"
    test = number_row(what, flips.p, "p", limit, beyond if rejected else "pass")
    return [test, change_row(flips, net_limit, beyond)]


def change_row(flips: Flips, net_limit: float, beyond: GateVerdict = "warn") -> Criterion:
    """The size of the net change, and what follows where it is beyond its limit."""
    spec = ROWS.by_name[flips.change.name]
    limit = f"at least {-net_limit:+.3f}" if spec.better == "up" else f"at most {net_limit:+.3f}"
    verdict: GateVerdict = beyond if flips.net > net_limit else "pass"
    return criterion(f"{spec.title}, change from the base", flips.change, limit, verdict)


def number_of(what: str, n: int | None, least: int) -> Criterion:
    """A row of how many there are of what a rule judges: below the least it cannot be judged."""
    verdict: GateVerdict = "pass" if (n or 0) >= least else "unknown"
    return number_row(what, n or 0, "count", f"at least {least}", verdict)
