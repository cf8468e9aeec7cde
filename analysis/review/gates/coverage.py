"""`review.coverage`: nobody signs for examples that nobody looked at."""

from __future__ import annotations

from analysis.base.gate_records import GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import ALL, Metric, MetricSpec
from analysis.plugin.gate import Gate, metric_row, result
from analysis.review.inspection import inspection_of

INSPECTED = MetricSpec(
    name="inspected",
    title="Inspected",
    meaning="examples that decide a gate and random controls with verdicts of as many reviewers as the review requires",
    unit="examples",
    measures="count",
    better="up",
    sides=("difference",),
)


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    found = inspection_of(given)
    total, inspected = found.total, found.inspected
    metric = Metric(
        COVERAGE.track, INSPECTED.name, ALL, "difference", inspected, None, None, total, "ok", "", "count"
    )
    by = "" if given.reviewers_required == 1 else f" by {given.reviewers_required} reviewers each"
    why = (
        f"{inspected} of {total} inspected{by}: {len(found.deciding)} decide a gate, "
        f"{len(found.controls)} are random controls"
    )
    verdict: GateVerdict = "unknown" if found.open else "pass"
    limit = f"all {total}"
    row = metric_row(
        f"examples that decide, and random controls, inspected{by}", metric, INSPECTED, limit, verdict
    )
    return [result(COVERAGE, verdict, why, metric=metric, threshold=limit, criteria=[row], refs=found.open)]


COVERAGE = Gate(
    "review.coverage",
    "nobody signs for examples that nobody looked at",
    {},
    _judge,
    reads=(INSPECTED,),
    place=10,
)
GATES = (COVERAGE,)
