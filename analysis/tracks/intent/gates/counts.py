"""Counts that gates judge: examples that got worse and better, adjudicated, and the rows they make."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.base.gate_records import Criterion, GateInput, GateVerdict
from analysis.base.records import Metric
from analysis.plugin.adjudicated import Adjudicated, Counts, adjudicate, counts_by_gold
from analysis.plugin.alpha import share_of
from analysis.plugin.gate import metric_of, number_row
from analysis.tracks.intent.metric_specs import ROWS, TRACK, criterion

FAMILIES = {
    "accuracy": ("intent.accuracy",),
    "critical": ("intent.critical_recall", "intent.critical_routing"),
    "slices": ("intent.slices",),
}
"""Gates whose tests are corrected for each other, and spend what they have together."""


@dataclass(frozen=True)
class Flips:
    """Examples of one slice that changed for the worse and for the better, with verdicts in the place of gold.

    For routing the slice is what does not belong to the class: newly sent to it, and sent no longer.

    Args:
        adjudicated: the counts.
        change: the metric of the net change, as the verdicts leave it.
        size: of what a net loss is a share: the slice, or for routing the class.
        verbs: what happened for the worse, and for the better.
    """

    adjudicated: Adjudicated
    change: Metric
    size: int
    verbs: tuple[str, str] = ("broken", "fixed")

    @property
    def counts(self) -> Counts:
        return self.adjudicated.counts

    @property
    def n(self) -> int:
        """Examples that were counted."""
        return self.counts.n

    @property
    def net(self) -> float:
        """Net loss as a share of `size`."""
        return self.counts.net / self.size

    @property
    def p(self) -> float:
        """How likely this many clusters got worse is by chance."""
        return self.counts.p

    def sentence(self) -> str:
        counts, (worse, better) = self.counts, self.verbs
        return f"of {self.n}, {counts.worse} {worse}, {counts.better} {better}{self.adjudicated.remark}"


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
    names = ("broken", "fixed", "broken_clusters", "fixed_clusters", "net_squares")
    counted = counts_by_gold(given, TRACK, slice_name, names)
    change = metric_of(given, TRACK, measure, slice_name)
    if counted is None or change is None:
        return None
    found = adjudicate(given, TRACK, "accuracy", slice_name, counted)
    return Flips(found, _adjudicated(change, found), counted.n)


def routed(given: GateInput, slice_name: str, size: int) -> Flips | None:
    """Messages of other classes that the candidate alone sends to the class, and those that it alone does not.

    Args:
        given: has the metrics.
        slice_name: the slice of the class.
        size: of the class: what is sent to it by mistake crowds out that many.
    """
    names = (
        "routed_gained",
        "routed_lost",
        "routed_gained_clusters",
        "routed_lost_clusters",
        "routed_net_squares",
    )
    counted = counts_by_gold(given, TRACK, slice_name, names)
    rate = metric_of(given, TRACK, "false_positive_rate", slice_name)
    if counted is None or rate is None:
        return None
    found = adjudicate(given, TRACK, "routing", slice_name, counted)
    return Flips(found, _adjudicated(rate, found), max(size, 1), ("newly sent to it", "no longer"))


def _adjudicated(change: Metric, found: Adjudicated) -> Metric:
    return found.change(change, ROWS.by_name[change.name].better)


def evidence_rows(flips: Flips, level: str, net_limit: float, *, rejected: bool) -> list[Criterion]:
    """The test and the size of the net change, which fail a gate together; one that is beyond its limit alone warns.

    Args:
        flips: the counts.
        level: what p must exceed, in words.
        net_limit: largest net loss, as a share of the slice or, for routing, of the class.
        rejected: whether the test, corrected for the others of its family, says that the candidate is worse.
    """
    beyond: GateVerdict = "fail" if rejected and flips.net > net_limit else "warn"
    worse, better = flips.verbs
    what, limit = f"exact sign test p, {worse} against {better}", f"above {level}"
    test = number_row(what, flips.p, "p", limit, beyond if rejected else "pass")
    return [test, change_row(flips, net_limit, beyond)]


def change_row(flips: Flips, net_limit: float, beyond: GateVerdict = "warn") -> Criterion:
    """The size of the net change, and what follows where it is beyond its limit."""
    spec = ROWS.by_name[flips.change.name]
    share = net_limit * flips.size / flips.n
    limit = f"at least {-share:+z.3f}" if spec.better == "up" else f"at most {share:+z.4f}"
    verdict: GateVerdict = beyond if flips.net > net_limit else "pass"
    return criterion(f"{spec.title}, change from the base", flips.change, limit, verdict)


def number_of(what: str, n: int | None, least: int) -> Criterion:
    """A row of how many there are of what a rule judges: below the least it cannot be judged."""
    verdict: GateVerdict = "pass" if (n or 0) >= least else "unknown"
    return number_row(what, n or 0, "count", f"at least {least}", verdict)
