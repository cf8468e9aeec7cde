"""What a whole small run holds: declared metrics alone, gates that find theirs under any column of labels."""

from __future__ import annotations

import pytest

from analysis.base.gate_records import GateResult
from analysis.plugin.registry import get, specs_of
from analysis.review.session import ReviewSession
from analysis.tracks.intent.figures import figures
from analysis.tracks.intent.plain_changes import changes
from analysis.tracks.intent.report_sections import report_sections
from tests.analysis.gate_fixture import check_criteria
from tests.analysis.tracks.intent.conftest import LABEL

FOUND = {"relevance_found_critical", "relevance_found_other"}
"""Written where the search for undeclared cues found something."""


def gates(session: ReviewSession) -> list[GateResult]:
    return [one for one in session.gates() if one.track == "intent"]


def test_every_metric_of_a_run_is_declared_with_a_meaning(small_run: ReviewSession) -> None:
    declared = specs_of("intent")
    written = {(one.name, one.side) for one in small_run.gate_input().metrics if one.track == "intent"}
    assert written
    for name, side in written:
        spec = declared[name]
        assert side in spec.sides, (name, side)
        assert spec.title
        assert spec.meaning
        assert spec.unit
    assert len({spec.title for spec in declared.values()}) == len(declared)


def test_every_declared_metric_is_written_for_every_side(small_run: ReviewSession) -> None:
    written = {(one.name, one.side) for one in small_run.gate_input().metrics if one.track == "intent"}
    declared = {(spec.name, side) for spec in specs_of("intent").values() for side in spec.sides}
    assert {one for one in declared if one[0] not in FOUND} == {one for one in written if one[0] not in FOUND}


def test_what_gates_say_that_they_read_is_measured(small_run: ReviewSession) -> None:
    written = {one.name for one in small_run.gate_input().metrics if one.track == "intent"}
    for gate in get("intent").gates():
        assert gate.reads, gate.name
        assert {spec.name for spec in gate.reads} <= written | FOUND, gate.name


def test_the_metrics_of_a_gate_lie_on_the_slice_that_it_names(small_run: ReviewSession) -> None:
    metrics = small_run.gate_input().metrics
    found = {one.key: one for one in gates(small_run)}
    valued = [one for one in found.values() if one.metric is not None]
    assert {one.name for one in valued} == {gate.name for gate in get("intent").gates()}
    for one in valued:
        here = [metric for metric in metrics if (metric.name, metric.slice) == (one.metric, one.metric_slice)]
        assert (one.value, one.low, one.high, one.n) in {
            (metric.value, metric.low, metric.high, metric.n) for metric in here
        }, one.key
    for name in ("critical_recall", "critical_routing"):
        assert found[f"intent.{name}[escalation]"].metric_slice == f"{LABEL}=escalation"
    recall = found["intent.critical_recall[escalation]"]
    assert (recall.metric, recall.measures, recall.better) == ("recall", "change", "up")


def test_the_gates_of_a_run_say_their_criteria(small_run: ReviewSession) -> None:
    for one in gates(small_run):
        check_criteria(one)


def test_flags_name_gates_that_are_there(small_run: ReviewSession) -> None:
    flagged = small_run.gate_input().flagged
    assert flagged
    assert set(flagged) <= {one.key for one in gates(small_run)}


def test_report_sections_say_each_probe(small_run: ReviewSession) -> None:
    found = report_sections(small_run.connection, small_run.gate_input())["Attribution findings"]
    assert any("terms that the lexicon does not hold" in one for one in found)
    assert any("neutral phrases" in one and "never subtracted" in one for one in found)
    assert any("deleting the expected signals of escalation" in one for one in found)


def test_what_changed_is_told_with_both_sides_and_the_gates_that_judge_it(small_run: ReviewSession) -> None:
    given = small_run.gate_input()
    found = changes(given)
    at = {key: one for one in found for key in one.gates}
    recall = given.metric_at["intent", "recall", f"{LABEL}=escalation", "difference"]
    told = at["intent.critical_recall[escalation]"]
    assert told.critical
    assert told.size == pytest.approx(abs(recall.value or 0.0))
    assert told.text.startswith("it recognises ")
    assert "messages of escalation, the base " in told.text
    cue = given.settings["intent"]["irrelevant"]["escalation"][0]
    assert at[f"intent.relevance[escalation/{cue}]"].text.startswith(f"putting {cue} into a message moves ")
    assert {"intent.accuracy", "intent.critical_routing[escalation]"} <= set(at)
    # A slice is told once, and no change of a slice that has no number.
    slices = [one.slice for one in found if one.slice]
    assert len(slices) == len(set(slices))
    assert all(0 <= one.size <= 1 for one in found)


def test_figures_show_the_numbers_of_the_run(small_run: ReviewSession) -> None:
    found = figures(small_run.connection)
    assert {"intent-reliability", "intent-risk-coverage", "intent-drift"} <= set(found)
    accuracy = {one.side: one for one in small_run.metrics("intent", "accuracy", "all")}
    whole = found["intent-risk-coverage"].rows[-1]
    for place, side in enumerate(("base", "candidate"), 1):
        wrong, n = whole[place].split(" of ")
        assert 1 - int(wrong) / int(n) == pytest.approx(accuracy[side].value)
        assert int(n) == accuracy[side].n
    tenths = found["intent-reliability"].rows
    assert sum(int(row[1]) for row in tenths) == accuracy["base"].n
    assert [row[2] for row in tenths] == sorted(row[2] for row in tenths)
