"""Assay as an instrument, on its own sample: the defective candidate is blocked, the healthy one passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.errors import AssayError
from analysis.gates import allow
from analysis.review import ReviewSession, Scope

TITLES = "intent.relevance[escalation/titles]"


def inspect_queue(session: ReviewSession, verdict: str = "acceptable", cause: str = "looked at") -> int:
    rows = session.queue_page(Scope(), 0, 1000)
    for row in rows:
        session.verdict(row.ref, verdict, cause=cause)  # type: ignore[arg-type]
    return len(rows)


def test_the_defective_candidate_looks_better_and_is_blocked(sample_store: Callable[[str], Path]) -> None:
    with ReviewSession.open(sample_store("rc1"), reviewer="alice") as session:
        accuracy = {m.side: m.value for m in session.metrics("intent", "accuracy", "all")}
        recall = {m.side: m.value for m in session.metrics("intent", "recall", "label=escalation")}
        assert accuracy["difference"] > 0.01
        assert recall["candidate"] > recall["base"] + 0.1
        gates = {one.key: one for one in session.gates()}
        assert gates["intent.accuracy"].verdict == "pass"
        assert gates["intent.critical_recall[escalation]"].verdict == "pass"
        assert gates[TITLES].verdict == "fail"
        assert gates[TITLES].value > 0.2
        assert gates[TITLES].refs
        assert gates["intent.relevance[escalation/punctuation]"].verdict == "pass"
        inspect_queue(session)
        after = {one.key: one for one in session.gates()}
        assert after["review.coverage"].verdict == "pass"
        assert after[TITLES].verdict == "fail"
        assert not allow(after.values())
        with pytest.raises(AssayError, match=r"intent\.relevance"):
            session.decide("promote", "it scores better")
        session.decide("reject", "leans on titles")
        assert session.status()["promotable"] is False


def test_the_worst_messages_are_one_step_from_the_gate(sample_store: Callable[[str], Path]) -> None:
    with ReviewSession.open(sample_store("rc1"), read_only=True) as session:
        gate = next(one for one in session.gates() if one.key == TITLES)
        worst = session.example(gate.refs[0])
        assert any(one.gate == TITLES for one in worst.flags)
        sides = worst.payload["intent_side"]
        assert sides["candidate"]["label"] == "escalation"
        assert sides["base"]["label"] != "escalation"
        assert {one.method for one in worst.attributions} >= {"integrated_gradients", "occlusion"}


def test_the_healthy_candidate_passes_once_inspected(sample_store: Callable[[str], Path]) -> None:
    with ReviewSession.open(sample_store("rc2"), reviewer="alice") as session:
        before = session.gates()
        assert not [one.key for one in before if one.verdict == "fail"]
        assert not allow(before)
        assert inspect_queue(session) > 100
        after = session.gates()
        assert [one.key for one in after if one.verdict in ("fail", "unknown")] == []
        assert session.status()["gates_allow"] is True
        assert session.status()["promotable"] is False
        session.decide("promote", "healthy")
        assert session.status()["promotable"] is True


def test_base_against_base_is_silent(sample_store: Callable[[str], Path]) -> None:
    with ReviewSession.open(sample_store("base"), read_only=True) as session:
        gates = session.gates()
        assert [one.key for one in gates if one.verdict == "fail"] == []
        assert [one.key for one in gates if one.verdict == "unknown"] == ["review.coverage"]
        assert [one.sentence for one in session.triggers() if one.fired] == []
