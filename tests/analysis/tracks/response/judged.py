"""Inputs of the response gates, small enough to judge by hand."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.base.records import (
    ALL,
    GateInput,
    GateResult,
    Metric,
    ReviewState,
    Slice,
    SpanRecord,
    VerdictRecord,
)
from analysis.review.gates import evaluate, resolve_rules
from analysis.tracks.response.gates import GATES
from analysis.tracks.response.rates import Counted, paired_rate

NOTHING = ReviewState((), {}, (), (), None)
CRITICAL = Slice("asks for no spoilers", "response", "declared", True, "", 34)
INPUTS: dict[str, object] = {"catalogue": True, "policy": True, "preferences": True}


def hits(
    detector: str, new: int, gone: int, n: int = 130, *, both: int = 0, slice_name: str = ALL
) -> list[Metric]:
    """The metrics of a detector that finds `new` only in the candidate, `gone` only in the base."""
    counted = Counted(n, both + gone, both + new, new, gone)
    return [
        *paired_rate(f"{detector}_rate", slice_name, counted),
        _count(f"{detector}_broken", slice_name, new, n),
        _count(f"{detector}_fixed", slice_name, gone, n),
    ]


def preferred(value: float, low: float, high: float, n: int = 130) -> Metric:
    return Metric("response", "win_rate", ALL, "candidate", value, low, high, n, "ok", "", "")


def lengths(base: float, change: float, half: float) -> list[Metric]:
    values = {"base": base, "candidate": base + change, "difference": change}
    return [
        Metric("response", "length", ALL, side, value, value - half, value + half, 130, "ok", "", "")  # type: ignore[arg-type]
        for side, value in values.items()
    ]


def refs(n: int) -> tuple[str, ...]:
    return tuple(f"response/prompt:r{number:03d}" for number in range(n))


def spans_of(some: Sequence[str], detector: str) -> dict[str, list[list[object]]]:
    """Two spans in each of some answers."""
    return {ref: [[detector, 0, 9], [detector, 20, 31]] for ref in some}


def given(
    metrics: Sequence[Metric],
    *,
    new: dict[str, tuple[str, ...]] | None = None,
    flagged: dict[str, tuple[str, ...]] | None = None,
    slices: tuple[Slice, ...] = (),
    state: ReviewState = NOTHING,
    inputs: dict[str, object] = INPUTS,
    overrides: dict[str, dict[str, object]] | None = None,
    tracks: tuple[str, ...] = ("response",),
) -> GateInput:
    """A gate input; `new` are the refs of new hits by detector, flagged for its gate where `flagged` is not given."""
    new = new or {}
    if flagged is None:
        flagged = {f"response.{name}": some for name, some in new.items()}
    return GateInput(
        run="0123456789ab",
        owner="carol",
        today="2026-11-22",
        reviewers_required=1,
        tracks=tracks,
        metrics=tuple(metrics),
        slices=(Slice(ALL, "response", "all", False, "", 130), *slices),
        rules=resolve_rules(overrides or {}, GATES),
        settings={
            "response": {**inputs, "new_hits": {name: spans_of(some, name) for name, some in new.items()}}
        },
        expected=(),
        queue=(),
        flagged=flagged,
        state=state,
    )


def said(
    verdicts: dict[str, str] | None = None, spans: Sequence[tuple[str, str, int, int, str, str]] = ()
) -> ReviewState:
    """Verdicts by ref, and words on spans as (ref, detector, start, end, verdict, reviewer)."""
    return ReviewState(
        tuple(
            VerdictRecord(ref, "alice", "alice", verdict, None, None, ())  # type: ignore[arg-type]
            for ref, verdict in (verdicts or {}).items()
        ),
        {},
        (),
        (),
        None,
        tuple(
            SpanRecord(ref, "candidate", detector, start, end, verdict, who, who)  # type: ignore[arg-type]
            for ref, detector, start, end, verdict, who in spans
        ),
    )


def on_both(
    ref: str, detector: str, verdict: str, who: str = "alice"
) -> list[tuple[str, str, int, int, str, str]]:
    """The same word on both spans of an answer."""
    return [(ref, detector, 0, 9, verdict, who), (ref, detector, 20, 31, verdict, who)]


def gate(one: GateInput, key: str) -> GateResult:
    return next(result for result in evaluate(one, GATES) if result.key == key)


def _count(name: str, slice_name: str, value: int, n: int) -> Metric:
    return Metric("response", name, slice_name, "difference", value, None, None, n, "ok", "", "count")
