"""`retrieval.hard_negatives`: what is easily taken for the right item does not come before it more often."""

from __future__ import annotations

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import ALL
from analysis.plugin.adjudicated import adjudicate, counts_by_gold
from analysis.plugin.alpha import share_of
from analysis.plugin.gate import Gate, Threshold, metric_of, number_row, result
from analysis.tracks.retrieval.changes import both_levels, declared
from analysis.tracks.retrieval.metric_specs import ROWS, TRACK, criterion, reads

COUNTED = (
    "pairs_broken",
    "pairs_fixed",
    "pairs_broken_clusters",
    "pairs_fixed_clusters",
    "pairs_net_squares",
)
MIN_PAIRS = 50
"""Pairs from which numbers alone may judge."""


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    """Fails where significantly more queries lost pairs than gained some, and by more pairs than the limit."""
    if not declared(given).get("hard_negatives"):
        return [result(NEGATIVES, "n/a", "no hard negatives are declared")]
    net_limit, alpha = rule.thresholds["max_net_loss"], share_of(given, NEGATIVES.name)
    change = metric_of(given, TRACK, "violations", ALL)
    by_gold = counts_by_gold(given, TRACK, ALL, COUNTED)
    verdict: GateVerdict
    if change is None or change.value is None or by_gold is None:
        verdict, why, rows = "unknown", "the run holds no hard negative", [_pair_count(0)]
    else:
        found = adjudicate(given, TRACK, "hard_negatives", ALL, by_gold)
        counted, n = found.counts, found.counts.n
        net, p = counted.net / n, counted.p
        change = found.change(change, ROWS.by_name[change.name].better)
        counts = (
            f"of {n} pairs, {counted.worse} newly violated, {counted.better} no longer{found.remark}, for the worse in "
            f"{counted.worse_clusters} queries and for the better in {counted.better_clusters}; "
            f"{both_levels(given, 'violations')}"
        )
        if n < MIN_PAIRS:
            verdict, why = "unknown", f"{counts}; {MIN_PAIRS} pairs would decide it"
        elif p <= alpha and net > net_limit:
            verdict, why = "fail", f"{counts}; p {p:.4f}"
        else:
            verdict, why = "pass", counts
        # Only both together fail: one that is beyond its limit alone warns.
        crossed: GateVerdict = "fail" if verdict == "fail" else "warn"
        significant: GateVerdict = crossed if p <= alpha else "pass"
        beyond: GateVerdict = crossed if net > net_limit else "pass"
        rows = [
            _pair_count(n),
            number_row("p, more queries worse than better", p, "p", f"above {alpha:.4f}", significant),
            criterion(
                "net loss, pairs newly violated less those repaired, as a share of all",
                change,
                f"at most {net_limit:.3f}",
                beyond,
            ),
        ]
    refs = given.flagged.get(NEGATIVES.name, ())
    threshold = f"p {alpha:.4f} and net loss {net_limit:.3f}"
    return [result(NEGATIVES, verdict, why, metric=change, threshold=threshold, criteria=rows, refs=refs)]


def _pair_count(n: int) -> Criterion:
    verdict: GateVerdict = "pass" if n >= MIN_PAIRS else "unknown"
    return number_row("pairs", n, "count", f"at least {MIN_PAIRS}", verdict)


NEGATIVES = Gate(
    "retrieval.hard_negatives",
    "titles that are easily confused are still told apart",
    {
        "max_net_loss": Threshold(
            0.02, "lower", "net loss, as a share of the pairs, that the test must exceed"
        )
    },
    _judge,
    reads=reads(
        "violations",
        "pairs_broken",
        "pairs_fixed",
        "pairs_broken_clusters",
        "pairs_fixed_clusters",
        "pairs_mcnemar_p",
    ),
    place=30,
    alpha_weight=1,
    needs="titles that are easily confused must be told apart as well as before",
)
GATES = (NEGATIVES,)
