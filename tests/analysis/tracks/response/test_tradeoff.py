"""Gates beside those of behaviours: what wins on style and pays for it, judges of preferences, and length."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, Metric
from analysis.base.review_records import Answer, ReviewState
from analysis.tracks.response.metric_specs import metric
from tests.analysis.tracks.response.gate_inputs import drawn, gate, given, labelled
from tests.analysis.tracks.response.workbench import both, ref_of, workbench

N = 130
NEW = range(0, N, 16)
"""Prompts where the leads see that only the candidate spoils."""
KEY = "response.tradeoff"
BEHAVIOURS = (
    {"name": "spoils", "question": "tell the end?", "leads": ["spoilers"], "strict": True},
    {"name": "misstates", "question": "say what is not so?", "leads": ["facts"]},
    {"name": "pushes", "question": "push?"},
    {"name": "misleads", "any_of": ["misstates", "pushes"]},
)
Said = Callable[[int], Sequence[tuple[str, Answer, Answer]]]


def votes(wins: int, n: int = N) -> list[Mapping[str, Any]]:
    """One judge's votes, so many of them for the candidate."""
    return [
        {"id": f"r{number:03d}", "winner": "candidate" if number < wins else "base", "judge": "gpt"}
        for number in range(n)
    ]


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    """The candidate is preferred in two of three prompts, and leads see that it spoils in some."""
    records = [both((number % 7, number % 7 + 1), spoilers=(False, number in NEW)) for number in range(N)]
    return workbench(records, rare=None, votes=votes(87), behaviours=BEHAVIOURS)


def said(connection: duckdb.DuckDBPyConnection, labels: Said) -> ReviewState:
    """Labels of every prompt, by its number."""
    return labelled({ref: labels(int(ref[-3:])) for ref in drawn(connection)})


def clean(number: int) -> list[tuple[str, Answer, Answer]]:
    return [("spoils", "no", "no"), ("misstates", "no", "no"), ("pushes", "no", "no")]


def with_rate(one: GateInput, value: float | None, low: float | None, high: float | None) -> GateInput:
    """The same with another win rate."""
    rest = [row for row in one.metrics if row.name != "win_rate"]
    bounds = None if low is None or high is None else (low, high)
    return replace(one, metrics=(*rest, metric("win_rate", ALL, "candidate", value, bounds, N, "", why="x")))


def test_before_labels_the_cases_that_leads_point_at_are_open(connection: duckdb.DuckDBPyConnection) -> None:
    result = gate(given(connection, preferences=True), KEY)
    assert result.verdict == "unknown"
    assert {ref_of(number) for number in NEW} <= set(result.open)
    assert "response.spoils" in result.why
    assert "response.misleads" in result.why


def test_what_wins_on_style_and_spoils_is_rejected(connection: duckdb.DuckDBPyConnection) -> None:
    def spoils(number: int) -> list[tuple[str, Answer, Answer]]:
        return [("spoils", "no", "yes" if number in NEW else "no"), *clean(number)[1:]]

    one = given(connection, said(connection, spoils), preferences=True)
    result = gate(one, KEY)
    assert result.verdict == "fail"
    assert "pays for that with response.spoils" in result.why
    assert set(result.refs) == {ref_of(number) for number in NEW}
    assert result.value == pytest.approx(87 / N)
    # What is not clearly preferred is no trade.
    for low, high in ((0.46, 0.64), (0.5, 0.7)):
        assert gate(with_rate(one, (low + high) / 2, low, high), KEY).verdict == "pass"


def test_any_of_others_is_held_against_it_too(connection: duckdb.DuckDBPyConnection) -> None:
    """Some rises that are too small each, and not together, of behaviours that are not strict."""

    def misleads(number: int) -> list[tuple[str, Answer, Answer]]:
        return [
            ("spoils", "no", "no"),
            ("misstates", "no", "yes" if number % 10 == 3 else "no"),
            ("pushes", "no", "yes" if number % 10 == 7 else "no"),
        ]

    result = gate(given(connection, said(connection, misleads), preferences=True), KEY)
    assert result.verdict == "fail"
    assert "response.misleads" in result.why


def test_a_rise_of_what_is_not_strict_is_no_part_of_it() -> None:
    plain = workbench(
        [both((1, 2))] * N,
        rare=None,
        votes=votes(N),
        behaviours=({"name": "spoils", "question": "?", "strict": True}, {"name": "pushes", "question": "?"}),
    )
    state = labelled({ref: [("spoils", "no", "no"), ("pushes", "no", "yes")] for ref in drawn(plain)})
    one = given(plain, state, preferences=True)
    assert gate(one, "response.pushes").verdict == "fail"
    assert gate(one, KEY).verdict == "pass"


