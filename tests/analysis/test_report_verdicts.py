"""What a report says of people, and that all of it follows from the bundle's own files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.base.escape import printable
from analysis.base.people import shown_as
from analysis.plugin.registry import registered
from analysis.report import canonical
from analysis.report.build import export
from analysis.report.gate_sections import counts_line
from analysis.report.recompute import parse_events, recompute
from analysis.report.reviewers import entries
from analysis.report.sign import page_to_sign
from analysis.report.verify import Check, verify
from analysis.review.session import CORRECTNESS, ReviewSession
from analysis.store.rebuild import rebuild
from analysis.store.streams import this_account
from tests.analysis.report_fixture import (
    TOY,
    forge_rules,
    inspect_all,
    make_key,
    sign_anything,
    signer_line,
    toy_store,
    write_statement,
)
from tests.analysis.store_fixture import answer_known, controls, part, said_elsewhere, verdict_body

M0, M1 = "toy/message:m0", "toy/message:m1"


@pytest.fixture(autouse=True)
def toy_track() -> Iterator[None]:
    with registered(TOY):
        yield


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return toy_store(tmp_path, broken=2).store


@pytest.fixture
def session(store: Path) -> Iterator[ReviewSession]:
    with ReviewSession.open(store, "alice") as opened:
        yield opened


def reported(session: ReviewSession) -> tuple[dict[str, Any], str, Path]:
    """The predicate, the page and the folder of a report of now."""
    folder = export(session, None, "hold", "a test")
    statement = canonical.loads((folder / "report.json").read_bytes(), "report.json")
    return dict(statement["predicate"]), (folder / "report.md").read_text("utf-8"), folder


def again(folder: Path) -> dict[str, Any]:
    """What the report's own files say, computed again."""
    events = parse_events((folder / "annotations.jsonl").read_bytes(), "annotations.jsonl")
    found = recompute((folder / "rules.json").read_bytes(), (folder / "metrics.jsonl").read_bytes(), events)
    return entries(found.given, found.results)


def check_again(predicate: dict[str, Any], folder: Path) -> None:
    for name, value in again(folder).items():
        assert predicate[name] == value, name


def test_a_reviewer_stands_there_with_what_was_measured(session: ReviewSession) -> None:
    inspect_all(session)
    session.finding("reads well", None, [M0], "minor")
    predicate, page, folder = reported(session)
    (alice,) = predicate["reviewers"]
    assert (alice["verdicts"], alice["blind"], alice["findings"], alice["waivers"]) == (3, 1, 1, 0)
    assert alice["known"] == [{"track": "toy", "right": 2, "answered": 2, "items": 2, "failed": False}]
    assert (
        f"- account {session.actor} (“alice”): 3 verdicts, 100 % of them blind; 2 of 2 known answers of toy right; "
        "1 finding; 0 waivers"
    ) in page.replace("\\", "")
    assert predicate["coverage"] == {
        "inspected": 3,
        "total": 3,
        "decides": 0,
        "decided": 2,
        "controls": 1,
        "controls_inspected": 1,
        "known_answers": 2,
        "reviewers_required": 1,
    }
    assert "3 of 3 examples that must be judged are judged: 2 count in a gate and were judged" in page
    check_again(predicate, folder)


def test_coverage_is_counted_as_its_gate_counts_it(session: ReviewSession) -> None:
    session.verdict(M0, "unsure")
    predicate, page, _ = reported(session)
    gate = next(one for one in predicate["gates"] if one["key"] == "review.coverage")
    coverage = predicate["coverage"]
    assert (gate["value"], gate["n"]) == (coverage["inspected"], coverage["total"]) == (1, 3)
    assert (coverage["decides"], coverage["decided"]) == (2, 1), "nobody could tell: it decides on"
    assert "1 of 3 examples that must be judged are judged" in page


def test_a_dispute_and_how_it_was_settled(session: ReviewSession, store: Path) -> None:
    inspect_all(session)
    said_elsewhere(store, "bob", ("verdict", M0, verdict_body("both")), ("verdict", M1, verdict_body("base")))
    session.poll()
    predicate, page, folder = reported(session)
    assert predicate["disagreements"] == [
        {
            "ref": M0,
            "verdicts": [
                {"actor": session.actor, "reviewer": "alice", "right": "base", "labels": []},
                {"actor": "uid:4242/bob on elsewhere", "reviewer": "bob", "right": "both", "labels": []},
            ],
            "settled": None,
            "settled_labels": [],
            "settled_by": None,
        }
    ]
    assert f"account {session.actor} (“alice”)" in page
    assert "says the base is right; account uid:4242/bob on elsewhere says both are right; **open**" in page
    assert predicate["agreement"]["examples"] == 2
    assert "agreement on 2 examples that two or more judged" in page
    check_again(predicate, folder)
    session.settle(M0, "both")
    predicate, page, folder = reported(session)
    assert (predicate["disagreements"][0]["settled"], predicate["disagreements"][0]["settled_by"]) == (
        "both",
        shown_as(session.actor, "alice"),
    )
    assert f"settled by {shown_as(session.actor, 'alice')}: both are right" in page
    critical = next(one for one in predicate["gates"] if one["key"] == "toy.critical")
    assert critical["verdict"] == "pass"
    check_again(predicate, folder)


