"""Accuracy and costs as production weighs them: by hand, against the strata, and in a whole run."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pytest

from analysis.base.errors import AssayError
from analysis.base.records import ALL, Example, Slice
from analysis.data.memberships import membership_rows
from analysis.plugin.settings import CostsSection
from analysis.review.session import ReviewSession
from analysis.run.pipeline import insert_arrow, insert_rows
from analysis.tracks.intent.predict import side_rows
from analysis.tracks.intent.production import production_metrics
from analysis.tracks.intent.report_sections import report_sections
from analysis.tracks.intent.traffic_weights import traffic_weights, weighted_mean
from tests.analysis.tracks.intent.conftest import LABEL
from tests.analysis.tracks.intent.probed import empty_workbench

LABELS = ["escalation", "returns", "payment"]
GOLD = np.array(["escalation"] * 4 + ["returns"] * 10 + ["payment"] * 6)
WRONG = {"base": {0: "returns", 4: "payment"}, "candidate": {0: "returns", 1: "returns", 5: "escalation"}}
"""Messages that a side takes for another class."""
NOTHING = CostsSection()


@pytest.fixture
def workbench() -> Iterator[duckdb.DuckDBPyConnection]:
    """Twenty messages; the even ones are in the slice `even`."""
    refs = [f"intent/message:{number:02}" for number in range(len(GOLD))]
    connection = empty_workbench()
    named = list(zip(refs, GOLD.tolist(), strict=True))
    insert_rows(
        connection, "example", [Example(r, "intent", "message", r, None, "t", g, "") for r, g in named]
    )
    members = {ALL: refs, "even": refs[::2]}
    members |= {f"label={one}": [ref for ref, gold in named if gold == one] for one in LABELS}
    insert_arrow(connection, "membership", membership_rows("intent", members))
    slices = [Slice(f"label={one}", "intent", "class", False, "", 0) for one in LABELS]
    insert_rows(connection, "slice", [*slices, Slice("even", "intent", "declared", False, "", 10)])
    for side, wrong in WRONG.items():
        said = [LABELS.index(wrong.get(number, gold)) for number, (_, gold) in enumerate(named)]
        logits = 5 * np.eye(len(LABELS), dtype=np.float32)[said]
        insert_arrow(connection, "intent_side", side_rows(refs, side, logits, LABELS, GOLD.tolist()))
    yield connection
    connection.close()


def test_accuracy_is_that_of_the_strata_by_their_shares(workbench: duckdb.DuckDBPyConnection) -> None:
    rows = production_metrics(workbench, {"label=escalation": 0.05}, NOTHING)
    found = {one.side: one for one in rows}
    assert {one.name for one in rows} == {"traffic_accuracy"}
    # Escalation has 3 of 4 right, the rest 15 of 16; what has no share keeps its proportions.
    assert found["base"].value == pytest.approx(0.05 * 3 / 4 + 0.95 * 15 / 16)
    assert found["candidate"].value == pytest.approx(0.05 * 2 / 4 + 0.95 * 15 / 16)
    assert found["difference"].value == pytest.approx(-0.05 / 4)
    assert found["difference"].low < -0.05 / 4 < found["difference"].high
    assert found["difference"].method.startswith("weighed to label=escalation 0.05; Hájek")


def test_costs_are_those_of_missed_and_of_wrongly_sent(workbench: duckdb.DuckDBPyConnection) -> None:
    costs = CostsSection(missed={"escalation": 20.0}, false={"escalation": 1.0, "payment": 2.0})
    raw = {one.side: one.value for one in production_metrics(workbench, {}, costs)}
    # Base: one escalation missed, one sent to payment. Candidate: two missed, one sent to escalation.
    assert raw["base"] == pytest.approx(10_000 * 22 / 20)
    assert raw["candidate"] == pytest.approx(10_000 * 41 / 20)
    assert raw["difference"] == pytest.approx(10_000 * 19 / 20)
    both = production_metrics(workbench, {"label=escalation": 0.05}, costs)
    weighed = {one.side: one.value for one in both if one.name == "expected_cost"}
    assert weighed["base"] == pytest.approx(10_000 * (0.05 * 20 / 4 + 0.95 * 2 / 16))
    assert weighed["difference"] == pytest.approx(10_000 * (0.05 * 20 / 4 - 0.95 * 1 / 16))


def test_shares_that_no_weights_have_leave_the_numbers_unknown(workbench: duckdb.DuckDBPyConnection) -> None:
    shares = {"label=escalation": 0.5, "label=returns": 0.3, "label=payment": 0.1}
    rows = production_metrics(workbench, shares, CostsSection(missed={"returns": 1.0}))
    assert {(one.name, one.status) for one in rows} == {
        ("traffic_accuracy", "unknown"),
        ("expected_cost", "unknown"),
    }
    assert rows[0].why == "no example is left to stand for the rest of the traffic"
    assert production_metrics(workbench, {}, NOTHING) == []


def test_overlapping_slices_have_their_shares_together() -> None:
    rng = np.random.default_rng(3)
    classes = rng.choice([0, 1, -1], size=400, p=[0.1, 0.3, 0.6])
    inside = rng.random((2, 400)) < 0.4
    weights = traffic_weights(classes, [0.3, 0.2], inside, [0.7, 0.25])
    assert weights.sum() == pytest.approx(1)
    assert weights[classes == 0].sum() == pytest.approx(0.3)
    assert weights[classes == 1].sum() == pytest.approx(0.2)
    assert [weights[one].sum() for one in inside] == pytest.approx([0.7, 0.25])
    only = traffic_weights(classes, [0.6, 0.4], inside, [0.5, 0.5])
    assert only[classes == -1].sum() == 0


def test_shares_that_contradict_one_another_are_refused() -> None:
    classes = np.array([0] * 10 + [-1] * 10)
    with pytest.raises(AssayError, match="have all the declared shares"):
        traffic_weights(classes, [0.2], np.array([classes == 0]), [0.6])


def test_the_interval_covers_the_mean_of_the_population() -> None:
    rng = np.random.default_rng(11)
    shares, rates = np.array([0.05, 0.95]), np.array([0.3, 0.02])
    truth, covered = float(shares @ rates), 0
    classes = np.repeat([0, -1], [60, 240])
    weights = traffic_weights(classes, [0.05], np.empty((0, 300), bool), [])
    for _ in range(400):
        values = (rng.random(300) < np.where(classes == 0, rates[0], rates[1])).astype(float)
        one = weighted_mean(values, weights, 1.0)
        covered += one.low <= truth <= one.high
    assert covered / 400 > 0.92


def test_nothing_seen_is_not_nothing_possible() -> None:
    weights = np.full(100, 0.01)
    one = weighted_mean(np.zeros(100), weights, 20.0)
    assert one.value == 0
    assert one.high == pytest.approx(20 * (1 - 0.025 ** (1 / 100)))
    few = weighted_mean(np.zeros(2), np.array([0.99, 0.01]), 1.0)
    assert np.isinf(few.high)


def test_a_run_says_both_in_the_report(small_run: ReviewSession) -> None:
    said = report_sections(small_run.connection, small_run.gate_input())["Changed behavior"]
    accuracy = next(one for one in said if one.startswith("accuracy weighed to production"))
    assert f"weighed to {LABEL}=escalation 0.1" in accuracy
    assert "; unweighed " in accuracy
    assert any(one.startswith("expected cost of errors, of 10,000 messages ") for one in said)
