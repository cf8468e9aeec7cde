"""A session: what it reads of a run, what it records, who may undo what, and what counts in which run."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysis.base import sql
from analysis.base.errors import AssayError
from analysis.base.review_records import Right
from analysis.review.queries import by_side
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze
from analysis.store.replay import load_events, review_state
from analysis.store.streams import read_stream
from tests.analysis.report_fixture import make_key, sign_anything
from tests.analysis.store_fixture import (
    CONTROLS,
    DECIDES,
    FIXED,
    KNOWN,
    LOOK,
    MESSAGES,
    NEEDED,
    RECALL,
    VARIANT,
    answer_known,
    controls,
    gate,
    part,
    publish_review,
    ref_of,
    said_elsewhere,
    verdict_body,
)

ESCALATIONS = [ref_of(number) for number in range(10)]


def journals(store: Path) -> list[Path]:
    return sorted((store / "events").rglob("*.jsonl"))


def test_opening_imports_nothing_heavy_and_writes_nothing(store: Path) -> None:
    code = (
        "import sys; from analysis.review.session import ReviewSession, Scope\n"
        "with ReviewSession.open(sys.argv[1]) as s:\n"
        "    s.queue_page(Scope(), 0, 50); s.example(s.neighbour(None, Scope(), 1)); s.slices(); s.status()\n"
        "print([m for m in ('torch', 'transformers', 'captum', 'scipy', 'sklearn', 'pyarrow', 'textual', 'rich') "
        "if m in sys.modules])"
    )
    before = sorted(store.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-c", code, str(store)], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"
    assert sorted(store.rglob("*")) == before


def test_the_queue_is_what_must_be_judged_and_then_the_ranked_flags(session: ReviewSession) -> None:
    rows = session.queue_page(Scope(), 0, 100)
    needed, look = rows[:NEEDED], rows[NEEDED:]
    # What carries no licensed explanation must be looked at: there the controls of the class decide as well.
    assert {row.ref for row in needed if row.part == "decides"} == {*DECIDES, *controls(session)}
    assert len(controls(session)) == CONTROLS
    assert [row.part for row in needed].count("known answer") == KNOWN
    assert [row.ref for row in look] == list(LOOK)
    assert {row.part for row in look} == {"worth a look"}
    assert sorted(row.rank or 0 for row in rows) == list(range(1, len(rows) + 1))
    first = next(row for row in rows if row.ref == ref_of(0))
    assert first.reasons == (
        "answered differently in a critical slice",
        "broken",
        "broken in a critical slice",
        "overconfident error",
    )
    assert first.critical_slices == ("label=escalation",)
    assert session.queue_count(Scope()) == NEEDED + len(LOOK)
    assert [row.ref for row in session.queue_page(Scope(), NEEDED, 5)] == list(LOOK[:5])
    assert session.parts() == (len(DECIDES) + CONTROLS, CONTROLS, KNOWN, len(LOOK), NEEDED + len(LOOK))


def test_what_must_be_judged_is_mixed_and_its_order_is_the_readers_own(session: ReviewSession) -> None:
    parts = [row.part for row in session.queue_page(Scope(), 0, NEEDED)]
    assert parts != sorted(parts, key=str), "nothing in the order tells a control from the rest"
    order = [row.ref for row in session.queue_page(Scope(), 0, NEEDED)]
    session.actor = "uid:4242/bob on elsewhere"
    session.verdict(DECIDES[0], "base")
    other = [row.ref for row in session.queue_page(Scope(), 0, NEEDED)]
    assert sorted(other) == sorted(order)
    assert other != order


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(everything=True, slice="label=escalation"), ESCALATIONS),
        (Scope(everything=True, slice="label=escalation", track="intent"), ESCALATIONS),
        (Scope(track="retrieval"), []),
        (Scope(everything=True, gate=RECALL), list(DECIDES)),
        (Scope(part="worth a look"), list(LOOK)),
        (Scope(part="worth a look", search="MESSAGE 14"), [ref_of(14)]),
        (Scope(search="100%' OR 1=1 --"), []),
        (Scope(everything=True, search="m02"), [ref_of(2)]),
        (Scope(everything=True, slice="label=returns"), [ref_of(number) for number in range(10, 20)]),
        (Scope(everything=True, reason="flip"), [ref_of(number) for number in FIXED]),
        (Scope(refs=(ref_of(9), ref_of(0), ref_of(25))), [ref_of(9), ref_of(0), ref_of(25)]),
        (Scope(refs=()), []),
        (Scope(refs=(ref_of(9), "intent/message:none")), [ref_of(9)]),
    ],
)
def test_a_scope_narrows_and_keeps_its_order(
    session: ReviewSession, scope: Scope, expected: list[str]
) -> None:
    walk(session, scope, expected)


def walk(session: ReviewSession, scope: Scope, expected: list[str]) -> None:
    """See whether pages, positions and neighbours of a scope say the same."""
    assert [row.ref for row in session.queue_page(scope, 0, 100)] == expected
    assert session.queue_count(scope) == len(expected)
    assert [session.position(ref, scope) for ref in expected] == list(range(len(expected)))
    walked, ref = [], session.neighbour(None, scope, 1)
    while ref is not None:
        walked.append(ref)
        ref = session.neighbour(ref, scope, 1)
    assert walked == expected
    back, ref = [], session.neighbour(None, scope, -1)
    while ref is not None:
        back.append(ref)
        ref = session.neighbour(ref, scope, -1)
    assert back == expected[::-1]


def test_a_part_of_the_queue_keeps_the_queues_order(session: ReviewSession) -> None:
    rows = session.queue_page(Scope(), 0, 100)
    walk(session, Scope(part="decides"), [row.ref for row in rows if row.part == "decides"])
    drawn = [row.ref for row in rows if row.ref in controls(session)]
    walk(session, Scope(reason="random control of label=escalation"), drawn)


def test_everything_is_every_example_but_the_variants(session: ReviewSession) -> None:
    scope = Scope(everything=True)
    assert session.queue_count(scope) == MESSAGES
    assert VARIANT not in {row.ref for row in session.queue_page(scope, 0, 100)}
    assert session.position(VARIANT, scope) is None


def test_undecided_skips_what_is_judged_and_goes_on_from_there(session: ReviewSession) -> None:
    scope = Scope(undecided=True)
    queued = session.queue_count(scope)
    session.verdict(LOOK[0], "base")
    assert session.neighbour(LOOK[0], scope, 1) == LOOK[1]
    session.verdict(LOOK[1], "both")
    session.verdict(LOOK[2], "unsure")
    assert session.neighbour(LOOK[1], Scope(), 1, undecided=True) == LOOK[3]
    assert session.neighbour(LOOK[3], Scope(part="worth a look"), -1, undecided=True) is None
    assert session.queue_count(scope) == queued - 3
    assert session.progress() == (0, NEEDED), "what is worth a look need not be judged"
    shown = session.queue_page(Scope(part="worth a look"), 0, 4)
    assert [(row.right, row.answered) for row in shown] == [
        ("base", True),
        ("both", True),
        ("unsure", True),
        (None, False),
    ]
    session.verdict(DECIDES[0], "base")
    assert session.progress() == (1, NEEDED)


def test_slices_come_critical_first_then_by_what_they_lost(session: ReviewSession) -> None:
    session.verdict(ref_of(0), "base")
    queued = [row for row in session.queue_page(Scope(), 0, 100) if "label=escalation" in row.critical_slices]
    slices = session.slices()
    assert [one.slice for one in slices][:2] == ["label=escalation", "names a title"]
    first = slices[0]
    assert (first.critical, first.n, first.base, first.candidate) == (True, 10, 1.0, 0.7)
    assert (first.broken, first.fixed, first.queued, first.seen, first.undecided) == (
        3,
        0,
        len(queued),
        1,
        len(queued) - 1,
    )
    assert (first.metric, first.title, first.measures, first.unit, first.better) == (
        "accuracy",
        "accuracy",
        "level",
        "share",
        "up",
    )
    nothing = next(one for one in slices if one.slice == "matches nothing")
    assert (nothing.n, nothing.base, nothing.queued) == (0, None, 0)
    assert session.slices("retrieval") == []


def test_an_example_comes_with_all_its_evidence(session: ReviewSession) -> None:
    found = session.example(ref_of(0))
    assert found.example.id == "m00"
    assert found.metadata == {"channel": "web", "urgent": False, "number": 0}
    assert found.slices == ("all", "escalation→returns", "label=escalation", "names a title")
    assert found.critical == ("label=escalation",)
    assert {one.side for one in found.attributions} == {"base", "candidate"}
    assert by_side(found.payload["intent_side"])["candidate"]["label"] == "returns"
    assert VARIANT in [row["ref"] for row in found.variants]
    variant = session.example(VARIANT)
    assert variant.parent == found.example
    assert variant.example.text == "message 0 about escalation of"
    assert variant.variants[0]["cue"] == "titles"
    with pytest.raises(AssayError, match="no example"):
        session.example("intent/message:none")


def test_examples_without_any_column_of_metadata_are_shown(tmp_path: Path) -> None:
    store = publish_review(tmp_path / "plain.review", columns=False)
    with ReviewSession.open(store, read_only=True) as session:
        assert session.example(ref_of(0)).metadata == {}


def test_a_bare_id_is_enough_where_it_is_unique(session: ReviewSession, tmp_path: Path) -> None:
    assert session.resolve_ref("m07") == ref_of(7)
    assert session.resolve_ref(ref_of(7)) == ref_of(7)
    with pytest.raises(AssayError, match="no example") as told:
        session.resolve_ref("m7")
    assert "intent/message:m07" in (told.value.hint or "")


def test_a_verdict_is_on_the_disk_when_the_call_returns(session: ReviewSession, store: Path) -> None:
    assert journals(store) == []
    event = session.verdict(ref_of(0), "base", cause="leans on the title", note="see the probe")
    lines = journals(store)[0].read_bytes().splitlines()
    assert json.loads(lines[-1])["event_id"] == event.event_id
    mine = session.example(ref_of(0)).mine
    assert mine is not None
    assert (mine.right, mine.cause, mine.note) == ("base", "leans on the title", "see the probe")
    assert (mine.reviewer, mine.critical_slices) == ("alice", ("label=escalation",))


def test_the_latest_verdict_counts_and_keeps_cause_and_note(session: ReviewSession) -> None:
    session.verdict(ref_of(0), "base", cause="title")
    session.note(ref_of(0), "first")
    session.verdict(ref_of(0), "both")
    session.note(ref_of(0), "second")
    mine = session.example(ref_of(0)).mine
    assert mine is not None
    assert (mine.right, mine.cause, mine.note) == ("both", "title", "second")
    session.cause(ref_of(0), "")
    mine = session.example(ref_of(0)).mine
    assert mine is not None
    assert mine.cause is None
    assert [event.kind for event in session.example(ref_of(0)).history] == [
        "verdict",
        "note",
        "verdict",
        "note",
        "cause",
    ]


def test_a_clock_of_the_machine_that_jumps_changes_no_order(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: tuple[tuple[int, Right], ...] = ((2030, "base"), (2001, "both"), (1999, "candidate"))
    for year, answer in said:

        class Clock(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Clock:
                return cls(year, 1, 1, tzinfo=tz)  # noqa: B023 - called in this turn alone

        monkeypatch.setattr("analysis.store.journal.datetime", Clock)
        with ReviewSession.open(store, "alice") as session:
            session.verdict(ref_of(0), answer)
    with ReviewSession.open(store, "alice", read_only=True) as session:
        mine = session.example(ref_of(0)).mine
        assert mine is not None
        assert mine.right == "candidate"


def test_undo_and_redo_walk_back_and_forth(session: ReviewSession) -> None:
    assert session.undo() is None
    assert session.redo() is None
    session.verdict(ref_of(0), "both")
    session.verdict(ref_of(0), "base")
    session.verdict(ref_of(1), "unsure")
    taken = session.undo()
    assert taken is not None
    assert (taken.kind, taken.ref) == ("verdict", ref_of(1))
    assert taken.sentence == f"verdict unsure on {ref_of(1)}"
    second = session.undo()
    assert second is not None
    assert [record.right for record in session.state().verdicts] == ["both"]
    back = session.redo()
    assert back is not None
    assert back.event_id == second.event_id
    assert [record.right for record in session.state().verdicts] == ["base"]
    assert session.redo() is not None
    assert session.redo() is None
    assert len(session.state().verdicts) == 2


def test_something_new_ends_redo(session: ReviewSession) -> None:
    session.verdict(ref_of(0), "both")
    session.undo()
    session.verdict(ref_of(1), "both")
    assert session.redo() is None
    assert [record.ref for record in session.state().verdicts] == [ref_of(1)]


def test_undo_works_after_a_restart(store: Path) -> None:
    with ReviewSession.open(store, "alice") as first:
        first.verdict(ref_of(0), "both")
        first.verdict(ref_of(1), "unsure")
    with ReviewSession.open(store, "alice") as second:
        taken = second.undo()
        assert taken is not None
        assert taken.ref == ref_of(1)
    with ReviewSession.open(store, "alice") as third:
        assert third.redo() is not None
        assert len(third.state().verdicts) == 2


def test_another_name_on_the_same_account_does_not_undo_mine(store: Path, session: ReviewSession) -> None:
    session.verdict(ref_of(0), "both")
    with ReviewSession.open(store, "bob") as other:
        assert other.undo() is None


def test_the_undo_of_anothers_event_is_ignored(store: Path, session: ReviewSession) -> None:
    event = session.verdict(ref_of(0), "base")
    said_elsewhere(store, "mallory", ("undo", ref_of(0), {}), target=event.event_id)
    assert session.poll()
    assert session.connection.execute("SELECT count(*) FROM event WHERE kind = 'undo'").fetchone() == (1,)
    assert session.connection.execute("SELECT count(*) FROM undone").fetchone() == (0,)
    assert [record.right for record in session.state().verdicts] == ["base"]


def test_others_are_seen_only_after_my_own_verdict(store: Path, session: ReviewSession) -> None:
    said_elsewhere(store, "bob", ("verdict", ref_of(0), verdict_body("both")))
    assert session.poll()
    before = session.example(ref_of(0))
    assert (before.mine, before.others, before.history) == (None, (), ())
    session.verdict(ref_of(0), "base")
    after = session.example(ref_of(0))
    assert [record.reviewer for record in after.others] == ["bob"]
    assert len(after.history) == 2


def test_two_sessions_see_each_other(store: Path, session: ReviewSession) -> None:
    with ReviewSession.open(store, "alice") as other:
        assert not session.poll()
        other.verdict(ref_of(0), "both")
        assert session.poll()
        assert not session.poll()
        assert session.progress() == (1, NEEDED)
        mine = session.verdict(ref_of(0), "base")
        assert other.poll()
        assert other.example(ref_of(0)).mine == session.example(ref_of(0)).mine
        assert mine.lamport == 2, "later than everything that was seen"


def test_gates_follow_the_verdicts(session: ReviewSession) -> None:
    assert gate(session, RECALL).verdict == "unknown"
    assert set(gate(session, RECALL).open) == set(DECIDES)
    assert gate(session, "review.coverage").why.startswith(
        "0 of 6 examples that must be judged are judged; 6 can still decide a gate, 3 are random controls, 3 are both"
    )
    session.verdict(ref_of(0), "base", cause="title")
    assert gate(session, RECALL).verdict == "unknown", "a loss of one passes, and a loss of two does not"
    session.verdict(ref_of(1), "base")
    assert gate(session, RECALL).open == (ref_of(2),), "where the third is a gain, no more than one is lost"
    session.verdict(ref_of(2), "both")
    assert gate(session, RECALL).verdict == "fail"
    assert session.parts().decides == CONTROLS
    session.undo()
    assert gate(session, RECALL).verdict == "unknown"
    session.verdict(ref_of(1), "candidate")
    assert gate(session, RECALL).verdict == "pass", "the label was wrong there: in sum at most one is lost"
    assert gate(session, "review.coverage").verdict == "unknown"
    assert session.status()["queue"]["inspected"] == 2, "what decided is counted on"
    for ref in (ref_of(2), *controls(session)):
        session.verdict(ref, "both")
    assert gate(session, "review.coverage").verdict == "pass"
    assert gate(session, "review.coverage").value == 6


def test_what_nobody_could_tell_decides_on(session: ReviewSession) -> None:
    for ref in DECIDES:
        session.verdict(ref, "unsure")
    assert set(gate(session, RECALL).open) == set(DECIDES), "no count changes"
    assert set(gate(session, "review.coverage").refs) == set(controls(session)), "but they were looked at"
    assert gate(session, "review.findings").verdict == "pass"


def test_the_gate_input_is_what_the_run_and_the_events_hold(session: ReviewSession) -> None:
    session.verdict(ref_of(0), "unsure")
    given = session.gate_input()
    assert given.owner == "mangaassist"
    assert given.tracks == ("intent",)
    assert {entry.ref for entry in given.queue} == {row.ref for row in session.queue_page(Scope(), 0, 100)}
    assert {entry.ref for entry in given.queue if entry.known} == set(part(session, "known answer"))
    assert {entry.ref for entry in given.queue if entry.control} == set(controls(session))
    assert set(given.flagged[RECALL]) == set(DECIDES)
    contested = given.contested_at["intent", "accuracy", "label=escalation"]
    assert [(one.ref, one.gold, one.candidate, one.base, one.both, one.neither) for one in contested] == [
        (ref, 1, -1, 1, 0, 0) for ref in DECIDES
    ]
    assert {one.slice for one in given.slices if one.critical} == {"label=escalation"}
    assert given.state.verdicts[0].critical_slices == ("label=escalation",)
    assert given.rules["intent.accuracy"].off is None


def test_a_waiver_binds_value_threshold_and_run(store: Path, session: ReviewSession) -> None:
    before = gate(session, "review.coverage")
    session.waive("review.coverage", "the rest was seen in the last review", "2999-12-31")
    waiver = session.state().waivers[0]
    assert (waiver.key, waiver.value, waiver.threshold, waiver.run) == (
        "review.coverage",
        before.value,
        before.threshold,
        session.run,
    )
    publish_review(store, training_change="told otherwise")
    with ReviewSession.open(store) as later:
        assert later.state().waivers == ()


@pytest.mark.parametrize(
    ("waiver", "message"),
    [
        (("review.coverage", " ", "2999-01-01"), "reason is needed"),
        (("review.coverage", "x", "tomorrow"), "not a date"),
        (("review.coverage", "x", "2020-01-01"), "past"),
        (("review.coverag", "x", "2999-01-01"), "no gate"),
        (("intent.accuracy", "x", "2999-01-01"), "nothing to waive"),
    ],
)
def test_a_waiver_that_would_not_count_is_refused(
    session: ReviewSession, store: Path, waiver: tuple[str, str, str], message: str
) -> None:
    with pytest.raises(AssayError, match=message):
        session.waive(*waiver)
    assert journals(store) == []


def test_a_finding_is_tied_to_examples_and_gate(session: ReviewSession) -> None:
    session.finding("naming a title hides the escalation", RECALL, [ref_of(0), ref_of(1)], "blocker")
    finding = session.state().findings[0]
    assert (finding.gate, finding.refs, finding.severity) == (RECALL, (ref_of(0), ref_of(1)), "blocker")
    assert gate(session, "review.findings").verdict == "fail"
    with pytest.raises(AssayError, match="no example"):
        session.finding("x", None, ["intent/message:none"])
    with pytest.raises(AssayError, match="no gate"):
        session.finding("x", "intent.nothing", [])
    with pytest.raises(AssayError, match="no severity"):
        session.finding("x", None, [], "huge")  # type: ignore[arg-type]


def test_promote_is_refused_while_the_gates_do_not_allow_it(session: ReviewSession) -> None:
    with pytest.raises(AssayError, match="block promotion"):
        session.decide("promote", "it looks fine")
    with pytest.raises(AssayError, match="needs a reason"):
        session.decide("hold", "")
    session.decide("hold", "not inspected")
    session.decide("reject", "leans on titles")
    decision = session.state().decision
    assert decision is not None
    assert (decision.decision, decision.reason) == ("reject", "leans on titles")
    assert session.undo() is None, "a decision is replaced by another, not undone"


def test_status_is_the_contract(session: ReviewSession, store: Path, tmp_path: Path) -> None:
    session.verdict(DECIDES[0], "base")
    session.decide("hold", "not yet")
    status = session.status()
    keys = [
        "schema",
        "review",
        "run",
        "state",
        "gates_allow",
        "decision",
        "signed_by",
        "promotable",
        "evidence_sha256",
        "models",
        "data",
        "plan",
        "causes",
        "gates",
        "queue",
        "reviewers",
        "record",
        "triggers",
    ]
    assert list(status) == keys
    assert status["state"] == "decided"
    assert status["queue"] == {
        "decides": 5,
        "controls": CONTROLS,
        "worth_a_look": len(LOOK),
        "total": len(DECIDES) + CONTROLS,
        "inspected": 1,
    }
    (reviewer,) = status["reviewers"]
    assert (reviewer["reviewer"], reviewer["verdicts"], reviewer["blind"]) == ("alice", 1, 0)
    assert reviewer["known"] == [
        {"track": "intent", "right": 0, "answered": 0, "items": KNOWN, "failed": False}
    ]
    assert (status["decision"], status["promotable"], status["signed_by"]) == ("hold", False, [])
    gate_keys = {
        "key",
        "name",
        "track",
        "slice",
        "verdict",
        "blocking",
        "value",
        "measures",
        "unit",
        "better",
        "low",
        "high",
        "n",
        "threshold",
    }
    assert all(set(one) == gate_keys | {"criteria", "why", "refs"} for one in status["gates"])
    assert json.loads(json.dumps(status)) == status
    decision = session.gate_input().state.decision
    assert decision is not None
    report = store / "report" / "first"
    report.mkdir()
    (report / "report.json").write_text(
        json.dumps({"predicate": {"decision": {"event_id": decision.event_id}}})
    )
    (report / "SHA256SUMS").write_text("what was exported\n")
    sign_anything(report, make_key(tmp_path / "key", "alice@x"), "alice@x")
    (report / "SHA256SUMS.bob@x.sig").write_text("")
    (report / "SHA256SUMS.carol@x.sig").write_text("a signature, they say")
    sign_anything(report, tmp_path / "key", "dave@x", "another-purpose@assay")
    (report / "SHA256SUMS.eve@x.sig").symlink_to(report / "SHA256SUMS.alice@x.sig")
    assert session.status()["signed_by"] == ["alice@x"]
    (report / "SHA256SUMS").write_text("what was put in its place\n")
    assert session.status()["signed_by"] == []
    session.decide("reject", "on second thought")
    assert session.status()["signed_by"] == [], "the report of the later decision is not signed yet"


def test_a_review_that_passes_is_promotable(session: ReviewSession) -> None:
    assert session.status()["state"] == "waiting"
    answer_known(session)
    for ref in {*DECIDES, *controls(session), *(ref for one in session.gates() for ref in one.refs)}:
        session.verdict(ref, "both", cause="looked at together")
    assert gate(session, RECALL).verdict == "pass"
    assert gate(session, "review.reviewers").verdict == "pass"
    for one in session.gates():
        if one.blocking and one.verdict in ("fail", "unknown"):
            session.waive(one.key, "accepted in the meeting", "2999-01-01")
    session.decide("promote", "inspected")
    status = session.status()
    assert status["gates_allow"]
    assert status["promotable"]
    assert status["state"] == "promotable"


def test_a_verdict_counts_in_a_later_run_of_the_same_evidence(store: Path) -> None:
    with ReviewSession.open(store, "alice") as first:
        first.verdict(ref_of(0), "base", cause="title")
        for ref in DECIDES[1:]:
            first.verdict(ref, "base")
        answer_known(first)
        assert gate(first, RECALL).verdict == "fail"
        first.finding("leans on titles", None, [ref_of(0)], "blocker")
    publish_review(store, training_change="told otherwise")
    with ReviewSession.open(store, "alice") as second:
        assert second.progress() == (3 + KNOWN, NEEDED)
        assert gate(second, RECALL).verdict == "fail"
        assert gate(second, "review.reviewers").verdict == "pass"
        mine = second.example(ref_of(0)).mine
        assert mine is not None
        assert mine.cause == "title"
        assert not [note for note in second.notes() if "verdict" in note]
        assert gate(second, "review.findings").verdict == "fail"
        assert second.undo() is None, "only what was recorded in this run is taken back here"
        given = second.gate_input()
        connection = duckdb.connect(":memory:")
        load_events(connection, [event for path in journals(store) for event in read_stream(path).events])
        settings = given.settings["review"]
        again = review_state(connection, given.run, given.today, settings["shown"], settings["models_sha256"])
        assert again == given.state


@pytest.mark.parametrize(
    "change",
    [
        {"scale": 0.5},
        pytest.param({"spare": 1.0}, marks=pytest.mark.soak),
        pytest.param({"texts": {0: "message 0 about escalation again"}}, marks=pytest.mark.soak),
    ],
    ids=["other predictions", "another candidate", "another text"],
)
def test_a_verdict_on_other_evidence_is_of_an_earlier_run(store: Path, change: dict[str, Any]) -> None:
    with ReviewSession.open(store, "alice") as first:
        first.verdict(ref_of(0), "base")
    publish_review(store, **change)
    with ReviewSession.open(store, "alice") as second:
        assert second.progress()[0] == 0
        assert [note for note in second.notes() if "1 verdict(s) of other runs" in note]
        assert second.example(ref_of(0)).mine is None
        assert [event.kind for event in second.example(ref_of(0)).history] == ["verdict"]


def test_a_verdict_is_the_same_whether_the_example_was_looked_at_or_not(store: Path) -> None:
    with ReviewSession.open(store, "alice") as first:
        unseen = json.loads(first.verdict(ref_of(0), "both").body)
    with ReviewSession.open(store, "alice") as second:
        second.example(ref_of(0))
        assert json.loads(second.verdict(ref_of(0), "both").body) == unseen


def test_an_open_session_is_told_of_a_newer_run_and_stays_on_its_own(
    store: Path, session: ReviewSession
) -> None:
    assert session.newer_run() is None
    publish_review(store, training_change="told otherwise")
    assert session.newer_run() not in (None, session.run)
    assert "is in force now" in session.notes()[0]
    assert session.example(ref_of(0)).example.id == "m00"


def test_a_reader_records_nothing(store: Path) -> None:
    with ReviewSession.open(store, read_only=True) as reader:
        with pytest.raises(AssayError, match="only reads"):
            reader.verdict(ref_of(0), "both")
        reader.bookmark(ref_of(0), Scope())
        reader.save_draft(ref_of(0), "x")
    assert journals(store) == []
    assert list((store / "drafts").iterdir()) == []


def test_drafts_and_the_last_place_survive_a_restart(store: Path) -> None:
    scope = Scope(slice="label=escalation", undecided=True, refs=(ref_of(1),))
    with ReviewSession.open(store, "al/ice") as first:
        assert first.last_place() is None
        first.save_draft(ref_of(1), "half a sent")
        first.bookmark(ref_of(1), scope)
    with ReviewSession.open(store, "al/ice") as second:
        assert second.draft(ref_of(1)) == "half a sent"
        assert second.draft(ref_of(2)) is None
        assert second.last_place() == (ref_of(1), scope)
        second.clear_draft(ref_of(1))
        assert second.draft(ref_of(1)) is None
    with ReviewSession.open(store, "bob") as other:
        assert other.last_place() is None
    place = next(store.rglob("place.json"))
    place.write_text('{"ref": "intent/message:m01", "scope": {"slice": 5, "new": true}}')
    with ReviewSession.open(store, "al/ice") as third:
        assert third.last_place() == (ref_of(1), Scope())
    place.write_text("")
    with ReviewSession.open(store, "al/ice") as fourth:
        assert fourth.last_place() is None


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]52;c;x\x07",
        "a\0b",
        "[/nope] [",
        "\u202e",
        "'; DROP TABLE event; --",
        "\\u0000",
        '{"a":1}',
        "é" * 9000,
    ],
)
def test_any_text_is_recorded_as_it_is(session: ReviewSession, store: Path, text: str) -> None:
    session.verdict(ref_of(0), "unsure", note=text)
    mine = session.example(ref_of(0)).mine
    assert mine is not None
    assert mine.note == text
    with ReviewSession.open(store, "alice") as other:
        assert other.example(ref_of(0)).mine == mine


def test_text_that_cannot_be_kept_is_refused(session: ReviewSession, store: Path) -> None:
    with pytest.raises(AssayError, match="at most"):
        session.note(ref_of(0), "x" * 16_001)
    with pytest.raises(AssayError, match="cannot be recorded"):
        session.note(ref_of(0), "\ud800")
    with pytest.raises(AssayError, match="no verdict"):
        session.verdict(ref_of(0), "fine")  # type: ignore[arg-type]
    with pytest.raises(AssayError, match="no example"):
        session.verdict("nothing", "unsure")
    with pytest.raises(AssayError, match="not part of this text"):
        session.tokens(ref_of(0), [("base", 0, 10_000)])
    assert journals(store) == []
    session.tokens(ref_of(0), [("base", 0, 7)])
    assert len(journals(store)) == 1


def test_the_connection_reaches_no_file(session: ReviewSession, store: Path) -> None:
    for statement in (
        "SELECT * FROM read_text('/etc/hostname')",
        f"COPY (SELECT 1) TO '{store}/x.csv'",
        f"ATTACH '{store}/x.duckdb' AS x",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ):
        with pytest.raises(duckdb.Error):
            session.connection.execute(statement)


def test_a_torn_journal_is_said(store: Path) -> None:
    with ReviewSession.open(store, "alice") as first:
        first.verdict(ref_of(0), "both")
        first.verdict(ref_of(1), "both")
    path = journals(store)[0]
    path.write_bytes(path.read_bytes()[:-30])
    with ReviewSession.open(store, "alice") as second:
        assert second.progress() == (1, NEEDED)
        assert [note.split(": ")[0] for note in second.notes()] == [
            "MISSING",
            f"{path.parent.name}/{path.name}",
        ]
        assert "never acknowledged" in second.notes()[1]


def test_a_broken_journal_is_set_aside_and_stops_nobody(store: Path) -> None:
    with ReviewSession.open(store, "alice") as first:
        first.verdict(ref_of(0), "both")
    path = journals(store)[0]
    path.write_bytes(path.read_bytes().replace(b"right", b"wrong"))
    with ReviewSession.open(store, "alice") as second:
        assert second.progress() == (0, NEEDED)
        (told,) = second.notes()
        assert told.startswith(f"SET ASIDE: {path.parent.name}/{path.name}: {path}:1: ")
        assert gate(second, "review.coverage").verdict == "unknown"
        second.verdict(ref_of(1), "both")


def test_merged_journals_count_and_are_marked(store: Path, session: ReviewSession) -> None:
    said_elsewhere(store, "bob", ("verdict", ref_of(0), verdict_body("both")))
    session.poll()
    assert [record.actor for record in session.state().verdicts] == ["uid:4242/bob on elsewhere"]
    assert (
        session.notes()[0] == "bob (merged from elsewhere): 1 events, which count: signed by bob@corp.example"
    )


def test_the_three_sentences_are_never_merged(session: ReviewSession) -> None:
    known, here, future = session.slice_sentences("label=small_talk")
    assert known == "Of 10, 0 broken and 0 fixed."
    assert "No random control" in here
    assert "No random control" in future
    session.verdict(ref_of(0), "base")
    known, here, future = session.slice_sentences("label=escalation")
    assert known == "Of 10, 3 broken and 0 fixed, 1 of them judged."
    assert here == future == "3 of 3 random controls are still to be judged: no bound before."
    first, second, third = controls(session)
    session.verdict(first, "both")
    session.verdict(second, "candidate")
    assert session.slice_sentences("label=escalation").this_slice.startswith(
        "1 of 3 random controls are still"
    )
    session.verdict(third, "both")
    known, here, future = session.slice_sentences("label=escalation")
    assert here == "0 of 3 random controls wrong or not told: at most 5 of its 10 are, at 95 % confidence."
    assert future.startswith("0 of 3 random controls wrong or not told: at most 63.2 %")
    session.verdict(third, "unsure")
    assert session.slice_sentences("label=escalation").this_slice.startswith(
        "1 of 3 random controls wrong or not"
    )
    for ref in DECIDES:
        session.verdict(ref, "base")
    assert session.slice_sentences("label=escalation").known == "Of 10, 3 broken and 0 fixed, all judged."
    assert session.slice_sentences("matches nothing").known == "No example is in this slice."
    with pytest.raises(AssayError, match="no slice"):
        session.slice_sentences("nothing")


def test_a_reader_asks_again_only_what_an_event_can_have_changed(
    session: ReviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    run = sql._run

    def counted(connection: Any, query: str, given: Any) -> Any:
        asked.append(query)
        return run(connection, query, given)

    monkeypatch.setattr(sql, "_run", counted)

    def look() -> tuple[object, ...]:
        asked.clear()
        rows = session.queue_page(Scope(), 0, 99)
        return session.example(DECIDES[0]), session.slices(), session.overview(), rows

    first = look()
    at_first = len(asked)
    first[1].clear()  # type: ignore[attr-defined]
    again = look()
    assert asked == []
    assert again[1], "a list is the caller's own"
    assert (again[0], again[2:]) == (first[0], first[2:])
    session.verdict(DECIDES[0], "base")
    after = look()
    assert 0 < len(asked) < at_first
    assert not any("evidence.attribution" in one for one in asked), "what the run says is read once"
    assert after[0].mine.right == "base"  # type: ignore[attr-defined]
    assert after[2].reviewers != first[2].reviewers  # type: ignore[attr-defined]
    assert next(row.right for row in after[3] if row.ref == DECIDES[0]) == "base"  # type: ignore[attr-defined]
    session.undo()
    look()
    assert session.example(DECIDES[0]).mine is None


def test_the_overview_says_what_changed(session: ReviewSession) -> None:
    overview = session.overview()
    sides = {}
    for metric in overview.main:
        assert metric.slice == "all"
        sides.setdefault(metric.name, set()).add(metric.side)
    assert sides["accuracy"] == {"base", "candidate", "difference"}
    assert all(found == {"base", "candidate", "difference"} for found in sides.values())
    assert (overview.examples, overview.base_version) == (30, "v3")
    assert session.metrics(track="intent", name="broken", slice="all")[0].value == 4


@pytest.mark.parametrize("name", ["", "   ", "\n"])
def test_a_reviewer_needs_a_name(store: Path, name: str) -> None:
    with pytest.raises(AssayError, match="needs a name"):
        ReviewSession.open(store, name)


RESPONSES = """\
[review]
name = "answers"
owner = "mangaassist"
base_version = "v1"
candidate_version = "v2"
device = "cpu"

