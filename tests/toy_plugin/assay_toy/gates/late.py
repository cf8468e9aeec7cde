"""No critical slice may be answered late more often, and a person looks at each text that is."""

from __future__ import annotations

from analysis.base.gate_records import GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import Slice
from analysis.plugin.gate import Gate, Threshold, candidate_wrong, decided, metric_of, number_row, result
from assay_toy.metric_specs import ROWS


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    critical = [one for one in given.slices if one.track == "toy" and one.critical]
    return [_judge_slice(given, rule, one) for one in critical] or [
        result(LATE, "n/a", "no slice is critical")
    ]


def _judge_slice(given: GateInput, rule: Rule, one: Slice) -> GateResult:
    change = metric_of(given, "toy", "late", one.slice)
    test = metric_of(given, "toy", "late_p", one.slice)
    limit, alpha = rule.thresholds["max_rise"], rule.thresholds["alpha"]
    refs = given.flagged.get(f"{LATE.name}[{one.slice}]", ())
    said = {ref: decided(given, ref) for ref in refs}
    refused = sum(candidate_wrong(one) for one in said.values())
    undecided = [ref for ref, one in said.items() if one is None]
    open_ = len(undecided)
    rises = change is not None and change.value is not None and change.value > limit
    # Few texts can be all late and the test still not say so: the rise is looked at beside it.
    fails: GateVerdict = "fail" if rises else "pass"
    tested: GateVerdict = "fail" if test is not None and (test.value or 0.0) <= alpha else "pass"
    rows = [
        ROWS.criterion("change of the share that is late", change, f"at most {limit:g}", fails),
        ROWS.criterion("p of more late texts", test, f"p above {alpha:g}", tested),
        number_row(
            "texts that wait longer and are still to be judged",
            open_,
            "count",
            "0",
            "unknown" if open_ else "pass",
        ),
        number_row("texts that may not wait longer", refused, "count", "0", "fail" if refused else "pass"),
    ]
    verdict: GateVerdict = "pass"
    if any(row.verdict == "fail" for row in rows):
        verdict = "fail"
    elif open_:
        verdict = "unknown"
    why = f"{len(refs)} texts wait longer, {open_} of them still to be judged, {refused} may not"
    return result(
        LATE,
        verdict,
        why,
        slice_name=one.slice,
        metric=change,
        threshold=f"at most {limit:g}",
        criteria=rows,
        refs=refs,
        open_refs=undecided,
    )


LATE = Gate(
    "toy.late",
    "customers who must be answered soon are",
    {
        "max_rise": Threshold(0.05, "lower", "most by which the share of late texts may rise"),
        "alpha": Threshold(0.05, "higher", "p at or below which the rise is beyond chance"),
    },
    _judge,
    reads=ROWS.specs("late", "late_p", "broken", "fixed"),
    place=20,
)
GATES = (LATE,)