def test_a_settlement_that_nobody_disputed_is_in_no_count(session: ReviewSession) -> None:
    inspect_all(session)
    session._record("settle", dict(CORRECTNESS["candidate"]), ref=M0)
    predicate, _, folder = reported(session)
    assert predicate["disagreements"] == []
    critical = next(one for one in predicate["gates"] if one["key"] == "toy.critical")
    assert (critical["verdict"], critical["why"]) == ("fail", "2 lost, 0 gained, 2 judged")
    assert b'"kind":"settle"' in (folder / "annotations.jsonl").read_bytes(), "it is there, for all to read"
    check_again(predicate, folder)


def test_verdicts_of_who_fails_known_answers_are_in_no_count(session: ReviewSession) -> None:
    answer_known(session, wrong=1)
    for ref in (M0, M1, *controls(session)):
        session.verdict(ref, "candidate")
    predicate, page, folder = reported(session)
    critical = next(one for one in predicate["gates"] if one["key"] == "toy.critical")
    assert (critical["verdict"], critical["why"]) == ("unknown", "2 lost, 0 gained, 0 judged")
    assert (predicate["coverage"]["inspected"], predicate["coverage"]["total"]) == (0, 3)
    assert predicate["reviewers"][0]["verdicts"] == 3, "they are told"
    assert "1 of 2 known answers of toy right — **too few: no verdict of theirs counts there**" in page
    (one,) = predicate["slices"]
    assert one["this_slice"] == "1 of 1 random controls are still to be judged: no bound before."
    said = {field["field"]: field["sentences"] for field in predicate["fields"]}
    assert said["Critical examples inspected"][:2] == [
        "0 of 3 examples that must be judged are judged: what decides a gate, and random controls (0 of 1)",
        "0 of 3 queued examples of critical slices have a verdict",
    ]
    check_again(predicate, folder)


def test_the_rules_carry_what_verdicts_count_for(session: ReviewSession) -> None:
    inspect_all(session)
    _, _, folder = reported(session)
    rules = canonical.loads((folder / "rules.json").read_bytes(), "rules.json")
    critical = [one for one in rules["contested"] if one["slice"] == "label=escalation"]
    assert [(one["ref"], one["gold"], one["candidate"], one["base"]) for one in critical] == [
        (M0, 1, -1, 1),
        (M1, 1, -1, 1),
    ]
    assert {one["ref"] for one in rules["queue"] if one["known"]} == set(part(session, "known answer"))
    assert [one["ref"] for one in rules["queue"] if one["control"]] == controls(session)
    assert rules["deciding"] == [], "computed from the gates, wherever they are computed"


def test_changes_have_their_sign_and_undecided_is_no_pass(session: ReviewSession) -> None:
    _, page, _ = reported(session)
    assert "| `toy.critical` | net loss in messages | +2 | at most 1 | unknown |" in page
    gates = [{"verdict": verdict} for verdict in ("pass", "undecided", "fail", "undecided")]
    assert counts_line(gates) == "1 fail, 2 undecided (too few data to tell: not a pass), 1 pass."


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")
@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("coverage", {"inspected": 99}, "coverage"),
        ("reviewers", [], "reviewers"),
        ("agreement", {"gwet_ac1": 1, "examples": 5}, "reviewers"),
        ("disagreements", [], "reviewers"),
    ],
)
def test_a_signer_cannot_say_otherwise_of_people(
    session: ReviewSession, tmp_path: Path, name: str, value: Any, check: str
) -> None:
    inspect_all(session)
    said_elsewhere(session.store, "bob", ("verdict", M0, verdict_body("both")))
    session.poll()
    _, _, folder = reported(session)
    key = make_key(tmp_path / "key", "alice@laptop")
    allowed = tmp_path / "allowed_signers"
    # Whoever verifies lists as well who may speak from another machine.
    allowed.write_text(signer_line("alice@x", key) + (session.store / "allowed_signers").read_text("utf-8"))
    statement = canonical.loads((folder / "report.json").read_bytes(), "report.json")
    told = statement["predicate"][name]
    assert told != value
    statement["predicate"][name] = {**told, **value} if isinstance(value, dict) else value
    write_statement(folder, statement)
    sign_anything(folder, key, "alice@x")
    assert [one.name for one in verify(folder, allowed).checks if not one.ok] == [check]


