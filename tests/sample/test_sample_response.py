"""The response part of the sample: a candidate that wins style and spoils is rejected, one in other words is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from analysis.plugin.registry import get
from analysis.review.session import ReviewSession

SPOILERS = "response.spoilers[asks for no spoilers]"


def test_a_win_on_style_that_spoils_is_rejected(sample_store: Callable[[str], Path]) -> None:
    with ReviewSession.open(sample_store("rc1"), read_only=True) as session:
        gates = {one.key: one for one in session.gates() if one.track == "response"}
        tradeoff = gates["response.tradeoff"]
        assert tradeoff.verdict == "fail"
        assert tradeoff.low is not None
        assert tradeoff.low > 0.5
        assert gates[SPOILERS].verdict == "fail"
        worst = session.example(gates[SPOILERS].refs[0])
        spans = [one for one in worst.spans if one.side == "candidate" and one.detector == "spoilers"]
        assert spans
        candidate = next(row for row in worst.payload["response_side"] if row["side"] == "candidate")
        assert all(candidate["text"][one.start : one.end] for one in spans)
        findings = get("response").report_sections(session.connection, session.gate_input())[
            "Response findings"
        ]
        assert any("spoil" in one for one in findings)
        for gate in gates.values():
            rows = {row.verdict for row in gate.criteria}
            assert ("fail" in rows) == (gate.verdict == "fail"), gate.key
            assert bool(rows) == (gate.verdict != "n/a"), gate.key
        rise = gates[SPOILERS]
        assert (rise.measures, rise.better) == ("change", "down")
        assert (rise.value, rise.low, rise.high) in [(row.value, row.low, row.high) for row in rise.criteria]


def test_a_person_confirms_or_refutes_a_span(sample_store: Callable[[str], Path]) -> None:
    with ReviewSession.open(sample_store("rc2"), reviewer="alice") as session:
        before = next(one for one in session.gates() if one.key == "response.promises")
        assert before.verdict == "pass"
        ref, detector, start, end = session.connection.execute(
            "SELECT ref, detector, start, \"end\" FROM evidence.span WHERE side = 'candidate' ORDER BY ALL LIMIT 1"
        ).fetchone() or ("", "", 0, 0)
        session.judge_span(ref, "candidate", detector, start, end, "refuted")
        assert [one.verdict for one in session.state().spans if one.ref == ref] == ["refuted"]
        session.undo()
        assert session.state().spans == ()


def test_the_models_say_where_the_candidate_moved(sample_store: Callable[[str], Path]) -> None:
    with ReviewSession.open(sample_store("rc1"), read_only=True) as session:
        kl = {one.side: one for one in session.metrics("response", "kl", "all")}
        assert kl["candidate"].value is not None
        assert kl["candidate"].value > 0
        risen = session.connection.execute(
            "SELECT count(*) FROM evidence.response_odds WHERE low > 0"
        ).fetchone()
        assert risen is not None
        assert risen[0] > 0
        scales = session.connection.execute(
            "SELECT DISTINCT scale FROM evidence.response_dose ORDER BY scale"
        ).fetchall()
        assert [scale for (scale,) in scales] == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5]
