"""One false-alarm level for everything in a review that can fail by a test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.plugin.alpha import KEY, alpha_table, by_track, planned, share_of, share_of_track, shares
from analysis.plugin.gate import ALPHA
from analysis.plugin.registry import get
from analysis.report.run_sections import level_lines
from analysis.run.check import check_review
from tests.analysis.gate_fixture import given
from tests.analysis.tracks.retrieval import gate_inputs


def test_tracks_share_alike_and_gates_by_their_weights() -> None:
    found = shares({"a": {"a.x": 3, "a.y": 1, "a.z": 0}, "b": {"b.x": 5}})
    assert found == pytest.approx({"a.x": 0.025 * 3 / 4, "a.y": 0.025 / 4, "b.x": 0.025})


def test_a_track_that_tests_nothing_gives_its_part_to_the_others() -> None:
    assert shares({"a": {"a.x": 1}, "b": {"b.x": 0}, "c": {}}) == {"a.x": ALPHA}
    assert shares({"a": {"a.x": 0}}) == {}
    assert shares({}) == {}


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        shares({"a": {"a.x": 1, "a.y": -1}})


def test_the_parts_of_a_review_sum_to_its_level(tiny_review: Path) -> None:
    review = check_review(tiny_review, trial=False).review
    parts = planned(review.rules, review.as_recorded())
    assert sum(parts.values()) == pytest.approx(ALPHA)
    assert {"intent.accuracy", "intent.critical_recall", "intent.relevance", "intent.signals"} <= set(parts)
    assert "intent.explanations" not in parts
    assert by_track(parts, "retrieval") == {}


def test_what_is_not_declared_or_switched_off_spends_nothing(tiny_review: Path) -> None:
    declared = '[intent.signals]\nescalation = ["real person", "human"]\n'
    text = tiny_review.read_text("utf-8")
    assert declared in text
    off = '\n[gates]\n"intent.slices" = { off = "measured elsewhere" }\n'
    tiny_review.write_text(text.replace(declared, "") + off, "utf-8")
    review = check_review(tiny_review, trial=False).review
    parts = planned(review.rules, review.as_recorded())
    assert "intent.signals" not in parts
    assert "intent.slices" not in parts
    assert sum(parts.values()) == pytest.approx(ALPHA)


def test_retrieval_spends_only_on_what_is_declared() -> None:
    made = get("retrieval").settings().model_construct(group_by=["theme"])
    assert set(get("retrieval").untested(made.as_recorded())) == {
        "retrieval.confounds",
        "retrieval.hard_negatives",
        "retrieval.probes",
    }


def test_gates_go_by_the_table_that_the_run_keeps() -> None:
    one = given()
    assert share_of(one, "intent.accuracy") == pytest.approx(ALPHA * 10 / 100)
    kept = {"intent.accuracy": 0.01, "intent.slices": 0.04}
    held = replace(one, settings={"intent": {**one.settings["intent"], KEY: kept}})
    assert alpha_table(held) == kept
    assert share_of(held, "intent.accuracy", "intent.slices") == pytest.approx(0.05)
    assert share_of(held, "intent.relevance") == 0
    assert share_of_track(held, "intent") == pytest.approx(0.05)


def test_the_gate_of_hard_negatives_tests_queries_at_its_part() -> None:
    """Eight pairs broken, all of two queries, are no evidence; of eight queries they are."""
    key = "retrieval.hard_negatives"
    judged = gate_inputs.given(gate_inputs.pairs(200, 8, 0))
    assert share_of(judged, key) == pytest.approx(ALPHA / 4)
    assert gate_inputs.gate(judged, key).verdict == "fail"
    few = gate_inputs.given(gate_inputs.pairs(200, 8, 0, queries=(2, 0)))
    assert gate_inputs.gate(few, key).verdict == "pass"


def test_the_report_prints_the_table() -> None:
    lines = level_lines({"b.y": 0.02, "a.x": 0.03})
    assert lines[0][0].startswith("0.05 in all")
    assert [[getattr(part, "text", part) for part in line] for line in lines[1:]] == [
        ["a.x", ": 0.03"],
        ["b.y", ": 0.02"],
    ]
    assert level_lines({}) == [("nothing in this review fails by a test",)]
