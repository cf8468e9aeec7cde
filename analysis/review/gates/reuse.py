"""`review.reuse`: whoever reads a gain knows how many candidates were tried on the same data."""

from __future__ import annotations

from typing import Any

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import ALL, Metric, MetricSpec
from analysis.plugin.gate import Gate, Threshold, number_row, result
from analysis.review.reuse import ordinal
from analysis.stats.selection import expected_best

CANDIDATES = MetricSpec(
    name="candidates",
    title="Candidates on this data set",
    meaning="different candidates that were looked at on the same evaluation data, this one counted",
    unit="candidates",
    measures="count",
    better="neither",
    sides=("difference",),
)
_DEVIATIONS = 2 * 1.959964
"""Width of a two-sided interval at 95 %, in standard errors."""


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    used: dict[str, Any] | None = given.settings.get("review", {}).get("reuse")
    if used is None:
        return [result(REUSE, "n/a", "nothing is known of other candidates on these data")]
    limit = int(rule.thresholds["warn_from"])
    rows: list[Criterion] = []
    told = []
    for track, count in used["candidates"].items():
        verdict: GateVerdict = "warn" if count >= limit else "pass"
        rows.append(
            number_row(f"candidates on the data of {track}", count, "count", f"fewer than {limit}", verdict)
        )
        by_chance = _best_by_chance(given, track, used["mains"].get(track), count)
        if by_chance is not None:
            rows.append(by_chance[1])
        if verdict == "warn":
            told.append(f"{ordinal(count)} on the data of {track}" + (by_chance[0] if by_chance else ""))
    most = max(used["candidates"].values(), default=1)
    metric = Metric(
        REUSE.track, CANDIDATES.name, ALL, "difference", most, None, None, None, "ok", "", "count"
    )
    if told:
        why = f"this candidate is the {'; the '.join(told)}: confirm a gain on data that chose no candidate"
    else:
        why = f"{ordinal(most)} candidate on this data set, {len(used['runs'])} run(s) of this store"
    overall: GateVerdict = "warn" if told else "pass"
    limits = f"fewer than {limit}"
    return [result(REUSE, overall, why, metric=metric, threshold=limits, criteria=rows)]


def _best_by_chance(
    given: GateInput, track: str, main: str | None, count: int
) -> tuple[str, Criterion] | None:
    """What the best of so many equal candidates shows of a track's main metric, as words and as a row.

    None where there is nothing to choose from, or no interval to tell the standard error of the change.
    """
    metric = given.metric_at.get((track, main or "", ALL, "difference"))
    if count < 2 or metric is None or metric.low is None or metric.high is None:
        return None
    spec = given.specs[track][metric.name]
    amount = expected_best(count) * (metric.high - metric.low) / _DEVIATIONS
    amount = -amount if spec.better == "down" else amount
    shown = f"{100 * amount:+z.2f} points" if spec.unit == "share" else f"{amount:+.3g}"
    what = f"{spec.title}: what the best of {count} equal candidates shows by chance, at most"
    words = f", and the best of {count} equal ones shows up to {shown} of {spec.title} by chance"
    return words, number_row(what, amount, "change", "to compare with", "pass")


REUSE = Gate(
    "review.reuse",
    "whoever reads a gain knows how many candidates were tried on the same data",
    {"warn_from": Threshold(5, "lower", "candidate on the same data from which the gate warns")},
    _judge,
    blocking=False,
    reads=(CANDIDATES,),
    place=30,
)
GATES = (REUSE,)
