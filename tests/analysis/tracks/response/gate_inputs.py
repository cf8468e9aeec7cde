"""Inputs of the response gates, small enough to judge by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.base.gate_records import GateInput, GateResult
from analysis.base.records import ALL, Metric, MetricSide, Slice
from analysis.base.review_records import ReviewState, Right, SpanRecord, SpanVerdict, VerdictRecord
from analysis.plugin.registry import get, specs_of
from analysis.review.evaluate import evaluate, resolve_rules
from analysis.tracks.response.metric_specs import TRACK, metric
from analysis.tracks.response.rates import Counted, paired_rate

GATES = get(TRACK).gates()
NOTHING = ReviewState((), {}, (), (), None)
CRITICAL = Slice("asks for no spoilers", "response", "declared", True, "", 34)
Word = tuple[str, str, int, int, SpanVerdict, str]
"""What somebody said of a span: ref, detector, start, end, verdict, reviewer."""
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
    return metric("win_rate", ALL, "candidate", value, (low, high), n, "")


def lengths(base: float, change: float, half: float) -> list[Metric]:
    values: dict[MetricSide, float] = {"base": base, "candidate": base + change, "difference": change}
    return [
        metric("length", ALL, side, value, (value - half, value + half), 130, "")
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
        specs={TRACK: specs_of(TRACK)},
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


def said(verdicts: Mapping[str, Right] | None = None, spans: Sequence[Word] = ()) -> ReviewState:
    """Verdicts by ref, and words on spans as (ref, detector, start, end, verdict, reviewer)."""
    return ReviewState(
        tuple(
            VerdictRecord(ref, "alice", "alice", verdict, None, None, True, None, ())
            for ref, verdict in (verdicts or {}).items()
        ),
        {},
        (),
        (),
        None,
        tuple(
            SpanRecord(ref, "candidate", detector, start, end, verdict, who, who)
            for ref, detector, start, end, verdict, who in spans
        ),
    )


def on_both(ref: str, detector: str, verdict: SpanVerdict, who: str = "alice") -> list[Word]:
    """The same word on both spans of an answer."""
    return [(ref, detector, 0, 9, verdict, who), (ref, detector, 20, 31, verdict, who)]


def gate(one: GateInput, key: str) -> GateResult:
    return next(result for result in evaluate(one, GATES) if result.key == key)


def _count(name: str, slice_name: str, value: int, n: int) -> Metric:
    return metric(name, slice_name, "difference", value, None, n, "count")