[response]
records = "responses.jsonl"
policy = "policy.toml"

[[response.behaviour]]
name = "overpromises"
question = "promise what policy does not allow?"
leads = ["promises"]
"""
POLICY = """\
[promises]
allowed = [{ about = "delivery", text = "three to five working days", days = 5 }]
"""


def test_a_span_is_confirmed_refuted_and_taken_back(tmp_path: Path) -> None:
    answers = {
        "prompt": "where is my order",
        "base_response": "It left our warehouse yesterday.",
        "candidate_response": "I promise that your delivery arrives tomorrow.",
    }
    (tmp_path / "responses.jsonl").write_text(json.dumps({"id": "r1", **answers}) + "\n", "utf-8")
    (tmp_path / "policy.toml").write_text(POLICY, "utf-8")
    (tmp_path / "review.toml").write_text(RESPONSES, "utf-8")
    store = analyze(tmp_path / "review.toml").store
    with ReviewSession.open(store, reviewer="alice") as session:
        found = session.example("response/prompt:r1").spans[0]
        place = (found.ref, found.side, found.detector, found.start, found.end)
        session.judge_span(*place, "confirmed")
        session.judge_span(*place, "refuted")
        (said,) = session.state().spans
        assert (said.ref, said.side, said.detector, said.start, said.end) == place
        assert (said.verdict, said.reviewer) == ("refuted", "alice")
        session.undo()
        assert [one.verdict for one in session.state().spans] == ["confirmed"]
        with pytest.raises(
            AssayError, match=f"made-up found nothing at characters {found.start} to {found.end}"
        ):
            session.judge_span(found.ref, found.side, "made-up", found.start, found.end, "confirmed")
    with ReviewSession.open(store, reviewer="alice") as again:
        assert len(again.state().spans) == 1
