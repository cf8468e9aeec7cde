"""Inputs of the intent track's gates and of the review's own, small enough to judge by hand.

Their metrics are rows of what the track declares, so that no gate is tested on a number that no run would hold.
"""

from __future__ import annotations

from typing import Any

from analysis.base.gate_records import GateInput, GateResult
from analysis.base.records import ALL, Contested, Metric, MetricSide, QueueEntry, Slice
from analysis.base.review_records import ReviewState, Right, VerdictRecord
from analysis.plugin.registry import specs_of
from analysis.review.evaluate import evaluate, gates_of, own_specs, resolve_rules
from analysis.stats import mcnemar_one_sided, tango_interval
from analysis.tracks.intent.metric_specs import metric

KEY = "intent.relevance[escalation/titles]"
RUN = "0123456789ab"
ESCALATION = Slice("label=escalation", "intent", "class", True, "", 55)
NOTHING = ReviewState((), {}, (), (), None)


def flips(name: str, n: int, broken: int, fixed: int) -> list[Metric]:
    """What broke and what was fixed in a slice; one that is a class has its recall, too."""
    bounds = tango_interval(broken, fixed, n)
    p = mcnemar_one_sided(broken, fixed)
    measures = ("accuracy", "recall") if "=" in name else ("accuracy",)
    return [
        *(metric(one, name, "difference", (fixed - broken) / n, bounds, n, "") for one in measures),
        metric("broken", name, "difference", broken, None, n, ""),
        metric("fixed", name, "difference", fixed, None, n, ""),
        metric("mcnemar_p", name, "difference", p, None, n, ""),
        metric("broken_clusters", name, "difference", broken, None, n, ""),
        metric("fixed_clusters", name, "difference", fixed, None, n, ""),
        metric("net_squares", name, "difference", broken + fixed, None, n, ""),
    ]


def contested(name: str, worse: int, better: int, measure: str = "accuracy") -> tuple[Contested, ...]:
    """What a verdict decides about in a slice, each its own cluster: m1, m2 ... for the worse, then for the better."""
    rows = []
    for number in range(worse + better):
        lost = number < worse
        sign = 1 if lost else -1
        if measure == "routing":
            candidate, base, neither = (0, 1, 1) if lost else (-1, 0, -1)
        else:
            candidate, base, neither = -1, 1, 0
        ref = f"m{number + 1}"
        rows.append(Contested("intent", measure, name, ref, ref, sign, candidate, base, 0, neither))
    return tuple(rows)


def selective(name: str, n: int, broken: int, fixed: int) -> list[Metric]:
    """Of n messages, all acted on by either side, those that one side alone acts on wrongly."""
    change = (broken - fixed) / n if n else None
    return [
        metric("selective_broken", name, "difference", broken, None, n, ""),
        metric("selective_fixed", name, "difference", fixed, None, n, ""),
        metric("selective_change", name, "difference", change, (-1.0, 1.0), n, ""),
        *(metric("coverage", name, side, 0.9, (0.8, 1.0), n, "") for side in ("base", "candidate")),
        metric("coverage", name, "difference", 0.0, (-0.1, 0.1), n, ""),
        *(metric("selective_risk", name, side, 0.1, (0.0, 0.2), n, "") for side in ("base", "candidate")),
    ]


def shift(group: str, own: float, base: float, n: int, half: float = 0.005) -> list[Metric]:
    """What inserting titles does to p(escalation) on both sides, each with an interval of +-half."""
    sides: dict[MetricSide, float] = {"base": base, "candidate": own, "difference": own - base}
    return [
        metric(
            f"relevance_own_{group}",
            "escalation/titles",
            side,
            value,
            (value - half, value + half),
            n,
            "",
        )
        for side, value in sides.items()
    ]


def measure(
    name: str,
    slice_name: str,
    side: MetricSide,
    value: float | None,
    *,
    half: float = 0.05,
    low: float | None = None,
    high: float | None = None,
    n: int = 100,
    method: str = "",
    why: str = "",
) -> Metric:
    """A metric of 100 with an interval of +-.05 around its value, but for what is given."""
    if value is None:
        return metric(name, slice_name, side, None, None, n, method, why=why or "not licensed on this slice")
    bounds = (value - half if low is None else low, value + half if high is None else high)
    return metric(name, slice_name, side, value, bounds, n, method, why=why)


def verdict(
    ref: str,
    said: Right,
    *,
    actor: str = "alice",
    cause: str | None = None,
    critical: tuple[str, ...] = (),
) -> VerdictRecord:
    return VerdictRecord(ref, actor, actor, said, cause, None, False, None, critical)


def given(
    metrics: list[Metric] | None = None,
    *,
    slices: tuple[Slice, ...] = (),
    overrides: dict[str, dict[str, object]] | None = None,
    irrelevant: dict[str, list[str]] | None = None,
    signals: dict[str, list[str]] | None = None,
    threshold: float | None = None,
    queue: tuple[QueueEntry, ...] = (),
    flagged: dict[str, tuple[str, ...]] | None = None,
    state: ReviewState = NOTHING,
    expected: tuple[dict[str, Any], ...] = (),
    reviewers_required: int = 1,
    contested: tuple[Contested, ...] = (),
) -> GateInput:
    return GateInput(
        run=RUN,
        owner="carol",
        today="2026-11-22",
        reviewers_required=reviewers_required,
        tracks=("intent",),
        metrics=tuple(metrics if metrics is not None else flips(ALL, 1000, 0, 0)),
        specs={"intent": specs_of("intent"), **own_specs()},
        slices=(Slice(ALL, "intent", "all", False, "", 1000), *slices),
        rules=resolve_rules(overrides or {}, gates_of(("intent",))),
        settings={
            "intent": {"irrelevant": irrelevant or {}, "signals": signals or {}, "threshold": threshold}
        },
        expected=expected,
        queue=queue,
        flagged=flagged or {},
        state=state,
        contested=contested,
    )


def gate(one: GateInput, key: str) -> GateResult:
    return next(result for result in evaluate(one) if result.key == key)


def check_criteria(one: GateResult) -> None:
    """See whether the rows of a gate say what its verdict says.

    A row fails where and only where the gate fails: one that is beyond its limit without failing the gate warns.
    """
    said = {row.verdict for row in one.criteria}
    if one.verdict in ("n/a", "off"):
        assert not one.criteria, one.key
        return
    assert one.criteria, one.key
    assert ("fail" in said) == (one.verdict == "fail"), one
    assert said <= {"pass", "warn", "fail", "unknown", "undecided"}, one
    if one.verdict in ("unknown", "undecided", "warn"):
        assert one.verdict in said, one
    assert len({row.what for row in one.criteria}) == len(one.criteria), one
    assert all(row.what and row.limit for row in one.criteria), one
    if one.metric is not None:
        assert (one.value, one.low, one.high) in [(row.value, row.low, row.high) for row in one.criteria], one
