"""Assay as an instrument, on its own sample: the defective candidates are blocked, the healthy one passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateResult
from analysis.plugin.registry import get
from analysis.review.evaluate import allow
from analysis.review.queries import by_side
from analysis.review.session import ReviewSession
from analysis.tracks.intent.report_sections import report_sections
from tests.analysis.gate_fixture import check_criteria
from tests.sample.honest_reviewer import judge_what_must_be

CUE = "escalation/titles"
TITLES = f"intent.relevance[{CUE}]"


def gates_of(session: ReviewSession) -> dict[str, GateResult]:
    """The gates by key; those of the track say their criteria, whoever judged what."""
    found = session.gates()
    of_track = [one for one in found if one.track == "intent"]
    assert {one.name for one in of_track} == {gate.name for gate in get("intent").gates()}
    for one in of_track:
        check_criteria(one)
    return {one.key: one for one in found}


def test_the_defective_candidate_looks_better_and_is_blocked(sample_store: Callable[..., Path]) -> None:
    with ReviewSession.open(sample_store("rc1"), reviewer="alice") as session:
        accuracy = {m.side: m.value for m in session.metrics("intent", "accuracy", "all")}
        recall = {m.side: m.value for m in session.metrics("intent", "recall", "label=escalation")}
        assert accuracy["difference"] > 0.01
        assert recall["candidate"] > recall["base"] + 0.1
        gates = gates_of(session)
        assert gates["intent.accuracy"].verdict == "pass"
        # More was fixed than could be undone, if people see it as gold does.
        assert gates["intent.critical_recall[escalation]"].verdict in ("pass", "unknown")
        assert gates[TITLES].verdict == "fail"
        assert gates[TITLES].value > 0.2
        assert gates[TITLES].refs
        # Inserted punctuation moves neither side; where gradients lean on it a little more, the gate may say so.
        punctuation = gates["intent.relevance[escalation/punctuation]"]
        assert punctuation.verdict in ("pass", "warn")
        assert abs(punctuation.value or 0) < 0.01
        judge_what_must_be(session, "looked at")
        after = gates_of(session)
        assert after["review.coverage"].verdict == "pass"
        assert after["intent.critical_recall[escalation]"].verdict == "pass"
        assert after[TITLES].verdict == "fail"
        assert not allow(after.values())
        with pytest.raises(AssayError, match=r"intent\.relevance"):
            session.decide("promote", "it scores better")
        session.decide("reject", "leans on titles")
        assert session.status()["promotable"] is False


def test_the_worst_messages_are_one_step_from_the_gate(sample_store: Callable[..., Path]) -> None:
    with ReviewSession.open(sample_store("rc1"), read_only=True) as session:
        gate = next(one for one in session.gates() if one.key == TITLES)
        worst = session.example(gate.refs[0])
        assert any(one.gate == TITLES for one in worst.flags)
        sides = by_side(worst.payload["intent_side"])
        assert sides["candidate"]["label"] == "escalation"
        assert sides["base"]["label"] != "escalation"
        assert {one.method for one in worst.attributions} >= {"lrp", "integrated_gradients", "occlusion"}


def test_licensed_attribution_says_the_same_as_the_counterfactuals(
    sample_store: Callable[..., Path],
) -> None:
    with ReviewSession.open(sample_store("rc1"), read_only=True) as session:
        own = {one.side: one for one in session.metrics("intent", "relevance_own_other", CUE)}
        assert own["candidate"].low is not None
        assert own["candidate"].low > 0.2
        found = {
            one.method: one for one in session.metrics("intent", "enrichment", CUE) if one.side == "candidate"
        }
        assert set(found) == {"occlusion", "lrp"}
        licensed = {method for method, one in found.items() if one.status == "ok"}
        assert "lrp" in licensed
        for method, one in found.items():
            # An enrichment has a value only where the attributions of the slice are licensed. With title and reason
            # in one text the prediction is overdetermined, and deletion may rank the words no better than chance.
            assert (one.value is not None) == (method in licensed), method
            if one.value is None:
                assert "no licence" in one.why, method
                continue
            assert one.value >= 0.8, method
            assert one.low is not None
            assert one.low > 1, method
            assert one.n is not None
            assert one.n >= 20
        said = "the candidate's licensed attribution names titles: enrichment "
        gate = next(one for one in session.gates() if one.key == TITLES)
        assert said in gate.why
        findings = report_sections(session.connection, session.gate_input())["Attribution findings"]
        assert [one for one in findings if one.startswith(said)]
        # What cannot be said is said, too: whether this is more than in the base.
        base = {one.method: one for one in session.metrics("intent", "licence", CUE) if one.side == "base"}
        change = {one.method: one for one in session.metrics("intent", "enrichment", CUE)
                  if one.side == "difference"}  # fmt: skip
        for method, one in base.items():
            assert (change[method].value is not None) == (one.value == 1.0 and method in licensed), method
            if not one.value:
                assert f"the base is not licensed as an aggregate because {one.why}" in gate.why
                assert "so the change is not judged" in gate.why


@pytest.mark.soak
def test_the_weaker_defect_is_no_more_let_through(sample_store: Callable[..., Path]) -> None:
    with ReviewSession.open(sample_store("rc1b", responders=True), reviewer="alice") as session:
        gates = gates_of(session)
        assert gates["intent.accuracy"].verdict == "pass"
        assert gates["intent.critical_recall[escalation]"].verdict in ("pass", "unknown")
        assert "fail" not in {one.verdict for key, one in gates.items() if key != TITLES}
        assert judge_what_must_be(session, "looked at") > 40
        after = gates_of(session)
        assert after["review.coverage"].verdict == "pass"
        assert after[TITLES].verdict == "fail"
        assert after[TITLES].value is not None
        assert 0.012 <= after[TITLES].value <= 0.06
        assert after[TITLES].low is not None
        assert after[TITLES].low > 0
        assert [key for key, one in after.items() if one.verdict in ("fail", "unknown")] == [TITLES]
        assert not allow(after.values())
        with pytest.raises(AssayError, match=r"intent\.relevance"):
            session.decide("promote", "it scores better")


@pytest.mark.soak
def test_the_healthy_candidate_passes_once_inspected(sample_store: Callable[..., Path]) -> None:
    with ReviewSession.open(sample_store("rc2"), reviewer="alice") as session:
        before = list(gates_of(session).values())
        assert not [one.key for one in before if one.verdict == "fail"]
        assert not allow(before)
        # Twenty controls of each track, twelve known answers each, what decides, and three that are shown again.
        assert 80 < judge_what_must_be(session, "looked at") <= 130
        after = gates_of(session).values()
        assert [one.key for one in after if one.verdict in ("fail", "unknown")] == []
        assert session.status()["gates_allow"] is True
        assert session.status()["promotable"] is False
        session.decide("promote", "healthy")
        assert session.status()["promotable"] is True


@pytest.mark.soak
def test_base_against_base_is_silent(sample_store: Callable[..., Path]) -> None:
    with ReviewSession.open(sample_store("base", responders=True), read_only=True) as session:
        gates = gates_of(session).values()
        assert [one.key for one in gates if one.verdict == "fail"] == []
        assert [one.key for one in gates if one.verdict == "unknown"] == [
            "review.coverage",
            "review.reviewers",
        ]
        assert [one.sentence for one in session.triggers() if one.fired] == []
        assert {one.value for one in session.metrics("intent", "flips", "all")} == {0}
        # Nothing flipped, so there is nothing that an attribution could explain.
        assert session.metrics("intent", "flips_reverted") == []
