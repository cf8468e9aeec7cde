"""`review.coverage`: nobody signs for examples that nobody looked at."""

from __future__ import annotations

from analysis.base.records import ALL, GateInput, GateResult, GateVerdict, Metric, MetricSpec, Rule
from analysis.plugin.gate import Gate, judges_of, metric_row, result

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
    controls = [entry.ref for entry in given.queue if entry.control]
    needed = list(dict.fromkeys([*given.deciding, *controls]))
    open_refs = [ref for ref in needed if judges_of(given.state, ref) < given.reviewers_required]
    total, inspected = len(needed), len(needed) - len(open_refs)
    metric = Metric(
        COVERAGE.track, INSPECTED.name, ALL, "difference", inspected, None, None, total, "ok", "", "count"
    )
    by = "" if given.reviewers_required == 1 else f" by {given.reviewers_required} reviewers each"
    deciding = len(set(given.deciding))
    why = (
        f"{inspected} of {total} inspected{by}: {deciding} decide a gate, {len(controls)} are random controls"
    )
    verdict: GateVerdict = "unknown" if open_refs else "pass"
    limit = f"all {total}"
    row = metric_row(
        f"examples that decide, and random controls, inspected{by}", metric, INSPECTED, limit, verdict
    )
    return [result(COVERAGE, verdict, why, metric=metric, threshold=limit, criteria=[row], refs=open_refs)]


COVERAGE = Gate(
    "review.coverage",
    "nobody signs for examples that nobody looked at",
    {},
    _judge,
    reads=(INSPECTED,),
    place=10,
)
GATES = (COVERAGE,)
