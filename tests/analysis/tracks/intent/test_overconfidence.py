"""Overconfidence: judged by the signed gap and on texts of no class, and measured for each class."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from analysis.base.gate_records import GateResult
from analysis.base.records import ALL, OUT_OF_SCOPE, Metric
from analysis.tracks.intent.calibration import class_gaps
from analysis.tracks.intent.gates.overconfidence import LEAST_OUTSIDE, LEAST_ROWS
from analysis.tracks.intent.triggers import triggers
from tests.analysis.gate_fixture import check_criteria, gate, given, measure
from tests.analysis.tracks.intent.probed import probe

KEY = "intent.overconfidence"


def gap(own: float, change: float, n: int = LEAST_ROWS, half: float = 0.01) -> list[Metric]:
    return [
        measure("signed_gap", ALL, "candidate", own, half=half, n=n),
        measure("signed_gap", ALL, "difference", change, half=half, n=n),
    ]


def outside(change: float, n: int = 60, half: float = 0.04) -> list[Metric]:
    return [
        measure("confidence", OUT_OF_SCOPE, "base", 0.4, n=n),
        measure("confidence", OUT_OF_SCOPE, "candidate", 0.4 + change, n=n),
        measure("confidence", OUT_OF_SCOPE, "difference", change, half=half, n=n),
    ]


def judged(metrics: list[Metric]) -> GateResult:
    one = gate(given(metrics), KEY)
    check_criteria(one)
    return one


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (gap(0.15, 0.15), "fail"),
        # Underconfident still, however far it rose.
        (gap(-0.05, 0.15), "pass"),
        # Overconfident, and the base as much.
        (gap(0.15, 0.015), "pass"),
        (gap(0.15, 0.03, half=0.04), "pass"),
        (gap(0.15, 0.15, n=LEAST_ROWS - 1), "undecided"),
        ([*gap(0.0, 0.0), *outside(0.35)], "fail"),
        ([*gap(0.0, 0.0), *outside(0.09)], "pass"),
        ([*gap(0.0, 0.0), *outside(0.12, half=0.08)], "pass"),
        ([*gap(0.0, 0.0), *outside(0.35, n=LEAST_OUTSIDE - 1)], "pass"),
        # Texts of no class need no labels: they decide where the labelled ones are too few.
        ([*gap(0.0, 0.0, n=60), *outside(0.35)], "fail"),
        ([], "undecided"),
    ],
)
def test_it_fails_on_a_gap_that_clearly_widened_and_on_confidence_out_of_scope(
    metrics: list[Metric], expected: str
) -> None:
    assert judged(metrics).verdict == expected


def test_the_value_is_that_of_the_rule_that_failed() -> None:
    both = judged([*gap(0.15, 0.15), *outside(0.35)])
    assert (both.metric, both.metric_slice, both.value) == ("signed_gap", ALL, 0.15)
    alone = judged([*gap(0.0, 0.0), *outside(0.35)])
    assert (alone.metric, alone.metric_slice, alone.value) == ("confidence", OUT_OF_SCOPE, 0.35)


def test_the_trigger_reads_texts_out_of_scope() -> None:
    found = [
        one for one in triggers(given([*gap(0.0, 0.0), *outside(0.35)])) if one.name == "became overconfident"
    ]
    assert [one.fired for one in found] == [True, False]
    assert found[0].sentence == "mean confidence on 60 texts out of scope 0.400 → 0.750"
    assert found[0].value == 0.35


def test_a_run_that_is_older_than_the_gate_has_no_such_trigger() -> None:
    one = given([*gap(0.0, 0.0), *outside(0.35)])
    older = replace(one, rules={name: rule for name, rule in one.rules.items() if name != KEY})
    assert not [found for found in triggers(older) if found.name == "became overconfident"]


def test_the_gap_of_a_class_is_its_confidence_minus_its_recall(tiny_review: Path) -> None:
    def be_sure(workbench: duckdb.DuckDBPyConnection) -> None:
        workbench.execute(
            "UPDATE intent_side SET p = .9, correct = (side = 'base') WHERE correct IS NOT NULL"
        )
        workbench.execute(
            "UPDATE intent_side SET p = .5 WHERE side = 'base' AND ref IN "
            "(SELECT ref FROM example WHERE gold = 'escalation')"
        )

    context, _ = probe(tiny_review, be_sure)
    found = {(one.slice, one.side): one for one in class_gaps(context.workbench, "label")}
    assert len(found) == 9
    assert found["label=escalation", "base"].value == pytest.approx(-0.5)
    assert found["label=escalation", "candidate"].value == pytest.approx(0.9)
    assert found["label=escalation", "difference"].value == pytest.approx(1.4)
    assert found["label=recommendation", "base"].value == pytest.approx(-0.1)
    assert found["label=recommendation", "candidate"].n == 24
