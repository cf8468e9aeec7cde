"""`expected[METRIC@SLICE]`: a change that was announced happens, and no further than announced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.base.records import GateInput, GateResult, GateVerdict, Metric, Rule
from analysis.plugin.gate import Gate, metric_row, result


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    return [_judge_one(given, declared) for declared in given.expected]


def _judge_one(given: GateInput, declared: Mapping[str, Any]) -> GateResult:
    name, slice_name, limit = declared["metric"], declared["slice"], float(declared["limit"])
    metric = _change(given, name, slice_name)
    if metric is None or metric.value is None:
        known = sorted({one.name for one in given.metrics if one.side == "difference"})
        why = f"the run has no metric {name!r} on slice {slice_name!r}; known metrics: {', '.join(known)}"
        verdict: GateVerdict = "unknown"
    else:
        change = metric.value if declared["direction"] == "up" else -metric.value
        if change <= 0:
            verdict, why = "fail", f"declared {declared['direction']}, and it did not happen"
        elif change > limit:
            verdict, why = "fail", "beyond its declared limit"
        elif metric.low is not None and metric.high is not None and metric.low <= 0 <= metric.high:
            verdict, why = "warn", "as declared, but it cannot be told from noise"
        else:
            verdict, why = "pass", "as declared"
    threshold = f"{declared['direction']} by at most {limit:g}"
    spec = given.specs[metric.track][metric.name] if metric else None
    return result(
        EXPECTED,
        verdict,
        why,
        key=f"{EXPECTED.name}[{name}@{slice_name}]",
        metric_slice=slice_name,
        metric=metric,
        spec=spec,
        threshold=threshold,
        criteria=[metric_row(f"change of {name} on {slice_name}", metric, spec, threshold, verdict)],
    )


def _change(given: GateInput, name: str, slice_name: str) -> Metric | None:
    """The change of a metric on a slice, of the first track that knows it."""
    changes = (given.metric_at.get((track, name, slice_name, "difference")) for track in given.tracks)
    return next((one for one in changes if one is not None and one.value is not None), None)


EXPECTED = Gate("expected", "a change that was announced happens, and no further than announced", {}, _judge)
GATES = (EXPECTED,)
