"""Two reviewers: agreeing, changing their minds, disagreeing, and settling; and settlements that count for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.base.review_records import Right
from analysis.plugin.gate import decided, judgement
from analysis.review.reviewers import agreement
from analysis.review.session import CORRECTNESS, ReviewSession
from tests.analysis.store_fixture import (
    DECIDES,
    RECALL,
    controls,
    gate,
    publish_review,
    ref_of,
    said_elsewhere,
    verdict_body,
)


def bob_says(session: ReviewSession, ref: str, right: Right, kind: str = "verdict") -> None:
    body = verdict_body(right) if kind == "verdict" else dict(CORRECTNESS[right])
    said_elsewhere(session.store, "bob", (kind, ref, body))
    assert session.poll()


def test_a_disagreement_is_open_until_it_is_settled(session: ReviewSession) -> None:
    bob_says(session, DECIDES[0], "both")
    session.verdict(DECIDES[0], "base")
    assert session.overview().disagreements == (DECIDES[0],)
    assert gate(session, "review.findings").verdict == "unknown"
    assert gate(session, "review.findings").refs == (DECIDES[0],)
    assert DECIDES[0] in gate(session, RECALL).open
    session.settle(DECIDES[0], "both")
    assert session.overview().disagreements == ()
    assert session.state().settled == {DECIDES[0]: "both"}
    (settlement,) = session.state().settlements
    assert dict(zip(settlement.actors, settlement.said, strict=True)) == {
        session.actor: "base",
        "uid:4242/bob on elsewhere": "both",
    }
    assert gate(session, "review.findings").verdict == "pass"
    assert decided(session.gate_input(), DECIDES[0]) == "both"
    session.verdict(DECIDES[0], "both")
    assert session.state().settled == {DECIDES[0]: "both"}
    session.verdict(DECIDES[0], "candidate")
    assert session.state().settled == {}
    assert session.overview().disagreements == (DECIDES[0],)


def test_a_settlement_is_taken_back_and_put_back(session: ReviewSession) -> None:
    bob_says(session, DECIDES[0], "both")
    session.verdict(DECIDES[0], "base")
    session.settle(DECIDES[0], "both")
    taken = session.undo()
    assert taken is not None
    assert taken.sentence == f"settle both on {DECIDES[0]}"
    assert session.overview().disagreements == (DECIDES[0],)
    session.redo()
    assert session.state().settled == {DECIDES[0]: "both"}
    session.undo()
    session.undo()
    assert judgement(session.state(), DECIDES[0]) == "both", "bob alone is left"


def test_settling_needs_a_disagreement_and_a_verdict_of_ones_own(store: Path, session: ReviewSession) -> None:
    with pytest.raises(AssayError, match="nothing to settle"):
        session.settle(DECIDES[0], "both")
    session.verdict(DECIDES[0], "base")
    with pytest.raises(AssayError, match="nothing to settle"):
        session.settle(DECIDES[0], "both")
    bob_says(session, DECIDES[1], "base")
    said_elsewhere(store, "carol", ("verdict", DECIDES[1], verdict_body("both")))
    session.poll()
    with pytest.raises(AssayError, match="your own verdict first"):
        session.settle(DECIDES[1], "both")


def test_a_settlement_that_nobody_disputed_counts_for_nothing(session: ReviewSession) -> None:
    """As written by hand into a journal: the session itself refuses to record it."""
    session.verdict(DECIDES[0], "base")
    session._record("settle", dict(CORRECTNESS["candidate"]), ref=DECIDES[0])
    assert session.state().settled == {}
    assert decided(session.gate_input(), DECIDES[0]) == "base"
    session._record("settle", dict(CORRECTNESS["both"]), ref=DECIDES[1])
    assert judgement(session.state(), DECIDES[1]) == "none"


def test_a_settlement_of_who_did_not_judge_counts_for_nothing(store: Path, session: ReviewSession) -> None:
    bob_says(session, DECIDES[0], "both")
    session.verdict(DECIDES[0], "base")
    said_elsewhere(store, "mallory", ("settle", DECIDES[0], dict(CORRECTNESS["candidate"])))
    session.poll()
    assert session.state().settled == {}
    assert session.overview().disagreements == (DECIDES[0],)


def test_a_disagreement_that_comes_after_does_not_wake_an_early_settlement(session: ReviewSession) -> None:
    session.verdict(DECIDES[0], "base")
    session._record("settle", dict(CORRECTNESS["base"]), ref=DECIDES[0])
    # Order is that of the clock of events: bob's verdict is his fourth event, and so later than the settlement.
    notes = [("note", DECIDES[0], {"note": "hm", "critical_slices": []})] * 3
    said_elsewhere(session.store, "bob", *notes, ("verdict", DECIDES[0], verdict_body("both")))
    session.poll()
    session.verdict(DECIDES[0], "base")
    assert session.state().settled == {}
    assert session.overview().disagreements == (DECIDES[0],)


def test_a_changed_mind_is_one_voice(session: ReviewSession) -> None:
    session.verdict(DECIDES[0], "base")
    session.verdict(DECIDES[0], "both")
    assert judgement(session.state(), DECIDES[0]) == "both"
    with pytest.raises(AssayError, match="nothing to settle"):
        session.settle(DECIDES[0], "base")
    session.undo()
    assert judgement(session.state(), DECIDES[0]) == "base"
    session.undo()
    assert judgement(session.state(), DECIDES[0]) == "none"
    assert session.progress()[0] == 0


def test_disputed_is_what_decides_alone(session: ReviewSession) -> None:
    aside = ref_of(14)
    bob_says(session, aside, "both")
    session.verdict(aside, "base")
    assert session.overview().disagreements == (aside,)
    assert gate(session, "review.findings").verdict == "pass", "no gate waits for it"


def test_agreement_is_told_from_two_reviewers_on(store: Path, session: ReviewSession) -> None:
    assert agreement(session.state()) == (None, 0)
    refs = (*DECIDES, *controls(session))
    for ref in refs:
        session.verdict(ref, "both")
    assert agreement(session.state()) == (None, 0)
    said_elsewhere(store, "bob", *(("verdict", ref, verdict_body("both")) for ref in refs[:4]))
    session.poll()
    assert agreement(session.state()) == (1.0, 4)
    bob_says(session, refs[0], "base")
    coefficient, examples = agreement(session.state())
    assert examples == 4
    assert coefficient is not None
    assert 0 < coefficient < 1
    assert "agreement of reviewers on 4 examples" in gate(session, "review.reviewers").why


def test_two_reviewers_must_agree_where_two_are_required(tmp_path: Path) -> None:
    store = publish_review(tmp_path / "two.review", reviewers_required=2)
    with ReviewSession.open(store, "alice") as session:
        for ref in (*DECIDES, *controls(session)):
            session.verdict(ref, "both")
        assert set(gate(session, RECALL).open) == set(DECIDES)
        assert gate(session, "review.coverage").value == 0
        assert session.slice_sentences("label=escalation").this_slice.startswith(
            "3 of 3 random controls are still"
        )
        said_elsewhere(store, "bob", *(("verdict", ref, verdict_body("both")) for ref in DECIDES))
        session.poll()
        assert gate(session, RECALL).verdict == "pass"
        assert gate(session, "review.coverage").value == 3
