"""`review.coverage`: nobody signs for examples that nobody looked at."""

from __future__ import annotations

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import ALL, Metric, MetricSpec
from analysis.plugin.gate import Gate, metric_row, number_row, result
from analysis.review.inspection import inspection_of, judged_words

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
    both = len(set(found.deciding) & set(found.controls))
    why = (
        f"{judged_words(inspected, total, given.reviewers_required)}; {len(found.deciding)} can still decide a gate, "
        f"{len(found.controls)} are random controls{f', {both} are both' if both else ''}"
    )
    unread = _unread(given)
    verdict: GateVerdict = "unknown" if found.open or unread else "pass"
    if unread:
        why += f"; and what was said is not all there: {'; '.join(row.what for row in unread)}"
    limit = f"all {total}"
    row = metric_row(
        f"examples that decide, and random controls, inspected{by}",
        metric,
        INSPECTED,
        limit,
        "unknown" if found.open else "pass",
    )
    rows = [row, *unread]
    return [result(COVERAGE, verdict, why, metric=metric, threshold=limit, criteria=rows, refs=found.open)]


def _unread(given: GateInput) -> list[Criterion]:
    """What of the record is missing or was set aside: nobody knows what it said, so a blocker may be in it."""
    record = given.settings.get("review", {}).get("record", {})
    told = {"journals missing or shorter than known": "missing", "set aside, unread": "aside"}
    return [
        number_row(what, len(record[name]), "count", "none", "unknown")
        for what, name in told.items()
        if record.get(name)
    ]


COVERAGE = Gate(
    "review.coverage",
    "nobody signs for examples that nobody looked at",
    {},
    _judge,
    reads=(INSPECTED,),
    place=10,
)
GATES = (COVERAGE,)
