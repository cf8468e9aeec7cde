"""Counts in which verdicts have taken the place of gold, and what the open verdicts can still make of them.

People judge what broke and what was fixed alike. Wherever a verdict counts, the example counts as the verdict says;
where none does, as gold says. A result is settled when it is the same however the open verdicts fall.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from analysis.base.gate_records import GateInput, GateVerdict
from analysis.base.records import Better, Contested, Metric
from analysis.base.review_records import Right
from analysis.plugin.gate import decided, metric_of
from analysis.stats import mcnemar_one_sided
from analysis.stats.clusters import clustered_interval


@dataclass(frozen=True)
class Counts:
    """Examples that got worse and better, of n; and the clusters that they fall into.

    `squares` is the sum of the squared nets of the clusters: with every example its own cluster, worse + better.
    """

    n: int
    worse: int
    better: int
    worse_clusters: int
    better_clusters: int
    squares: int

    @property
    def net(self) -> int:
        """Worse less better, in examples."""
        return self.worse - self.better

    @property
    def p(self) -> float:
        """One-sided exact sign test on the nets of clusters: how likely this much worse is by chance."""
        return mcnemar_one_sided(self.worse_clusters, self.better_clusters)

    def change(self, confidence: float = 0.95) -> tuple[float, float]:
        """Interval of (better - worse) / n, clusters taken as one."""
        return clustered_interval(self.worse, self.better, self.n, self.squares, confidence)


@dataclass(frozen=True)
class Adjudicated:
    """Counts after the verdicts that count.

    `open` are the examples without one, and `least` and `most` the smallest and largest net loss, in examples, that
    their verdicts can lead to; `judged` is how many of the contested examples have one, and `largest` how many of them
    the largest cluster holds.
    """

    counts: Counts
    open: tuple[str, ...]
    judged: int
    least: int
    most: int
    largest: int

    def settled(self, tolerance: float) -> bool | None:
        """Whether the net loss is within a tolerance for certain (True), beyond it (False), or not told yet (None)."""
        if self.most <= tolerance:
            return True
        return False if self.least > tolerance else None

    def verdict(self, tolerance: float) -> GateVerdict:
        """The same as what a gate says of it."""
        within = self.settled(tolerance)
        return "unknown" if within is None else "pass" if within else "fail"

    @property
    def remark(self) -> str:
        """How many were judged, to be said behind counts; empty where nobody judged anything."""
        return f" ({self.judged} judged)" if self.judged else ""

    def change(self, metric: Metric, better: Better) -> Metric:
        """A metric of the net change as the verdicts leave it: where nobody judged anything, as the run measured it.

        Args:
            metric: the change, as a share of the examples counted.
            better: which way the metric has to go for the candidate to be better.
        """
        if not self.judged:
            return metric
        low, high = self.counts.change()
        value = self.counts.net / self.counts.n
        if better == "down":
            return replace(metric, value=value, low=-high, high=-low)
        return replace(metric, value=-value, low=low, high=high)


def tolerance(n: int, share: float, least: float = 1.0) -> float:
    """The largest net loss that passes, in examples: a share of n, and always at least so many."""
    return max(least, share * n)


def counts_by_gold(given: GateInput, track: str, slice_name: str, names: Sequence[str]) -> Counts | None:
    """The counts of a slice while nobody has judged anything; None where the run has them not.

    Args:
        given: has the metrics.
        track: whose.
        slice_name: of which slice.
        names: of the metrics: examples that got worse, that got better, clusters of either, squared nets.
    """
    found = [metric_of(given, track, name, slice_name) for name in names]
    n = found[0].n if found[0] is not None else None
    if not n or any(one is None for one in found):
        return None
    return Counts(n, *(int(one.value or 0) for one in found if one is not None))


def counts_of_rows(given: GateInput, track: str, measure: str, slice_name: str, n: int) -> Counts:
    """The counts by gold of a slice all of whose contested examples the input holds: a critical one, of n examples."""
    rows = given.contested_at.get((track, measure, slice_name), ())
    return _counts(n, rows, dict.fromkeys(one.ref for one in rows))


def adjudicate(given: GateInput, track: str, measure: str, slice_name: str, by_gold: Counts) -> Adjudicated:
    """The counts of one measure on one slice, with verdicts in the place of gold.

    Args:
        given: has the contested examples and what people said.
        track: whose measure.
        measure: as in the table `contested`.
        slice_name: of which slice.
        by_gold: the counts of the whole slice while nobody has judged anything.
    """
    rows = given.contested_at.get((track, measure, slice_name), ())
    said = {one.ref: decided(given, one.ref) for one in rows}
    touched = {one.cluster for one in rows if said[one.ref] is not None}
    members = [one for one in rows if one.cluster in touched]
    before = _counts(by_gold.n, members, dict.fromkeys(said))
    after = _counts(by_gold.n, members, said)
    counts = Counts(
        by_gold.n,
        by_gold.worse - before.worse + after.worse,
        by_gold.better - before.better + after.better,
        by_gold.worse_clusters - before.worse_clusters + after.worse_clusters,
        by_gold.better_clusters - before.better_clusters + after.better_clusters,
        by_gold.squares - before.squares + after.squares,
    )
    undecided = [one for one in rows if said[one.ref] is None]
    rest = counts.net - sum(one.gold for one in undecided)
    return Adjudicated(
        counts,
        tuple(one.ref for one in undecided),
        len(rows) - len(undecided),
        rest + sum(min(one.candidate, one.base, one.both, one.neither) for one in undecided),
        rest + sum(max(one.candidate, one.base, one.both, one.neither) for one in undecided),
        max(Counter(one.cluster for one in rows).values(), default=0),
    )


def counted_as_worse(given: GateInput, track: str, slice_name: str, refs: Collection[str]) -> frozenset[str]:
    """What counts against the candidate on a slice, by the measure that some examples are of.

    Args:
        given: has the contested examples and what people said.
        track: whose.
        slice_name: of which slice.
        refs: the examples; of measures that count all of them, the one that counts the fewest others is theirs. Where
            there are none, every measure is.

    Returns:
        The refs, as verdicts leave them; none where no measure counts these examples.
    """
    counts = [
        rows
        for (of, _, name), rows in given.contested_at.items()
        if (of, name) == (track, slice_name) and {one.ref for one in rows}.issuperset(refs)
    ]
    chosen = [min(counts, key=len)] if refs and counts else counts
    return frozenset(one.ref for rows in chosen for one in rows if _value(one, decided(given, one.ref)) > 0)


def _counts(n: int, rows: Sequence[Contested], said: dict[str, Right | None]) -> Counts:
    nets: dict[str, int] = defaultdict(int)
    worse = better = 0
    for one in rows:
        value = _value(one, said[one.ref])
        nets[one.cluster] += value
        worse += value > 0
        better += value < 0
    return Counts(
        n,
        worse,
        better,
        sum(net > 0 for net in nets.values()),
        sum(net < 0 for net in nets.values()),
        sum(net * net for net in nets.values()),
    )


def _value(one: Contested, said: Right | None) -> int:
    """What an example counts under a verdict; by gold where there is none."""
    if said is None or said == "unsure":
        return one.gold
    return {"candidate": one.candidate, "base": one.base, "both": one.both, "neither": one.neither}[said]
