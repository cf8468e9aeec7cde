"""What the rows of a gate say together is what the gate says, whatever was declared, found and labelled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np
import pytest

from analysis.base.gate_records import GateResult
from analysis.base.review_records import Answer, ReviewState
from analysis.review.evaluate import evaluate
from tests.analysis.tracks.response.gate_inputs import GATES, drawn, given, labelled
from tests.analysis.tracks.response.workbench import BEHAVIOURS, both, workbench

ASKED = [one["name"] for one in BEHAVIOURS if "question" in one]
SEEN: Counter[tuple[str, str]] = Counter()
SHARES = (0.0, 0.02, 0.1, 0.3)
SIZES = ((12, None), (130, "number < 40"), (260, "number % 2 = 0"))


def records(rng: np.random.Generator, n: int) -> list[Mapping[str, Any]]:
    """Answers with what leads see drawn at some rate by side; some are the same on both sides."""
    leads = ("spoilers", "facts", "promises", "citations")
    rates = {name: rng.choice(SHARES, 2) for name in leads}
    made: list[Mapping[str, Any]] = []
    for number in range(n):
        hits = {name: tuple((rng.random(2) < rates[name]).tolist()) for name in leads}
        words = (number % 7, number % 7) if rng.random() < 0.1 else (number % 7, number % 9 + 1)
        made.append(both(words, **hits))
    return made


def said(rng: np.random.Generator, order: list[str]) -> ReviewState:
    """What somebody says of the first of the drawn order, or of some anywhere."""
    count = int(rng.choice([0, 30, 119, 120, 200, len(order)]))
    chosen = order[:count] if rng.random() < 0.8 else list(rng.permutation(order)[:count])
    rates = {name: rng.choice(SHARES, 2) for name in ASKED}
    unsure = rng.choice([0.0, 0.03])

    def answer(rate: float) -> Answer:
        return "unsure" if rng.random() < unsure else "yes" if rng.random() < rate else "no"

    return labelled(
        {ref: [(name, answer(rates[name][0]), answer(rates[name][1])) for name in ASKED] for ref in chosen}
    )


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: f"{size[0]} prompts")
def connection(request: pytest.FixtureRequest) -> duckdb.DuckDBPyConnection:
    n, rare = request.param
    rng = np.random.default_rng(n)
    votes = [
        {"id": f"r{number:03d}", "judge": "gpt", "winner": rng.choice(["candidate", "candidate", "base"])}
        for number in range(n)
    ]
    return workbench(records(rng, n), rare=rare, votes=votes)


def check(one: GateResult) -> None:
    """A fail has a row that fails and no other has; who waits has a row that waits; the value has a row of its own."""
    rows = {row.verdict for row in one.criteria}
    if one.verdict in ("n/a", "off"):
        assert not one.criteria
        return
    assert all(row.what and row.limit for row in one.criteria)
    assert ("fail" in rows) == (one.verdict == "fail"), one
    if one.verdict != "fail":
        assert ("unknown" in rows) == (one.verdict == "unknown"), one
    if one.verdict == "undecided":
        assert "undecided" in rows, one
    if one.verdict == "warn":
        assert "warn" in rows, one
    if one.metric is not None:
        assert (one.value, one.low, one.high) in [(row.value, row.low, row.high) for row in one.criteria]
    # What is open is what waits for a person.
    assert bool(one.open) <= (one.verdict == "unknown"), one


@pytest.mark.parametrize("seed", range(12))
def test_the_rows_of_a_result_say_what_it_says(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = given(connection, said(rng, drawn(connection)), preferences=bool(rng.random() < 0.8))
    for result in evaluate(one, GATES):
        check(result)
        SEEN[result.name, result.verdict] += 1


def test_every_verdict_was_among_them() -> None:
    """The rows of every verdict were looked at, where the other tests of this file ran."""
    if not SEEN:
        pytest.skip("the other tests of this file did not run here")
    found = {verdict for name, verdict in SEEN if name == "response.behaviour"}
    assert found >= {"pass", "fail", "unknown", "undecided"}


def test_gates_that_are_off_have_no_rows() -> None:
    off = {one.name: {"off": "not now"} for one in GATES}
    results = evaluate(given(workbench([both()] * 3), overrides=off), GATES)
    assert {result.verdict for result in results} == {"off"}
    assert not any(result.criteria for result in results)
