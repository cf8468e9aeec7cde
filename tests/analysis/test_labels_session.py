"""People label answers: what a session records of it, what follows in the gates, and that a report can be checked."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateResult
from analysis.base.records import SIDES, Side
from analysis.base.review_records import Answer, Event, Right
from analysis.report.build import export
from analysis.report.sums import SUMMED, format_sums
from analysis.report.verify import verify
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from analysis.store.events import canonical_line, parse_line, seal
from tests.analysis.labelled_fixture import (
    ALIKE,
    CONTROLS,
    GIVEN,
    KNOWN,
    NAMES,
    PROMPTS,
    PUSHED,
    REFUSED,
    answers_of,
    label_all,
    labelled_store,
    read_page,
    ref_of,
    said_of,
    write_labelled,
)
from tests.analysis.store_fixture import gate, part, said_elsewhere, verdict_body

PUSHES, REFUSES = "response.pushes", "response.refuses"
NONE: dict[str, list[Answer]] = {name: ["no", "no"] for name in NAMES}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return labelled_store(tmp_path)


def known_refs(session: ReviewSession) -> list[str]:
    return part(session, "known answer")


def to_label(session: ReviewSession) -> str:
    """A prompt with two answers that nobody has labelled, and which is no known-answer item."""
    known = known_refs(session)
    return next(
        ref_of(n)
        for n in range(8, PROMPTS)
        if ref_of(n) not in known and session.own_verdict(ref_of(n)) is None
    )


def labels_on(session: ReviewSession, ref: str) -> dict[str, tuple[Answer, Answer]]:
    """What this reviewer says of both sides, by what is asked."""
    own = session.own_verdict(ref)
    return {} if own is None else {name: (base, candidate) for name, base, candidate in own.labels}


def test_the_answers_stand_in_a_drawn_order_and_labels_are_of_the_sides(store: Path) -> None:
    orders = set()
    with ReviewSession.open(store, "alice") as session:
        for number in (*PUSHED, REFUSED, GIVEN):
            ref = ref_of(number)
            asked = session.asked(ref)
            assert asked is not None
            assert asked.order is not None
            assert [one.name for one in asked.asks] == list(NAMES)
            assert [one.wanted for one in asked.asks] == [number == GIVEN, False]
            texts = answers_of(number)
            assert asked.answers == tuple((texts[side],) for side in asked.order)
            orders.add(asked.order)
            event = session.label(ref, read_page(asked), 4.0)
            truth = {
                name: (said_of(texts["base"])[name], said_of(texts["candidate"])[name]) for name in NAMES
            }
            assert labels_on(session, ref) == truth
            body = json.loads(event.body)
            assert (body["blind"], body["order"], body["seconds"]) == (True, list(asked.order), 4.0)
            # Each of these candidates does what it should not, or leaves out what it should do.
            assert (body["base"], body["candidate"]) == ("right", "wrong")
            assert session.asked(ref) is None
        for number in range(8, PROMPTS):
            further = session.asked(ref_of(number))
            orders |= {further.order} if further is not None and further.order else set()
    assert len(orders) == 2, "the seed must show both orders, or this test shows nothing"


def test_two_equal_answers_are_asked_once(store: Path) -> None:
    ref = ref_of(ALIKE[0])
    with ReviewSession.open(store, "alice") as session:
        asked = session.asked(ref)
        assert asked is not None
        assert len(asked.answers) == 1
        with pytest.raises(AssayError, match="'refuses' needs 1 answers, and has 2"):
            session.label(ref, NONE)
        session.label(ref, {"refuses": ["no"], "pushes": ["unsure"]})
        assert labels_on(session, ref) == {"refuses": ("no", "no"), "pushes": ("unsure", "unsure")}
        own = session.own_verdict(ref)
        assert own is not None
        assert own.right == "unsure"


def test_known_answers_measure_who_labels(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        first, second = known_refs(session)
        asked = session.asked(first)
        assert asked is not None
        # Neither says which side it is of, and the page looks like any other.
        assert (asked.order, len(asked.answers), asked.does) == (None, 2, "pushes")
        assert [one.name for one in asked.asks] == list(NAMES)
        session.label(first, read_page(asked))
        # What else is said of it does not matter; who sees nothing has it wrong.
        session.label(second, NONE)
        state = session.state()
        assert {one.ref: one.given for one in state.known_answers} == {first: "true", second: "both"}
        assert state.verdicts == ()
        with pytest.raises(AssayError, match="has no sides"):
            session.label_sides(first, {"pushes": {"base": "no", "candidate": "no"}})
        # Its first answer counts, and is not taken back.
        assert session.undo() is None
        assert "(“alice”) has 1 of 2" in gate(session, "review.reviewers").why


def test_labels_of_who_does_not_read_count_for_nothing(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        label_all(session)
        told = {one.name: one for one in session.triggers() if "labelled" in one.sentence}
        assert told
        assert gate(session, PUSHES).value is not None
    said = [("known_answer", ref, {"given": "both"}) for ref in known_of(store)]
    labels = [[name, "no", "yes"] for name in NAMES]
    said += [
        ("verdict", ref_of(number), verdict_body("base", labels=labels))
        for number in range(PROMPTS)
        if ref_of(number) not in known_of(store)
    ]
    other = labelled_store(store.parent / "again")
    said_elsewhere(other, "mallory", *said)
    with ReviewSession.open(other, "alice") as session:
        assert "too few, so no verdict of theirs counts there" in gate(session, "review.reviewers").why
        for key in (PUSHES, REFUSES):
            assert (gate(session, key).verdict, gate(session, key).value) == ("unknown", None)
        assert not [one for one in session.triggers() if one.fired or "labelled" in one.sentence]


def known_of(store: Path) -> list[str]:
    with ReviewSession.open(store, read_only=True) as session:
        return known_refs(session)


def test_a_review_is_decided_by_labels_alone_and_says_how_many_are_open(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        known = set(known_refs(session))
        assert len(known) == KNOWN
        before = {key: gate(session, key) for key in (REFUSES, PUSHES)}
        # Known-answer items are asked otherwise: waiting for a label of them, a gate would wait for ever.
        open_refs = {ref_of(number) for number in range(PROMPTS)} - {ref_of(n) for n in ALIKE} - known
        for one in before.values():
            assert (one.verdict, one.value, set(one.open)) == ("unknown", None, open_refs)
        labelled = label_all(session)
        assert set(labelled) == open_refs | known | {
            entry.ref for entry in session.gate_input().queue if entry.control
        }
        for key in (REFUSES, PUSHES):
            after = gate(session, key)
            assert after.verdict == "pass"
            assert after.value == pytest.approx(2 / (PROMPTS - KNOWN))
            assert after.n == PROMPTS - KNOWN
            assert after.value is not None
            assert after.low is not None
            assert after.high is not None
            assert after.low < after.value < after.high
        coverage = gate(session, "review.coverage")
        assert coverage.verdict == "pass"
        # What was labelled goes on being counted, though it decides no longer.
        assert coverage.n == len(open_refs | set(labelled) - known)
        assert coverage.value == coverage.n
        assert session.status()["gates_allow"] is True


def test_what_is_said_of_the_sides_is_joined_to_what_was_said_before(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        ref = to_label(session)
        session.label_sides(ref, {"pushes": {"base": "no", "candidate": "yes"}})
        own = session.own_verdict(ref)
        assert own is not None
        # Of the other behaviour nothing was said, so the base is not known to be right.
        assert (own.blind, own.right, labels_on(session, ref)) == (False, "unsure", {"pushes": ("no", "yes")})
        session.label_sides(ref, {"refuses": {"base": "no", "candidate": "no"}})
        assert labels_on(session, ref) == {"refuses": ("no", "no"), "pushes": ("no", "yes")}
        own = session.own_verdict(ref)
        assert own is not None
        assert own.right == "base"
        session.label_sides(ref, {"pushes": {"base": "yes", "candidate": "unsure"}})
        assert labels_on(session, ref) == {"refuses": ("no", "no"), "pushes": ("yes", "unsure")}


def test_what_was_said_of_one_behaviour_alone_leaves_the_example_to_be_judged(store: Path) -> None:
    ref = ref_of(PUSHED[0])
    with ReviewSession.open(store, "alice") as session:
        session.label_sides(ref, {"pushes": {"base": "no", "candidate": "yes"}})
        for number in range(PROMPTS):
            asked = session.asked(ref_of(number))
            if asked is not None:
                session.label(ref_of(number), read_page(asked))
        # The gate waits for it, and so the queue leads there.
        assert gate(session, REFUSES).open == (ref,)
        assert session.neighbour(None, Scope(must=True), 1, undecided=True) == ref
        answered, needed = session.progress()
        assert answered == needed - 1
        session.label_sides(ref, {"refuses": {"base": "no", "candidate": "no"}})
        assert session.neighbour(None, Scope(must=True), 1, undecided=True) is None
        assert gate(session, REFUSES).verdict == "pass"


def test_undo_takes_back_the_last_label_and_redo_puts_it_back(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        ref = to_label(session)
        session.label(ref, NONE)
        session.label_sides(ref, {"pushes": {"base": "no", "candidate": "yes"}})
        undone = session.undo()
        assert undone is not None
        assert (undone.kind, undone.ref) == ("verdict", ref)
        assert labels_on(session, ref) == dict.fromkeys(NAMES, ("no", "no"))
        session.undo()
        assert session.own_verdict(ref) is None
        asked = session.asked(ref)
        assert asked is not None, "what was taken back is asked again"
        session.redo()
        assert labels_on(session, ref) == dict.fromkeys(NAMES, ("no", "no"))


def test_a_second_reviewer_who_disagrees_leaves_the_label_open(tmp_path: Path) -> None:
    store = labelled_store(tmp_path, required=2)
    known = known_of(store)
    with ReviewSession.open(store, "alice") as session:
        label_all(session)
        assert (gate(session, PUSHES).verdict, gate(session, PUSHES).value) == ("unknown", None)
    other = Path(shutil.copytree(store, tmp_path / "other" / store.name))
    third = Path(shutil.copytree(store, tmp_path / "third" / store.name))
    said_elsewhere(store, "bob", *said_by_another(known))
    with ReviewSession.open(store, "carol", read_only=True) as session:
        alike = gate(session, PUSHES)
        assert alike.verdict == "pass"
        assert alike.value == pytest.approx(2 / (PROMPTS - KNOWN))
    # Of one of the two answers that push he says that it does not.
    doubted = ref_of(PUSHED[0])
    said_elsewhere(other, "bob", *said_by_another(known, but=doubted))
    with ReviewSession.open(other, "carol", read_only=True) as session:
        found = gate(session, PUSHES)
        assert "1 only by the candidate, 0 only by the base, 1 not sure" in found.why
        assert alike.low is not None
        assert found.low is not None
        assert found.low < alike.low
        assert session.overview().disagreements == (doubted,)
    # Of the other he says that it refuses and does not push: the verdict is the same, and the labels are not.
    said_elsewhere(third, "bob", *said_by_another(known, but=doubted, instead=ref_of(PUSHED[1])))
    settles_labels(third, doubted, ref_of(PUSHED[1]), alike)


def settles_labels(store: Path, doubted: str, mistaken: str, alike: GateResult) -> None:
    """Both labels in turn; one of two who disagree does, and it stands until somebody labels otherwise."""
    with ReviewSession.open(store, "alice") as session:
        assert set(session.overview().disagreements) == {doubted, mistaken}
        assert len({one.right for one in session.state().said[mistaken]}) == 1
        pushes: dict[str, dict[Side, Answer]] = {"pushes": {"base": "no", "candidate": "yes"}}
        with pytest.raises(AssayError, match="each answer is asked by itself"):
            session.settle(mistaken, "base")
        with pytest.raises(AssayError, match="'refuses', of which nothing is said"):
            session.settle_labels(mistaken, pushes)
        with pytest.raises(AssayError, match="nothing to settle"):
            session.settle_labels(ref_of(REFUSED), pushes)
        # What both said of refusals stands without being said again.
        session.settle_labels(doubted, pushes)
        session.settle_labels(mistaken, {**pushes, "refuses": {"base": "no", "candidate": "no"}})
        assert session.overview().disagreements == ()
        assert session.state().settled == {doubted: "base", mistaken: "base"}
        assert gate(session, PUSHES).value == alike.value, "the settled labels are those of the estimate"
        assert gate(session, REFUSES).low is not None
        settled = export(session, store.parent / "settled", "hold", "to be read")
        assert {one.partition(":")[0] for one in failed(settled)} == {"merged streams"}, "bob's is not signed"
        page = (settled / "report.md").read_text("utf-8")
        assert "says refuses: base no, candidate yes, pushes: base no, candidate no; settled by" in page
        assert "(“alice”): refuses: base no, candidate no, pushes: base no, candidate yes" in page
        session.undo()
        assert session.overview().disagreements == (mistaken,)
        session.redo()
        session.label_sides(mistaken, {"pushes": {"base": "yes", "candidate": "yes"}})
        assert mistaken in session.overview().disagreements, "what is said after it takes its place"


def said_by_another(
    known: list[str], but: str | None = None, instead: str | None = None
) -> list[tuple[str, str | None, dict[str, Any]]]:
    """What a second reviewer says who reads as well, sees nothing in the answers to one prompt, and takes what those to
    another do for the other thing that is asked.
    """
    said: list[tuple[str, str | None, dict[str, Any]]] = [
        ("known_answer", ref, {"given": "true"}) for ref in known
    ]
    for number in range(PROMPTS):
        ref, texts = ref_of(number), answers_of(number)
        if ref in known:
            continue
        labels = [[name, *(said_of(texts[side])[name] for side in SIDES)] for name in NAMES]
        right: Right = "base" if number in (*PUSHED, REFUSED, GIVEN) else "both"
        if ref == but:
            labels, right = [[name, "no", "no"] for name in NAMES], "both"
        if ref == instead:
            labels = [[name, *said] for name, (_, *said) in zip(NAMES, reversed(labels), strict=True)]
        said.append(("verdict", ref, verdict_body(right, labels=labels)))
    return said


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"pushes": ["no", "no"]}, "nothing is said of 'refuses'"),
        ({**NONE, "pushs": ["no", "no"]}, "'pushs' is not asked here"),
        ({**NONE, "pushes": ["no"]}, "'pushes' needs 2 answers, and has 1"),
        ({**NONE, "pushes": ["no", "maybe"]}, "'maybe' is no answer"),
    ],
)
def test_a_label_that_says_too_little_or_something_else_is_refused(
    store: Path, said: dict[str, list[Answer]], complaint: str
) -> None:
    with ReviewSession.open(store, "alice") as session:
        with pytest.raises(AssayError, match=complaint):
            session.label(to_label(session), said)
        assert session.state().verdicts == ()


def test_where_each_answer_is_asked_none_is_chosen(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        with pytest.raises(AssayError, match="each answer is asked by itself"):
            session.answer(to_label(session), "first")
        with pytest.raises(AssayError, match="'spoils' is not asked here"):
            session.label_sides(to_label(session), {"spoils": {"base": "no", "candidate": "no"}})


def test_labels_that_no_session_wrote_say_nothing(store: Path) -> None:
    """What no session writes is refused before it is in a journal, and sets aside one that holds it."""
    bad: tuple[object, ...] = (
        "yes",
        7,
        {"pushes": "yes"},
        ["pushes", "no", "yes"],
        [["pushes", "no"]],
        [["pushes", "no", "maybe"]],
        [[None, "no", "yes"]],
        [["pushes", "no", "yes", "yes"]],
        [["pushes", {"a": 1}, "yes"], ["refuses", "no", "no"]],
    )
    with ReviewSession.open(store, "alice") as session:
        before = gate(session, PUSHES).why
        for labels in bad:
            with pytest.raises(AssayError, match="'labels' of another type"):
                session._record("verdict", verdict_body("base", labels=labels), ref=ref_of(0))
        assert session.state().verdicts == ()
        assert gate(session, PUSHES).why == before


def second(folder: Path, first: Path) -> Path:
    """The store of the next candidate, which answers one prompt otherwise."""
    from analysis.run.pipeline import analyze

    return analyze(write_labelled(folder, candidate="3", previous=(first,))).store


def test_labels_of_a_previous_review_are_confirmed_with_one_key(store: Path, tmp_path: Path) -> None:
    changed = ref_of(PROMPTS - 1)
    with ReviewSession.open(store, "alice") as session:
        label_all(session)
        given = {one.ref: one for one in session.state().verdicts}
    with ReviewSession.open(second(tmp_path / "next", store), "alice") as session:
        known = known_refs(session)
        offered = {ref: found for ref in given if (found := session.earlier(ref)) is not None}
        assert changed not in offered, "another answer is another question"
        assert set(offered) == {
            ref for ref, one in given.items() if one.right != "unsure" and ref != changed and ref not in known
        }
        ref = ref_of(PUSHED[0])
        assert [tuple(one) for one in offered[ref].labels] == [
            ("refuses", "no", "no"),
            ("pushes", "no", "yes"),
        ]
        event = session.confirm(ref)
        body = json.loads(event.body)
        assert body["confirms"]["event_id"] == offered[ref].event_id
        assert labels_on(session, ref) == {"refuses": ("no", "no"), "pushes": ("no", "yes")}
        own = session.own_verdict(ref)
        assert own is not None
        assert (own.right, own.blind) == ("base", True)
        assert "5 of" in gate(session, PUSHES).why


@pytest.fixture
def report(store: Path, tmp_path: Path) -> Path:
    with ReviewSession.open(store, "alice") as session:
        label_all(session)
        return export(session, tmp_path / "report", "hold", "to be read")


def failed(report: Path) -> list[str]:
    """What of a report does not hold, but that nobody signed it."""
    signers = report.parent / "allowed_signers"
    signers.write_text(
        "alice@x ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTn0Tch3SmWvIsV1dqFLkFz3i4Y4Vw7jO0cT2mHqYd1\n"
    )
    checks = verify(report, signers).checks
    return [f"{one.name}: {one.detail}" for one in checks if not one.ok and "UNSIGNED" not in one.detail]


def events_of(report: Path) -> list[Event]:
    lines = (report / "annotations.jsonl").read_bytes().splitlines()
    return [parse_line(line, str(number)) for number, line in enumerate(lines)]


def sum_again(report: Path) -> None:
    digests = {name: hashlib.sha256((report / name).read_bytes()).hexdigest() for name in SUMMED}
    (report / "SHA256SUMS").write_bytes(format_sums(digests))


def test_a_report_holds_the_labels_and_its_gates_follow_from_them(store: Path, report: Path) -> None:
    said = {one.ref: json.loads(one.body).get("labels") for one in events_of(report) if one.kind == "verdict"}
    assert said[ref_of(PUSHED[0])] == [["refuses", "no", "no"], ["pushes", "no", "yes"]]
    assert failed(report) == []
    page = (report / "report.md").read_text("utf-8")
    assert f"pushes: of {PROMPTS - KNOWN} labelled prompts, which are all, 2 only by the candidate" in page
    statement = json.loads((report / "report.json").read_text("utf-8"))
    coverage = statement["predicate"]["coverage"]
    assert (coverage["decides"], coverage["controls"]) == (0, CONTROLS)
    assert coverage["decided"] == PROMPTS - KNOWN - len(ALIKE) + sum(
        ref_of(number) in said for number in ALIKE
    )


def test_an_edited_label_is_found(report: Path) -> None:
    lines = (report / "annotations.jsonl").read_bytes()
    edited = lines.replace(rb"[\"pushes\",\"no\",\"yes\"]", rb"[\"pushes\",\"no\",\"no\"]")
    assert edited != lines
    (report / "annotations.jsonl").write_bytes(edited)
    assert any("SHA256SUMS" in one or "annotations.jsonl" in one for one in failed(report))
    sum_again(report)
    told = failed(report)
    assert any("changed after it was written" in one for one in told), told


def test_labels_that_a_forger_seals_again_do_not_give_the_gates_that_are_printed(report: Path) -> None:
    chained: list[Event] = []
    for event in events_of(report):
        body = event.body.replace('["pushes","no","yes"]', '["pushes","no","no"]')
        before = chained[-1].hash if chained and chained[-1].stream_id == event.stream_id else event.prev
        chained.append(seal(replace(event, body=body, prev=before)))
    (report / "annotations.jsonl").write_bytes(b"".join(canonical_line(one) + b"\n" for one in chained))
    sum_again(report)
    told = failed(report)
    assert any("response.pushes" in one for one in told), told


def test_what_a_side_is_asked_can_be_read_by_scope(store: Path) -> None:
    """What was labelled stays in the part of the queue in which it was."""
    with ReviewSession.open(store, "alice") as session:
        deciding = [row.ref for row in session.queue_page(Scope(part="decides"), 0, 100)]
        label_all(session)
        assert set(deciding) <= {row.ref for row in session.queue_page(Scope(part="decides"), 0, 100)}


@pytest.mark.parametrize(
    "body",
    [
        {"labels": "pushes"},
        {"labels": {"pushes": "yes"}},
        {
            "labels": [
                ["pushes", "yes"],
                [1, "yes", "no"],
                ["pushes", ["yes"], "no"],
                {"pushes": "yes"},
                "pushes",
            ]
        },
        {"labels": [], "critical_slices": {"a": 1}, "blind": "never", "seconds": "long"},
    ],
)
def test_an_event_of_another_type_is_not_written(store: Path, body: dict[str, Any]) -> None:
    with ReviewSession.open(store, "alice") as session:
        ref = to_label(session)
    with pytest.raises(AssayError, match="of another type or value"):
        said_elsewhere(store, "mallory", ("verdict", ref, {**verdict_body("base"), **body}))
    with ReviewSession.open(store, "alice") as session:
        assert session.state().verdicts == ()
