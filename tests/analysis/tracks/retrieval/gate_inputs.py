"""Inputs of the retrieval gates, small enough to judge by hand."""

from __future__ import annotations

from analysis.base.gate_records import GateInput, GateResult
from analysis.base.records import ALL, Contested, Metric, Slice
from analysis.base.review_records import ReviewState, Right, VerdictRecord
from analysis.plugin.registry import get, specs_of
from analysis.review.evaluate import evaluate, resolve_rules
from analysis.stats import tango_interval

GATES = get("retrieval").gates()
NOTHING = ReviewState((), {}, (), (), None)
NO_SPOILERS = Slice("no-spoiler queries", "retrieval", "declared", True, "", 60)
DECLARED: dict[str, object] = {
    "group_by": ["theme", "tone"],
    "must_keep": ["theme"],
    "not_by": ["publisher", "template"],
    "probes": True,
    "hard_negatives": True,
    "k": 10,
}


def one(
    name: str,
    slice_name: str,
    side: str,
    value: float | None,
    half: float = 0.02,
    n: int = 200,
    why: str = "",
) -> Metric:
    """A metric with an interval of `half` around its value."""
    low, high = (None, None) if value is None else (value - half, value + half)
    status = "unknown" if value is None else "ok"
    return Metric("retrieval", name, slice_name, side, value, low, high, n, status, why, "")  # type: ignore[arg-type]


def sides(
    name: str, slice_name: str, base: float, candidate: float, half: float = 0.02, n: int = 200
) -> list[Metric]:
    """A metric on both sides with its difference."""
    return [
        one(name, slice_name, "base", base, half, n),
        one(name, slice_name, "candidate", candidate, half, n),
        one(name, slice_name, "difference", candidate - base, half, n),
    ]


def grouping(attribute: str, base: float, candidate: float, half: float = 0.02, n: int = 200) -> list[Metric]:
    """Plain and conditional lift of one attribute, the same in both."""
    return [
        *sides("grouping_lift", attribute, base, candidate, half, n),
        *sides("grouping_conditional_lift", attribute, base, candidate, half, n),
    ]


def wanted(base: float, candidate: float, half: float = 0.02, n: int = 200) -> list[Metric]:
    return sides("grouping_wanted_lift", ALL, base, candidate, half, n)


def pairs(n: int, broken: int, fixed: int, queries: tuple[int, int] | None = None) -> list[Metric]:
    """Hard negatives of which so many broke and were fixed, in as many queries where nothing else is given."""
    worse, better = queries if queries is not None else (broken, fixed)
    low, high = tango_interval(fixed, broken, n)
    change = (broken - fixed) / n if n else None
    return [
        *(one("violations", ALL, side, value, n=n) for side, value in (("base", 0.2), ("candidate", 0.3))),
        Metric("retrieval", "violations", ALL, "difference", change, low, high, n, "ok", "", ""),
        Metric("retrieval", "pairs_broken", ALL, "difference", broken, None, None, n, "ok", "", ""),
        Metric("retrieval", "pairs_fixed", ALL, "difference", fixed, None, None, n, "ok", "", ""),
        Metric("retrieval", "pairs_broken_clusters", ALL, "difference", worse, None, None, n, "ok", "", ""),
        Metric("retrieval", "pairs_fixed_clusters", ALL, "difference", better, None, None, n, "ok", "", ""),
        Metric(
            "retrieval", "pairs_net_squares", ALL, "difference", broken + fixed, None, None, n, "ok", "", ""
        ),
    ]


def probes(
    recall: float,
    ndcg: float = 0.0,
    *,
    slice_name: str = ALL,
    n: int = 120,
    broken: int = 0,
    fixed: int = 0,
    half: float = 0.015,
) -> list[Metric]:
    """Probes whose recall and nDCG change by so much."""
    return [
        *sides("recall", slice_name, 0.5, 0.5 + recall, half, n),
        *sides("ndcg", slice_name, 0.5, 0.5 + ndcg, half, n),
        Metric("retrieval", "broken", slice_name, "difference", broken, None, None, n, "ok", "", ""),
        Metric("retrieval", "fixed", slice_name, "difference", fixed, None, None, n, "ok", "", ""),
    ]


def given(
    metrics: list[Metric],
    *,
    declared: dict[str, object] | None = None,
    slices: tuple[Slice, ...] = (),
    flagged: dict[str, tuple[str, ...]] | None = None,
    state: ReviewState = NOTHING,
    overrides: dict[str, dict[str, object]] | None = None,
    tracks: tuple[str, ...] = ("retrieval",),
    contested: tuple[Contested, ...] = (),
) -> GateInput:
    return GateInput(
        run="0123456789ab",
        owner="carol",
        today="2026-11-22",
        reviewers_required=1,
        tracks=tracks,
        metrics=tuple(metrics),
        specs={"retrieval": specs_of("retrieval")},
        slices=(Slice(ALL, "retrieval", "all", False, "", 120), *slices),
        rules=resolve_rules(overrides or {}, GATES),
        settings={"retrieval": DECLARED if declared is None else declared},
        expected=(),
        queue=(),
        flagged=flagged or {},
        state=state,
        contested=contested,
    )


def contested_probes(slice_name: str, broken: int, fixed: int) -> tuple[Contested, ...]:
    """Probes that lost relevant items, then such that gained some, in a slice."""
    return tuple(
        Contested(
            "retrieval",
            "probes",
            slice_name,
            f"q{number}",
            f"q{number}",
            1 if number < broken else -1,
            -1,
            1,
            0,
            0,
        )
        for number in range(broken + fixed)
    )


def seen(*refs: str, said: Right = "both") -> ReviewState:
    """One reviewer's verdict on each."""
    verdicts = tuple(VerdictRecord(ref, "alice", "alice", said, None, None, True, None, ()) for ref in refs)
    return ReviewState(verdicts, {}, (), (), None)


def gate(judged: GateInput, key: str) -> GateResult:
    return next(result for result in evaluate(judged, GATES) if result.key == key)


def check_rows(judged: GateInput, result: GateResult) -> None:
    """The rows of one gate agree with its verdict, and one of them has its value."""
    verdicts = [row.verdict for row in result.criteria]
    if result.verdict in ("n/a", "off"):
        assert not verdicts
        return
    assert all(row.what and row.limit for row in result.criteria), result
    if result.verdict in ("fail", "warn", "unknown"):
        assert result.verdict in verdicts, result
    if result.verdict in ("pass", "warn"):
        assert "unknown" not in verdicts, result
        failing = verdicts.count("fail")
        # Hard negatives fail by two rows together, and by neither alone.
        assert failing == 0 or (result.name == "retrieval.hard_negatives" and failing == 1), result
    if result.value is not None:
        numbers = (result.value, result.low, result.high)
        assert numbers in [(row.value, row.low, row.high) for row in result.criteria], result
        at = judged.metric_at["retrieval", result.metric or "", result.metric_slice, "difference"]
        assert (at.value, at.low, at.high) == numbers
