"""Routing by threshold: what is counted, and the gate on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import numpy as np
import pytest

from analysis.base.gate_records import GateInput, GateResult
from analysis.base.records import ALL, Contested, Example, Metric, Slice
from analysis.data.memberships import membership_rows
from analysis.plugin.adjudicated import tolerance
from analysis.review.session import ReviewSession
from analysis.run.pipeline import insert_arrow, insert_rows
from analysis.stats import clopper_pearson
from analysis.tracks.intent.gates.threshold import Wrongs, outcome_of
from analysis.tracks.intent.predict import side_rows
from analysis.tracks.intent.report_sections import report_sections
from analysis.tracks.intent.selective import GRID, risk_coverage, selective_metrics
from tests.analysis.gate_fixture import ESCALATION, NOTHING, check_criteria, gate, given, selective, verdict
from tests.analysis.tracks.intent.probed import empty_workbench

KEY = "intent.threshold"
LABELS = ["escalation", "returns", "payment"]
SURE, UNSURE = 6.0, 1.0
"""Logits whose largest probability is above .9, and below .6."""
ROWS = [
    ("escalation", ("escalation", SURE), ("returns", SURE)),  # broken, and acted on
    ("escalation", ("returns", UNSURE), ("returns", SURE)),  # wrong on both, newly acted on
    ("escalation", ("returns", SURE), ("returns", UNSURE)),  # wrong on both, no longer acted on
    ("escalation", ("escalation", SURE), ("returns", UNSURE)),  # broken, and not acted on
    ("returns", ("payment", SURE), ("returns", SURE)),  # fixed
    ("returns", ("payment", SURE), ("payment", SURE)),
    ("payment", ("payment", UNSURE), ("payment", UNSURE)),
    ("payment", ("payment", SURE), ("payment", SURE)),
]
"""Gold, and class and logit of base and candidate."""


@pytest.fixture
def workbench() -> Iterator[duckdb.DuckDBPyConnection]:
    """What both sides predict for ROWS, with a slice of each class."""
    golds = [gold for gold, _, _ in ROWS]
    refs = [f"intent/message:{number}" for number in range(len(ROWS))]
    connection = empty_workbench()
    named = list(zip(refs, golds, strict=True))
    insert_rows(
        connection, "example", [Example(r, "intent", "message", r, None, "t", g, "") for r, g in named]
    )
    members = {f"label={one}": [ref for ref, gold in named if gold == one] for one in LABELS}
    insert_arrow(connection, "membership", membership_rows("intent", {ALL: refs, **members}))
    slices = [Slice(f"label={one}", "intent", "class", one == "escalation", "", 0) for one in LABELS]
    insert_rows(connection, "slice", [Slice(ALL, "intent", "all", False, "", len(ROWS)), *slices])
    for column, side in enumerate(("base", "candidate"), start=1):
        logits = np.zeros((len(ROWS), len(LABELS)), np.float32)
        for number, row in enumerate(ROWS):
            label, height = row[column]
            logits[number, LABELS.index(label)] = height
        insert_arrow(connection, "intent_side", side_rows(refs, side, logits, LABELS, golds))
    yield connection
    connection.close()


def test_what_is_acted_on_and_what_of_it_is_wrong(workbench: duckdb.DuckDBPyConnection) -> None:
    found = {(one.name, one.slice, one.side): one for one in selective_metrics(workbench, 0.8)}
    coverage = [found["coverage", ALL, side].value for side in ("base", "candidate", "difference")]
    assert coverage == [6 / 8, 5 / 8, -1 / 8]
    risk = found["selective_risk", ALL, "base"]
    assert (risk.value, risk.n, (risk.low, risk.high)) == (3 / 6, 6, clopper_pearson(3, 6))
    assert found["selective_risk", ALL, "candidate"].value == 3 / 5
    assert found["selective_broken", ALL, "difference"].value == 2
    assert found["selective_fixed", ALL, "difference"].value == 2
    assert found["selective_change", ALL, "difference"].value == 0
    assert found["selective_change", ALL, "difference"].n == 7
    critical = found["selective_broken", "label=escalation", "difference"]
    assert (critical.value, critical.n) == (2, 4)
    assert found["selective_fixed", "label=escalation", "difference"].value == 1
    assert found["coverage", "label=escalation", "difference"].n == 4


def test_a_threshold_that_nothing_reaches_leaves_the_error_unknown(
    workbench: duckdb.DuckDBPyConnection,
) -> None:
    found = {(one.name, one.slice, one.side): one for one in selective_metrics(workbench, 0.9999)}
    for name, side in (("selective_risk", "base"), ("selective_change", "difference")):
        one = found[name, ALL, side]
        assert (one.status, one.why) == ("unknown", "no message is routed")
    assert found["coverage", ALL, "candidate"].value == 0


def test_risk_and_coverage_stand_at_every_threshold_and_at_the_declared_one(
    workbench: duckdb.DuckDBPyConnection,
) -> None:
    rows = risk_coverage(workbench, 0.85).to_pylist()
    assert {row["threshold"] for row in rows} == {*GRID, 0.85}
    at = {(row["side"], row["threshold"]): (row["messages"], row["routed"], row["wrong"]) for row in rows}
    assert at["base", 0.0] == (8, 8, 4)
    assert at["base", 0.85] == (8, 6, 3)
    assert at["candidate", 0.85] == (8, 5, 3)


LIMITS = {"max_net_rise": 0.01, "max_class_share": 0.05}


@pytest.mark.parametrize(
    ("everything", "fails"),
    [
        (Wrongs(1000, 30, 2), True),
        # More than chance, and less than a point of what is routed.
        (Wrongs(10_000, 60, 2), False),
        # More than a point, and not more than chance.
        (Wrongs(100, 3, 0), False),
        (Wrongs(1000, 2, 30), False),
    ],
)
def test_the_rule_on_counts(everything: Wrongs, fails: bool) -> None:
    assert outcome_of(everything, {}, 0.005, LIMITS).fails is fails


def acted_on(n: int, worse: int, better: int) -> GateInput:
    """A critical class of n of which so many are newly routed wrongly, and no longer."""
    rows = tuple(
        Contested("intent", "threshold", ESCALATION.slice, f"m{number}", f"m{number}", sign, 0, sign, 0, sign)
        for number in range(worse + better)
        for sign in ((1,) if number < worse else (-1,))
    )
    one = given(selective(ALL, 1000, 4, 0), slices=(replace(ESCALATION, n=n),), threshold=0.8)
    return replace(one, contested=rows)


@pytest.mark.parametrize(
    ("n", "worse", "better", "before", "after"),
    [
        (60, 4, 0, "unknown", "fail"),
        (60, 3, 0, "pass", "pass"),
        (60, 5, 2, "unknown", "pass"),
        (8, 1, 0, "pass", "pass"),
        (8, 2, 0, "unknown", "fail"),
    ],
)
def test_a_critical_class_is_judged_by_people(
    n: int, worse: int, better: int, before: str, after: str
) -> None:
    one = acted_on(n, worse, better)
    waiting = gate(one, KEY)
    assert waiting.verdict == before
    assert len(waiting.open) == (worse + better if before == "unknown" else 0)
    verdicts = tuple(verdict(row.ref, "neither") for row in one.contested)
    judged_by_all = replace(one, state=replace(NOTHING, verdicts=verdicts))
    assert gate(judged_by_all, KEY).verdict == after
    for each in (one, judged_by_all):
        check_criteria(gate(each, KEY))


def test_one_message_is_always_tolerated() -> None:
    assert [tolerance(n, 0.05) for n in (8, 20, 60)] == [1, 1, 3]


def judged(metrics: list[Metric], threshold: float | None = 0.8) -> GateResult:
    one = gate(given(metrics, slices=(ESCALATION,), threshold=threshold), KEY)
    check_criteria(one)
    return one


def test_the_gate_says_counts_coverage_and_error() -> None:
    failing = judged(selective(ALL, 1000, 30, 2))
    assert failing.verdict == "fail"
    assert (failing.metric, failing.value, failing.n) == ("selective_change", 0.028, 1000)
    assert failing.why == (
        "from 0.8 on, of 1000 routed, 30 are newly wrong, 2 no longer; "
        "coverage 90.0% → 90.0%, error among the routed 10.0% → 10.0%"
    )
    assert judged(selective(ALL, 1000, 3, 2)).verdict == "pass"
    told = gate(acted_on(55, 4, 0), KEY).why
    assert told.startswith(
        "of 55 escalation, 4 newly routed wrongly, 0 no longer; 4 open verdicts decide it; from 0.8 on"
    )


def test_without_a_threshold_it_does_not_apply_and_without_messages_it_is_unknown() -> None:
    assert judged(selective(ALL, 1000, 30, 2), threshold=None).verdict == "n/a"
    assert judged(selective(ALL, 0, 0, 0)).verdict == "unknown"
    assert judged([]).verdict == "unknown"


def test_a_run_flags_what_is_newly_acted_on_wrongly_and_reports_its_table(small_run: ReviewSession) -> None:
    one = small_run.gate_input()
    broken = next(m.value for m in one.metrics if (m.name, m.slice) == ("selective_broken", ALL))
    assert broken
    assert len(one.flagged[KEY]) <= broken
    said = report_sections(small_run.connection, one)["Changed behavior"]
    assert f"{broken:.0f} are newly wrong" in said[0]
    assert "from 0.6 on" in said[1]
    assert "from 0.95 on" in said[1]