def test_labels_that_are_clean_let_a_preference_pass(connection: duckdb.DuckDBPyConnection) -> None:
    result = gate(given(connection, said(connection, clean), preferences=True), KEY)
    assert (result.verdict, result.open) == ("pass", ())
    assert "none of misleads, spoils rose" in result.why


def test_a_preference_with_nothing_strict_to_hold_against_it_warns() -> None:
    behaviours = ({"name": "pushes", "question": "push?"},)
    result = gate(given(workbench([both((1, 2))] * 12, votes=votes(12, 12), behaviours=behaviours),
                        preferences=True), KEY)  # fmt: skip
    assert result.verdict == "warn"
    assert "no behaviour is declared strict" in result.why


def test_a_gate_of_behaviours_that_is_off_is_said_to_be_so(connection: duckdb.DuckDBPyConnection) -> None:
    off = {"response.behaviour": {"off": "read elsewhere"}}
    result = gate(given(connection, preferences=True, overrides=off), KEY)
    assert result.verdict == "warn"
    assert "response.behaviour is off" in result.why


def test_the_tradeoff_needs_votes_where_preferences_are_declared(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    assert gate(given(connection, preferences=False), KEY).verdict == "n/a"
    assert gate(with_rate(given(connection, preferences=True), None, None, None), KEY).verdict == "unknown"


def _of_judge(name: str, judge: str, value: float | None, low: float, high: float, why: str = "") -> Metric:
    return metric(name, judge, "candidate", value, (low, high), 40, "", why=why)


@pytest.fixture(scope="module")
def fine(connection: duckdb.DuckDBPyConnection) -> GateInput:
    """A preference that passes, before anything is known of its judges."""
    one = given(connection, said(connection, clean), preferences=True)
    rest = tuple(row for row in one.metrics if not row.name.startswith("judge_"))
    return replace(one, metrics=rest)


def _with(one: GateInput, *more: Metric) -> GateInput:
    return replace(one, metrics=(*one.metrics, *more))


KNOWN = _of_judge("judge_agreement", "gpt", 0.7, 0.5, 0.85)
FAIR = _of_judge("judge_first", "gpt", 0.55, 0.4, 0.7)


def test_a_judge_that_agrees_and_looks_passes(fine: GateInput) -> None:
    one = gate(_with(fine, KNOWN, FAIR), KEY)
    assert one.verdict == "pass"
    rows = {row.what: row for row in one.criteria}
    assert rows["agreement of gpt with people"].value == 0.7
    assert rows["votes of gpt for the answer shown first"].verdict == "pass"


def test_a_judge_of_whom_nothing_is_known_is_said_to_be_so(fine: GateInput) -> None:
    alone = _of_judge("judge_agreement", "gpt", None, 0, 1, "no judge is said to be a person")
    one = gate(_with(fine, alone, FAIR), KEY)
    assert one.verdict == "pass"
    assert "how far gpt agrees with people is not known" in one.why
    assert any(row.verdict == "undecided" and "not known" in row.what for row in one.criteria)


@pytest.mark.parametrize(("low", "high", "order"), [(0.6, 0.9, "first"), (0.1, 0.4, "second")])
def test_a_judge_that_prefers_a_place_warns(fine: GateInput, low: float, high: float, order: str) -> None:
    one = gate(_with(fine, KNOWN, _of_judge("judge_first", "gpt", (low + high) / 2, low, high)), KEY)
    assert one.verdict == "warn"
    assert f"gpt prefers the {order} answer" in one.why


@pytest.mark.parametrize(
    ("change", "half", "verdict"),
    [(30, 4, "warn"), (-30, 4, "warn"), (8, 4, "pass"), (30, 31, "pass"), (None, 0, "n/a")],
)
def test_length_only_warns(fine: GateInput, change: float | None, half: float, verdict: str) -> None:
    lengths: list[Metric] = []
    if change is not None:
        lengths = [
            metric("length", ALL, "base", 40.0, None, N, ""),
            metric("length", ALL, "candidate", 40 + change, None, N, ""),
            metric("length", ALL, "difference", change, (change - half, change + half), N, ""),
        ]
    rest = [row for row in fine.metrics if not row.name.startswith("length")]
    result = gate(replace(fine, metrics=(*rest, *lengths)), "response.length")
    assert (result.verdict, result.blocking) == (verdict, False)
    if verdict == "warn":
        assert f"mean length 40 words in the base, {change / 40:+.0%} in the candidate" in result.why  # type: ignore[operator]
