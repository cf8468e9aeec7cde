"""Inputs of gates, small enough to judge by hand."""

from __future__ import annotations

from analysis.base.records import (
    ALL,
    GateInput,
    GateResult,
    Metric,
    QueueEntry,
    ReviewState,
    Slice,
    VerdictRecord,
)
from analysis.review.gates import all_gates, evaluate, resolve_rules
from analysis.stats import mcnemar_one_sided, tango_interval

KEY = "intent.relevance[escalation/titles]"
RUN = "0123456789ab"


def flips(name: str, n: int, broken: int, fixed: int) -> list[Metric]:
    low, high = tango_interval(broken, fixed, n)
    p = mcnemar_one_sided(broken, fixed)
    return [
        Metric("intent", "accuracy", name, "difference", (fixed - broken) / n, low, high, n, "ok", "", ""),
        Metric("intent", "broken", name, "difference", broken, None, None, n, "ok", "", ""),
        Metric("intent", "fixed", name, "difference", fixed, None, None, n, "ok", "", ""),
        Metric("intent", "mcnemar_p", name, "difference", p, None, None, n, "ok", "", ""),
    ]


def shift(group: str, own: float, base: float, n: int, half: float = 0.005) -> list[Metric]:
    sides = {"base": base, "candidate": own, "difference": own - base}
    return [
        Metric(
            "intent",
            f"relevance_own_{group}",
            "escalation/titles",
            side,
            value,
            value - half,
            value + half,
            n,
            "ok",
            "",
            "",
        )  # type: ignore[arg-type]
        for side, value in sides.items()
    ]


def verdict(
    ref: str, said: str, *, actor: str = "alice", cause: str | None = None, critical: tuple[str, ...] = ()
) -> VerdictRecord:
    return VerdictRecord(ref, actor, actor, said, cause, None, critical)  # type: ignore[arg-type]


NOTHING = ReviewState((), {}, (), (), None)


def given(
    metrics: list[Metric] | None = None,
    *,
    slices: tuple[Slice, ...] = (),
    overrides: dict[str, dict[str, object]] | None = None,
    irrelevant: dict[str, list[str]] | None = None,
    signals: dict[str, list[str]] | None = None,
    queue: tuple[QueueEntry, ...] = (),
    flagged: dict[str, tuple[str, ...]] | None = None,
    state: ReviewState = NOTHING,
    expected: tuple[dict[str, object], ...] = (),
    reviewers_required: int = 1,
) -> GateInput:
    return GateInput(
        run=RUN,
        owner="carol",
        today="2026-11-22",
        reviewers_required=reviewers_required,
        tracks=("intent",),
        metrics=tuple(metrics if metrics is not None else flips(ALL, 1000, 0, 0)),
        slices=(Slice(ALL, "intent", "all", False, "", 1000), *slices),
        rules=resolve_rules(overrides or {}, all_gates()),
        settings={"intent": {"irrelevant": irrelevant or {}, "signals": signals or {}}},
        expected=expected,
        queue=queue,
        flagged=flagged or {},
        state=state,
    )


def gate(one: GateInput, key: str) -> GateResult:
    return next(result for result in evaluate(one) if result.key == key)


ESCALATION = Slice("label=escalation", "intent", "class", True, "", 55)


def measure(name: str, slice_name: str, side: str, value: float | None, **more: object) -> Metric:
    """A metric of 100 with an interval of +-.05 around its value, but for what is given."""
    known = value is not None
    fields: dict[str, object] = {
        "low": value - 0.05 if known else None, "high": value + 0.05 if known else None, "n": 100,
        "status": "ok" if known else "unknown", "why": "" if known else "not licensed on this slice", "method": "",
    }  # fmt: skip
    fields.update(more)
    return Metric("intent", name, slice_name, side, value, **fields)  # type: ignore[arg-type]
