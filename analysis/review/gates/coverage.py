"""`review.coverage`: nobody signs for examples that nobody looked at."""

from __future__ import annotations

from analysis.base.records import ALL, GateInput, GateResult, GateVerdict, Metric, MetricSpec, Rule
from analysis.plugin.gate import Gate, metric_row, result

INSPECTED = MetricSpec(
    name="inspected",
    title="Inspected",
    meaning="queued examples with verdicts of as many reviewers as the review requires",
    unit="examples",
    measures="count",
    better="up",
    sides=("difference",),
)


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    reviewers: dict[str, set[str]] = {}
    for record in given.state.verdicts:
        reviewers.setdefault(record.ref, set()).add(record.actor)
    open_refs = [
        entry.ref for entry in given.queue if len(reviewers.get(entry.ref, ())) < given.reviewers_required
    ]
    total, inspected = len(given.queue), len(given.queue) - len(open_refs)
    metric = Metric(
        COVERAGE.track, INSPECTED.name, ALL, "difference", inspected, None, None, total, "ok", "", "count"
    )
    by = "" if given.reviewers_required == 1 else f" by {given.reviewers_required} reviewers each"
    why = f"{inspected} of {total} queued examples inspected{by}"
    verdict: GateVerdict = "unknown" if open_refs else "pass"
    limit = f"all {total}"
    row = metric_row(f"queued examples inspected{by}", metric, INSPECTED, limit, verdict)
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
