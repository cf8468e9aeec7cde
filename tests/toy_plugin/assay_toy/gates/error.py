"""The mean error must not rise."""

from __future__ import annotations

from analysis.base.gate_records import GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import ALL
from analysis.plugin.gate import Gate, Threshold, metric_of, result
from assay_toy.metric_specs import ROWS


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    change = metric_of(given, "toy", "error", ALL)
    limit = rule.thresholds["max_rise"]
    verdict: GateVerdict = "unknown"
    why = "the mean error is not known"
    if change is not None and change.high is not None:
        verdict = "pass" if change.high <= limit else "fail"
        why = f"the mean error may have risen by {change.high:.1f} hours; {limit:g} are allowed"
    rows = [
        ROWS.criterion("change of the mean error", change, f"upper bound at most {limit:g} hours", verdict)
    ]
    refs = given.flagged.get(ERROR.name, ())
    return [
        result(
            ERROR, verdict, why, metric=change, threshold=f"at most {limit:g} hours", criteria=rows, refs=refs
        )
    ]


ERROR = Gate(
    "toy.error",
    "estimates come no further from what is due",
    {"max_rise": Threshold(1.0, "lower", "most hours by which the mean error may rise")},
    _judge,
    reads=ROWS.specs("error", "late"),
    place=10,
)
GATES = (ERROR,)
