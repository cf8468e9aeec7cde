"""What measures a reviewer: items whose answer is known, and examples that are shown again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.base.people import shown_as
from analysis.base.records import SIDES
from analysis.review.asked import Asked, order_of
from analysis.review.reader import AGAIN, AGAIN_AMONG
from analysis.review.reviewers import reviewer_records, trusted_state
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from analysis.store.journal import Journal
from analysis.store.streams import this_account
from tests.analysis.store_fixture import (
    CONTROLS,
    DECIDES,
    KNOWN,
    NEEDED,
    RECALL,
    answer_known,
    controls,
    gate,
    part,
    publish_review,
    said_elsewhere,
    verdict_body,
)


def asked(session: ReviewSession, ref: str) -> Asked:
    found = session.asked(ref)
    assert found is not None
    return found


def test_known_answer_items_are_in_the_queue_for_nothing_else(session: ReviewSession) -> None:
    known = set(part(session, "known answer"))
    given = session.gate_input()
    flagged = {ref for refs in given.flagged.values() for ref in refs}
    assert len(known) == KNOWN
    assert not known & {entry.ref for entry in given.queue if not entry.known}
    assert not known & {one.ref for one in given.contested}
    assert not known & flagged


def test_an_item_looks_like_an_example_on_which_the_sides_differ(session: ReviewSession) -> None:
    item, other = asked(session, part(session, "known answer")[0]), asked(session, DECIDES[0])
    assert item.text == other.text
    assert len(item.answers) == len(other.answers) == 2
    known = part(session, "known answer")
    for ref in known:
        drawn = order_of(session.actor, session.run, f"known/{ref}")
        assert asked(session, ref).true_first == (drawn == SIDES)
    drawn_for = {order_of(name, session.run, f"known/{ref}") for ref in known for name in "abcdefghijkl"}
    assert len(drawn_for) == 2, "who always takes the first of two fails half of them"


def test_the_first_answer_counts_and_is_never_taken_back(session: ReviewSession) -> None:
    ref = part(session, "known answer")[0]
    question = asked(session, ref)
    wrong, right = ("second", "first") if question.true_first else ("first", "second")
    session.answer(ref, wrong, seconds=3.5)  # type: ignore[arg-type]
    assert [one.given for one in session.state().known_answers] == ["wrong"]
    assert session.asked(ref) is None, "the page that opens tells the answer"
    with pytest.raises(AssayError, match="nothing is asked"):
        session.answer(ref, right)  # type: ignore[arg-type]
    body = {"given": "true", "seconds": 1.0, "critical_slices": []}
    journal = Journal(session.store, this_account(), "alice")
    journal.observe(99)
    second = journal.append("known_answer", run=session.run, ref=ref, body=body)
    journal.append("undo", run=session.run, ref=ref, body={}, target=second.event_id)
    first = next(one for one in session.example(ref).history if one.kind == "known_answer")
    journal.append("undo", run=session.run, ref=ref, body={}, target=first.event_id)
    journal.close()
    assert session.poll()
    assert [one.given for one in session.state().known_answers] == ["wrong"]
    assert session.undo() is None
    assert session.progress() == (1, NEEDED)


def test_a_reviewer_is_measured_before_the_gate_passes(session: ReviewSession) -> None:
    before = gate(session, "review.reviewers")
    assert (before.verdict, set(before.refs)) == ("unknown", set(part(session, "known answer")))
    session.verdict(DECIDES[0], "both")
    said = f"{shown_as(session.actor, 'alice')} has answered no known-answer item of intent, 8 to go"
    assert gate(session, "review.reviewers").why.startswith(said)
    answer_known(session, wrong=1)
    after = gate(session, "review.reviewers")
    assert (after.verdict, after.refs) == ("pass", ())
    assert after.why == f"{shown_as(session.actor, 'alice')} has 7 of 8 known answers of intent right"


def test_verdicts_of_who_fails_count_for_nothing(store: Path, session: ReviewSession) -> None:
    for ref in (*DECIDES, *controls(session)):
        session.verdict(ref, "base")
    assert gate(session, RECALL).verdict == "fail"
    assert gate(session, "review.coverage").verdict == "pass"
    answer_known(session, wrong=2)
    assert gate(session, "review.reviewers").verdict == "unknown"
    assert "too few, so no verdict of theirs counts there" in gate(session, "review.reviewers").why
    assert gate(session, RECALL).verdict == "unknown"
    assert set(gate(session, RECALL).open) == set(DECIDES)
    assert gate(session, "review.coverage").value == 0
    assert session.status()["queue"]["inspected"] == 0
    assert session.slice_sentences("label=escalation").this_slice.startswith(
        f"{CONTROLS} of {CONTROLS} random"
    )
    # Nor can they make a disagreement, and settle it with someone who counts.
    said_elsewhere(store, "bob", ("verdict", DECIDES[0], verdict_body("candidate")))
    session.poll()
    session.settle(DECIDES[0], "base")
    assert session.state().settled == {DECIDES[0]: "base"}
    assert trusted_state(session.gate_input()).settled == {}
    assert gate(session, "review.findings").verdict == "pass", "one voice is no disagreement"
    (mine,) = [one for one in reviewer_records(session.gate_input()) if one["reviewer"] == "alice"]
    assert mine["known"] == [{"track": "intent", "right": 6, "answered": 8, "items": 8, "failed": True}]


def test_one_who_passes_cannot_lend_that_to_another(store: Path, session: ReviewSession) -> None:
    answer_known(session)
    for ref in controls(session):
        session.verdict(ref, "both")
    said_elsewhere(store, "bob", *(("verdict", ref, verdict_body("both")) for ref in DECIDES))
    session.poll()
    found = gate(session, "review.reviewers")
    assert found.verdict == "unknown"
    assert [(row.what, row.value) for row in found.criteria if row.verdict == "unknown"] == [
        ("examples of intent that only others judged", 3)
    ]
    for ref in DECIDES:
        session.verdict(ref, "both")
    assert gate(session, "review.reviewers").verdict == "pass"


def test_a_verdict_on_an_item_does_not_answer_it(session: ReviewSession) -> None:
    ref = part(session, "known answer")[0]
    session.verdict(ref, "both")
    assert session.progress() == (0, NEEDED)
    asked(session, ref)
    session.undo()
    answer_known(session)
    assert session.progress() == (KNOWN, NEEDED)


def test_a_review_that_is_not_blind_asks_for_known_answers_alone(tmp_path: Path) -> None:
    store = publish_review(tmp_path / "open.review", blind=False)
    with ReviewSession.open(store, "alice") as session:
        assert session.asked(DECIDES[0]) is None
        answer_known(session)
        assert gate(session, "review.reviewers").verdict == "pass"
        session.verdict(DECIDES[0], "base")
        assert [one.blind for one in session.state().verdicts] == [False]


def test_some_first_verdicts_are_asked_again_turned_round(session: ReviewSession) -> None:
    known = part(session, "known answer")
    rows = session.queue_page(Scope(everything=True), 0, 100)
    found = session.connection.execute("SELECT ref FROM evidence.example WHERE kind = 'variant' ORDER BY ref")
    variants = [ref for (ref,) in found.fetchall()]
    messages = [*(row.ref for row in rows if row.ref not in known), *variants][: 2 * AGAIN_AMONG - 2]
    first = {}
    for ref in dict.fromkeys(messages):
        first[ref] = session.asked(ref)
        session.verdict(ref, "both", asked=first[ref], seconds=2.0)
    due = [ref for ref in first if session.asked(ref) is not None]
    assert len(first) < 2 * AGAIN_AMONG
    given = len(first)
    assert all(list(first).index(ref) < given - AGAIN_AMONG for ref in due), "only once 20 others were given"
    assert 0 < len(due) <= AGAIN
    for ref in due:
        again, before = asked(session, ref), first[ref]
        assert before is not None
        assert again.again
        assert again.order == (before.order or ())[::-1]
    walked = {row.ref for row in session.queue_page(Scope(undecided=True), 0, 100)}
    assert {ref for ref in due if ref in DECIDES or ref in controls(session)} <= walked
    session.answer(due[0], "unsure")
    assert session.asked(due[0]) is None
    assert [(one.ref, one.before, one.after) for one in session.state().repeats] == [
        (due[0], "both", "unsure")
    ]
    (mine,) = reviewer_records(session.gate_input())
    assert (mine["again"], mine["again_same"]) == (1, 0)
    session.undo()
    assert asked(session, due[0]).again, "taken back, it is due again"


def test_an_example_that_is_due_again_and_decides_no_longer_stays_in_the_queue(
    session: ReviewSession,
) -> None:
    for ref in DECIDES:
        session.verdict(ref, "both")
    assert gate(session, RECALL).verdict == "pass"
    session.connection.execute("DELETE FROM answered WHERE ref = ?", [DECIDES[0]])
    session._changed()
    session._dirty = False
    assert DECIDES[0] in part(session, "decides")


def test_seconds_and_blindness_are_kept(session: ReviewSession) -> None:
    session.answer(DECIDES[0], "either", seconds=4.0)
    event = session.verdict(DECIDES[1], "both")
    assert json.loads(event.body)["seconds"] is None
    (mine,) = reviewer_records(session.gate_input())
    assert (mine["verdicts"], mine["blind"], mine["seconds"]) == (2, 0.5, 4.0)


def test_reviewers_of_two_tracks_are_measured_in_each(session: ReviewSession) -> None:
    answer_known(session, wrong=8)
    given = session.gate_input()
    moved = tuple(replace(one, ref=one.ref.replace("intent/", "other/")) for one in given.state.known_answers)
    elsewhere = replace(given, state=replace(given.state, known_answers=moved))
    assert trusted_state(elsewhere) is elsewhere.state, "failing where there are no items is no failure"
