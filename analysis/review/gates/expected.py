"""`expected[METRIC@SLICE]`: a change that was announced happens, and no further than announced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.base.gate_records import GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import Metric
from analysis.plugin.gate import Gate, metric_row, result


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    return [_judge_one(given, declared) for declared in given.expected]


def _judge_one(given: GateInput, declared: Mapping[str, Any]) -> GateResult:
    name, slice_name, limit = declared["metric"], declared["slice"], float(declared["limit"])
    metric = _change(given, name, slice_name)
    verdict: GateVerdict
    if metric is None or metric.value is None:
        known = sorted({one.name for one in given.metrics if one.side == "difference"})
        why = f"the run has no metric {name!r} on slice {slice_name!r}; known metrics: {', '.join(known)}"
        verdict = "unknown"
    else:
        verdict, why = _held_against(metric, metric.value, declared["direction"], limit)
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


def _held_against(metric: Metric, value: float, direction: str, limit: float) -> tuple[GateVerdict, str]:
    """What the interval of a change says of what was declared; a count without an interval is its own.

    A change fails where nothing else is possible: all of its interval lies beyond the limit, or on the other side of
    zero. One that reaches across either cannot be told.
    """
    low, high = (value if one is None else one for one in (metric.low, metric.high))
    if direction == "down":
        low, high = -high, -low
    if high <= 0:
        return "fail", f"declared {direction}, and it did not happen"
    if low > limit:
        return "fail", "beyond its declared limit"
    across = [what for what, place in (("zero", 0.0), ("its limit", limit)) if low <= place < high]
    if across:
        return (
            "undecided",
            f"its interval reaches across {' and '.join(across)}: more examples would decide it",
        )
    return "pass", "as declared"


def _change(given: GateInput, name: str, slice_name: str) -> Metric | None:
    """The change of a metric on a slice, of the first track that knows it."""
    changes = (given.metric_at.get((track, name, slice_name, "difference")) for track in given.tracks)
    return next((one for one in changes if one is not None and one.value is not None), None)


EXPECTED = Gate(
    "expected",
    "a change that was announced happens, and no further than announced",
    {},
    _judge,
    needs="the change that was announced must happen, and go no further than announced",
)
GATES = (EXPECTED,)