def test_merged_streams_are_held_against_the_list_of_who_verifies(
    session: ReviewSession, store: Path, tmp_path: Path
) -> None:
    inspect_all(session)
    said_elsewhere(store, "bob", ("verdict", M0, verdict_body("both")))
    said_elsewhere(store, "eve", ("verdict", M1, verdict_body("both")), signed=False)
    session.poll()
    predicate, _, folder = reported(session)
    assert [one["counts"] for one in predicate["record"]["merged"]] == [True, False]
    key = make_key(tmp_path / "alice", "alice@x")
    sign_anything(folder, key, "alice@x")
    listed = tmp_path / "listed"
    own = (store / "allowed_signers").read_text("utf-8")

    def merged(signers: str) -> Check:
        listed.write_text(signer_line("alice@x", key) + signers, "utf-8")
        return next(one for one in verify(folder, listed).checks if one.name == "merged streams")

    found = merged(own)
    assert (found.ok, found.detail) == (True, "1 count, each signed by its own person; 1 count for nothing")
    nobody = merged("")
    assert not nobody.ok
    assert "counts, and its end is not signed: by nobody in the list" in nobody.detail
    # One signer who says nothing of bob's stream having been merged would pass it off as one of this machine.
    statement = canonical.loads((folder / "report.json").read_bytes(), "report.json")
    bob, eve = statement["predicate"]["record"]["merged"]
    for told, says in (
        ([eve], "was merged by an event of the report"),
        ([{**bob, "counts": False}, eve], "counted when it was merged, and counts for nothing"),
        ([bob, eve, {**eve, "stream_id": f"{eve['stream_id']}x"}], "no event of the report merged"),
    ):
        forged = forge_record(folder, tmp_path / "forged", key, merged=told)
        failed = {one.name: one.detail for one in verify(forged, listed, store=store).checks if not one.ok}
        assert says in failed["record"]
        # The store knows which streams were merged, too.
        assert ("journals" in failed) == (len(told) != 2)
    # A key of bob's that the list has under another name.
    other = merged(own.replace("bob@", "zoe@"))
    assert not other.ok
    assert "zoe@" in other.detail


def forge_record(report: Path, copy: Path, key: Path, **told: Any) -> Path:
    """A copy of a report whose record says something else, with all that follows, signed by one listed signer."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(report, copy, ignore=shutil.ignore_patterns("*.sig"))
    rules = canonical.loads((copy / "rules.json").read_bytes(), "rules.json")
    rules["settings"]["review"]["record"] |= told
    forge_rules(copy, {"settings": rules["settings"]})
    sign_anything(copy, key, "alice@x")
    return copy


def test_a_loss_that_was_accepted_stands_before_anything_else(store: Path, tmp_path: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        inspect_all(session)
        gone = session.store / "events" / this_account().folder
    for journal in gone.glob("*.jsonl"):
        journal.unlink()
    rebuild(store, "the disk\nbroke <b>")
    with ReviewSession.open(store, "alice") as session:
        predicate, page, folder = reported(session)
        assert len(predicate["record"]["accepted"]) == 1
        first, second = [line for line in page.splitlines() if line][:2]
        assert first.startswith("# ")
        assert "LOSS ACCEPTED by" in second
        assert "the disk" in second
        check_again(predicate, folder)
    # Whoever signs, and whoever verifies, is told of it; and nobody who signs alone leaves it out.
    (said,) = [one["sentence"] for one in predicate["record"]["accepted"]]
    assert f"LOSS ACCEPTED by {printable(said)}" in page_to_sign(folder).sentences
    key = make_key(tmp_path / "alice", "alice@x")
    listed = tmp_path / "listed"
    listed.write_text(signer_line("alice@x", key), "utf-8")
    sign_anything(folder, key, "alice@x")
    found = {one.name: one for one in verify(folder, listed, store=store).checks}
    assert found["record"].ok
    assert "the disk" in found["record"].detail
    forged = forge_record(folder, tmp_path / "forged", key, accepted=[])
    failed = [one.name for one in verify(forged, listed, store=store).checks if not one.ok]
    assert failed == ["record"]
