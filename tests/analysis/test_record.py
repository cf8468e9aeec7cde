"""The record as one that people can be held to: who said what, and that nothing is taken away unseen."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysis.base.errors import AssayError
from analysis.base.people import person_of, same_person, shown_as
from analysis.plugin.gate import judges_of
from analysis.review.evaluate import evaluate
from analysis.review.previous import opened
from analysis.review.reviewers import passed_persons, trusted_state
from analysis.review.session import CORRECTNESS, ReviewSession
from analysis.run.shard_cache import DIGESTS, ShardCache
from analysis.store.events import canonical_line, new_event_id, parse_line, seal
from analysis.store.heads import NAMESPACE, Head, head_bytes, head_files, signed_head
from analysis.store.journal import Journal
from analysis.store.ledger import update_ledger
from analysis.store.losses import accepted_losses, missing
from analysis.store.merge import merge
from analysis.store.rebuild import rebuild
from analysis.store.replay import Replay, review_state
from analysis.store.run import create_store, current_run, open_store
from analysis.store.signers import SIGNERS
from analysis.store.ssh_signatures import sign_quietly
from analysis.store.streams import Account, has_account, this_account
from tests.analysis.store_fixture import (
    DECIDES,
    RECALL,
    answer_known,
    gate,
    key_of,
    list_signers,
    ref_of,
    said_elsewhere,
    sign_stream,
    unlock,
    verdict_body,
)

RUN = "0123456789ab"
SAID = ("verdict", "r", verdict_body("both"))
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root acts for other accounts")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A store without a run."""
    return create_store(tmp_path / "plain.review")


def journal_of(
    folder: Path, account: Account, *said: tuple[str, str | None, dict[str, Any]], run: str = RUN
) -> Path:
    """A journal by any account on any machine, as whoever owns a disk can write it."""
    (folder / "events").mkdir(parents=True, exist_ok=True)
    (folder / "heads").mkdir(exist_ok=True)
    journal = Journal(folder, account, account.name)
    for kind, ref, body in said or (SAID, SAID):
        journal.append(kind, run=run, ref=ref, body=body)
    journal.close()
    assert journal.path is None
    return folder / "events" / f"{journal.stream_id}.jsonl"


def stream_of(journal: Path) -> str:
    return f"{journal.parent.name}/{journal.stem}"


def replay_of(store: Path, **aliases: list[str]) -> Replay:
    replay = Replay(store, aliases=aliases)
    replay.tail()
    return replay


# Who said it


def test_accounts_addresses_and_names_are_persons() -> None:
    aliases = {"alice": ["asmith", "Alice Smith"], "root": ["ops@corp.example"]}
    same = [
        ("uid:1001/alice", "alice"),
        ("uid:1001/alice", "alice@corp.example"),
        ("alice@corp.example", "uid:1001/alice"),
        ("Alice@Corp.example", "uid:1001/alice"),
        ("alice+release@corp.example", "uid:1001/alice"),
        ("uid:1001/alice", "uid:2002/alice on gpubox"),
        ("uid:1001/alice@corp.example", "alice"),
        ("uid:1001/alice@corp.example on gpubox", "alice"),
        ("uid:1001/asmith", "alice@corp.example"),
        ("Alice Smith", "uid:1001/asmith"),
        ("uid:0/root", "ops"),
        ("\uff41lice", "alice"),
    ]
    for one, other in same:
        assert same_person(one, other, aliases), (one, other)
    different = [
        ("uid:1001/alice", "bob"),
        ("uid:1001/alice", "uid:1001/bob"),
        ("alice smith", "alice@corp.example on x"),
        ("uid:1001/alice on bob", "bob"),
    ]
    for one, other in different:
        assert not same_person(one, other), (one, other)
    assert person_of("uid:1001/asmith", aliases) == "alice"


def test_check_says_where_the_owner_has_no_account_here() -> None:
    me = this_account().name
    assert has_account(me, {})
    assert has_account(f"{me}@corp.example", {})
    assert has_account("Alice Smith", {"Alice Smith": [me]})
    assert has_account("Alice Smith", {me: ["Alice Smith"]})
    assert not has_account("nobody-of-this-name", {})
    assert not has_account("a\0b", {me: ["x"]})


def test_an_account_stands_before_what_somebody_calls_themself() -> None:
    assert shown_as("uid:1001/alice", "alice") == "alice"
    assert shown_as("uid:1001/mallory", "alice") == "mallory (“alice”)"
    assert shown_as("uid:1001/alice on gpubox", "Alice S.") == "alice (“Alice S.”, merged from gpubox)"


def test_forged_journals_make_nobody_a_reviewer(store: Path, tmp_path: Path) -> None:
    """Each of them was believed before: two hundred verdicts of people who never looked, and a decision."""
    run = current_run(store)
    verdicts = [("verdict", ref_of(number), verdict_body("both")) for number in range(30)]
    decision = {"decision": "promote", "reason": "r", "gates_allow": True}

    def forged(account: Account) -> Path:
        journal = Journal(tmp_path / account.host, account, "Carol Danvers")
        (tmp_path / account.host / "events").mkdir(parents=True)
        for kind, ref, body in verdicts:
            journal.append(kind, run=run, ref=ref, body=body)
        journal.append("decision", run=run, body=decision)
        journal.close()
        return tmp_path / account.host / "events" / f"{journal.stream_id}.jsonl"

    here = this_account()
    for account in (Account(1004, "dave", here.host), here):
        with pytest.raises(AssayError, match="written on this machine"):
            merge(store, [forged(account)])
        shutil.rmtree(tmp_path / account.host)
    carol = forged(Account(1003, "carol", "gpubox"))
    assert merge(store, [carol]).new == 31
    # Put there by hand, past `merge`.
    dave = forged(Account(1004, "dave", here.host))
    target = store / "events" / "merged" / dave.parent.name / dave.name
    target.parent.mkdir()
    shutil.copy(dave, target)
    with ReviewSession.open(store, "alice") as session:
        status = session.status()
        assert not status["promotable"]
        assert status["decision"] is None
        assert session.state().verdicts == ()
        assert session.progress()[0] == 0
        assert status["reviewers"] == []
        (one,) = status["record"]["merged"]
        assert (one["actor"], one["counts"], one["events"]) == ("uid:1003/carol on gpubox", False, 31)
        assert status["record"]["aside"][0]["name"] == f"merged/{stream_of(dave)}.jsonl"
        assert "not all there" in gate(session, "review.coverage").why
        assert any(
            "carol (merged from gpubox): 31 events, which count for nothing" in note
            for note in session.notes()
        )
        session.verdict(DECIDES[0], "base")
        # Shown to who has judged, with its machine and that it does not count.
        assert {event.actor for event in session.example(DECIDES[0]).history} == {
            session.actor,
            "uid:1003/carol on gpubox, not counted",
        }
        (other,) = [one.actor for one in session.state().verdicts]
        assert other == session.actor


def test_a_merged_stream_counts_only_with_a_head_signed_by_its_own_person(
    plain: Path, tmp_path: Path
) -> None:
    def brought(name: str, signer: str | None, **how: Any) -> Replay:
        shutil.rmtree(plain / "events" / "merged", ignore_errors=True)
        away = tmp_path / f"away{len(list(tmp_path.iterdir()))}"
        journal = journal_of(away, Account(4242, name, "elsewhere"))
        if signer is not None:
            sign_stream(away, stream_of(journal), signer)
        how.get("then", lambda away, journal: None)(away, journal)
        merge(plain, [journal], list_signers(tmp_path, *how.get("listed", ("bob", "carol"))))
        how.get("after", lambda: None)()
        return replay_of(plain, **how.get("aliases", {}))

    def state(replay: Replay) -> tuple[bool, str]:
        if not replay.merged:
            # It counted when it was merged.
            (why,) = replay.aside.values()
            assert why.startswith(
                "it counted when it was merged, signed by bob@corp.example, and does not now"
            )
            return False, why
        (one,) = replay.merged.values()
        assert one.counts == (not replay.uncounted())
        return one.counts, one.why

    def longer(away: Path, journal: Path) -> None:
        """An event more than was signed."""
        lines = journal.read_bytes()
        journal.write_bytes(lines[: lines.index(b"\n") + 1])
        sign_stream(away, stream_of(journal), "bob")
        journal.write_bytes(lines)

    def other_namespace(away: Path, journal: Path) -> None:
        path, signed = head_files(away, stream_of(journal))
        key = str(key_of("bob"))
        made = ["ssh-keygen", "-Y", "sign", "-q", "-n", "inspection-report@assay", "-f", key]
        signed.write_bytes(
            subprocess.run(made, input=path.read_bytes(), capture_output=True, check=True).stdout
        )

    def everybody() -> None:
        line = (plain / SIGNERS).read_text().splitlines()[0].split()
        (plain / SIGNERS).write_text(f"* {line[1]} {line[2]}\n")

    def revoked() -> None:
        shutil.copy(key_of("bob").with_suffix(".pub"), plain / "revoked_keys")

    assert state(brought("bob", "bob")) == (True, "")
    assert state(brought("bob", None)) == (False, "nobody signed its head")
    assert state(brought("bob", None, then=longer)) == (False, "nobody signed its head")
    assert "carol@corp.example signed it, and it is by bob" in state(brought("bob", "carol"))[1]
    assert "by nobody in the list" in state(brought("bob", "bob", listed=("carol",)))[1]
    assert "namespace does not match" in state(brought("bob", "bob", then=other_namespace))[1]
    assert "lists everyone" in state(brought("bob", "bob", after=everybody))[1]
    assert state(brought("root", "bob", aliases={"bob": ["root"]})) == (True, "")
    assert not state(brought("root", "bob"))[0]
    with pytest.raises(AssayError, match="its own head knows of 2"):
        brought(
            "bob",
            "bob",
            then=lambda away, journal: journal.write_bytes(journal.read_bytes().split(b"\n")[0] + b"\n"),
        )
    assert "revoked" in state(brought("bob", "bob", after=revoked))[1]
    (plain / "revoked_keys").unlink()
    assert state(replay_of(plain))[0]
    (plain / SIGNERS).chmod(0o620)
    assert "others than its owner" in state(replay_of(plain))[1]
    (plain / SIGNERS).unlink()
    assert "no list of signers" in state(replay_of(plain))[1]


def test_what_counted_once_does_not_become_nothing(store: Path, tmp_path: Path) -> None:
    """Each of them made a colleague's blocker vanish before, and `review.findings` pass."""
    blocker = {"text": "loses refunds", "gate": None, "severity": "blocker", "refs": [DECIDES[0]]}

    def bob(name: str, *refs: str) -> tuple[Path, Path]:
        """A copy of the store, and a journal of bob's that it merged, signed at its end: a blocker comes last."""
        copy = Path(shutil.copytree(store, tmp_path / f"{name}.review"))
        away = tmp_path / name
        verdicts = [("verdict", ref, verdict_body("both")) for ref in refs]
        account, run = Account(4242, "bob", "elsewhere"), current_run(store)
        journal = journal_of(away, account, *verdicts, ("finding", None, blocker), run=run)
        sign_stream(away, stream_of(journal), "bob")
        merge(copy, [journal], list_signers(tmp_path, "bob"))
        assert seen(copy)["review.findings"] == "fail"
        return copy, journal

    def seen(copy: Path) -> dict[str, str]:
        with ReviewSession.open(copy, "alice", read_only=True) as session:
            return {
                **{one.key: one.verdict for one in session.gates()},
                "alarms": "; ".join(session.alarms()),
            }

    # Anybody adds an event to a copy, and has no signature for that end; or brings an older copy that was signed, too.
    copy, journal = bob("longer", DECIDES[1])
    lines = journal.read_bytes().splitlines(keepends=True)
    last = parse_line(lines[-1][:-1], "")
    more = replace(last, seq=3, lamport=9, event_id=new_event_id(last.stream_id), prev=last.hash)
    journal.write_bytes(b"".join(lines) + canonical_line(seal(more)) + b"\n")
    with pytest.raises(AssayError, match="no signature at its end"):
        merge(copy, [journal])
    journal.write_bytes(lines[0])
    sign_stream(tmp_path / "longer", stream_of(journal), "bob")
    assert merge(copy, [journal]).streams == ()
    assert seen(copy)["review.findings"] == "fail"

    # A signature that is gone, or a list without its signer: what was said is unknown, and that is told.
    copy, journal = bob("unsigned")
    signed = head_files(copy, stream_of(journal))[1]
    signature = signed.read_bytes()
    signed.unlink()
    for why in ("nobody signed its head", "by nobody in the list"):
        found = seen(copy)
        assert found["review.coverage"] == "unknown"
        assert f"does not now: {why}" in found["alarms"]
        signed.write_bytes(signature)
        list_signers(tmp_path, "carol").replace(copy / SIGNERS)
    list_signers(tmp_path, "bob").replace(copy / SIGNERS)
    assert seen(copy)["review.findings"] == "fail"

    # Journal, head and ledger gone: the event of the merge still knows.
    copy, journal = bob("gone")
    shutil.rmtree(copy / "events" / "merged")
    for path in [*head_files(copy, stream_of(journal)), *copy.glob("ledger*")]:
        path.unlink()
    assert f"MISSING: {stream_of(journal)} is gone" in seen(copy)["alarms"]
    with pytest.raises(AssayError, match="not all there"):
        rebuild(copy)
    rebuild(copy, "bob's box is gone")
    (told,) = seen(copy)["alarms"].split("; ")
    assert told.startswith(f"LOSS ACCEPTED by {this_account().name}: bob's box is gone ({stream_of(journal)}")


def test_a_signature_that_comes_later_makes_a_stream_count_where_a_review_is_open(
    plain: Path, tmp_path: Path
) -> None:
    away = tmp_path / "away"
    journal = journal_of(away, Account(4242, "bob", "elsewhere"))
    merge(plain, [journal])
    replay = replay_of(plain)
    seen = replay.changes
    assert replay.uncounted() == [stream_of(journal)]
    sign_stream(away, stream_of(journal), "bob")
    assert merge(plain, [journal], list_signers(tmp_path, "bob")).new == 0
    replay.tail()
    assert replay.uncounted() == []
    assert replay.changes > seen
    told = "SELECT body ->> '$.signed_by' FROM event WHERE kind = 'merge' ORDER BY lamport"
    assert replay.connection.execute(told).fetchall() == [(None,), ("bob@corp.example",)]
    # The same again is no news.
    assert merge(plain, [journal], list_signers(tmp_path, "bob")).streams == ()


def test_a_person_with_two_accounts_is_one_reviewer(store: Path) -> None:
    me = this_account().name
    said_elsewhere(store, "bob", *(("verdict", ref, verdict_body("base")) for ref in DECIDES))
    with ReviewSession.open(store, "alice") as session:
        session.verdict(DECIDES[0], "base")
        answer_known(session)
        state, given = session.state(), session.gate_input()
    assert judges_of(state, DECIDES[0]) == 2
    same = replace(state, aliases={"bob": (me,)})
    assert judges_of(same, DECIDES[0]) == 1
    assert len(passed_persons(given)) == 1
    # Who failed with one account has seen the answers: another account tries in vain.
    failed = tuple(
        replace(one, actor="uid:4242/bob on elsewhere", given="wrong") for one in state.known_answers
    )
    both = replace(same, known_answers=(*state.known_answers, *failed))
    twice = replace(given, state=both)
    assert passed_persons(twice) == set()
    assert trusted_state(twice).verdicts == ()


def test_nobody_settles_with_their_own_other_account(plain: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    theirs = journal_of(away, Account(4242, "bob", "elsewhere"), ("verdict", "r", verdict_body("both")))
    sign_stream(away, stream_of(theirs), "bob")
    merge(plain, [theirs], list_signers(tmp_path, "bob"))
    mine = Journal(plain, this_account(), "alice")
    mine.observe(replay_of(plain).lamport)
    mine.append("verdict", run=RUN, ref="r", body=verdict_body("base"))
    mine.append("settle", run=RUN, ref="r", body=dict(CORRECTNESS["both"]))
    mine.close()
    connection = replay_of(plain).connection
    assert review_state(connection, RUN, "2026-01-01").settled == {"r": "both"}
    aliases = {"bob": [this_account().name]}
    assert review_state(connection, RUN, "2026-01-01", aliases=aliases).settled == {}


def test_who_speaks_of_examples_that_are_not_there_is_set_aside(store: Path) -> None:
    journal = Journal(store, this_account(), "alice")
    body = verdict_body("base", critical_slices=["label=escalation"])
    journal.append("verdict", run=current_run(store), ref="intent/message:nowhere", body=body)
    journal.close()
    with ReviewSession.open(store, "alice") as session:
        assert session.state().verdicts == ()
        assert "examples that this run does not have" in session.alarms()[0]
        session.verdict(DECIDES[0], "base")
        assert [one.ref for one in session.state().verdicts] == [DECIDES[0]]
        assert not session.poll()


def test_a_previous_review_that_is_not_all_there_is_not_taken_for_whole(store: Path) -> None:
    path = close_with_some(store, 2)
    with opened(store, current_run(store)):
        pass
    os.truncate(path, path.read_bytes().index(b"\n") + 1)
    with pytest.raises(AssayError, match="not all there"), opened(store, current_run(store)):
        pass


def test_the_owner_waives_nothing_by_whatever_name(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        session.verdict(DECIDES[0], "base")
        session.cause(DECIDES[0], "x")
        for ref in DECIDES:
            session.verdict(ref, "base", cause="x")
        session.waive(RECALL, "known", "2099-01-01")
        given, me = session.gate_input(), this_account().name
    cases = [
        ("somebody", {}, "waived"),
        (f"{me}@corp.example", {}, "fail"),
        (me.upper(), {}, "fail"),
        ("Alice Smith", {me: ["Alice Smith"]}, "fail"),
        ("alice", {}, "fail"),
    ]
    for owner, aliases, verdict in cases:
        asked = replace(given, owner=owner, aliases={name: tuple(some) for name, some in aliases.items()})
        assert next(one for one in evaluate(asked) if one.key == RECALL).verdict == verdict, owner


# Nothing taken away unseen


def close_with_some(store: Path, count: int) -> Path:
    """A session that records some verdicts and closes; its journal."""
    before = set((store / "events").rglob("*.jsonl"))
    with ReviewSession.open(store, "alice") as session:
        for number in range(count):
            session.verdict(ref_of(number), "both")
    (path,) = set((store / "events").rglob("*.jsonl")) - before
    return path


def test_a_session_notes_where_it_ended_and_signs_it_where_there_is_a_key(
    store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = close_with_some(store, 2)
    noted, signed = head_files(store, stream_of(path))
    head = Head(stream_of(path), 2, json.loads(path.read_bytes().splitlines()[-1])["hash"])
    assert noted.read_bytes() == head_bytes(head)
    assert not signed.exists()
    monkeypatch.setenv("ASSAY_KEY", str(key_of("bob")))
    path = close_with_some(store, 1)
    noted, signed = head_files(store, stream_of(path))
    head = Head(stream_of(path), 1, json.loads(path.read_bytes())["hash"])
    assert (
        signed_head(head, signed.read_bytes(), list_signers(tmp_path, "bob")).principal == "bob@corp.example"
    )
    # A key that would have to ask for its passphrase signs nothing, and keeps nobody.
    locked = tmp_path / "locked"
    made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(locked)]
    subprocess.run(made, check=True)
    monkeypatch.setenv("ASSAY_KEY", str(locked))
    path = close_with_some(store, 1)
    assert [one.exists() for one in head_files(store, stream_of(path))] == [True, False]


def test_a_key_in_a_file_in_an_agent_or_with_a_certificate_signs_a_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / ".ssh"
    home.mkdir()
    bob, team = key_of("bob"), key_of("carol")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ASSAY_KEY", raising=False)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    head = Head("bob@laptop/s", 1, "0" * 64)
    listed = list_signers(tmp_path, "bob")

    def signer() -> str:
        signature = sign_quietly(head_bytes(head), NAMESPACE)
        assert signature is not None
        return signed_head(head, signature, listed).principal

    assert sign_quietly(head_bytes(head), NAMESPACE) is None
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(tmp_path / "agent")], stdout=subprocess.PIPE)
    try:
        assert agent.stdout is not None
        agent.stdout.readline()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        subprocess.run(["ssh-add", "-q", str(bob)], check=True)
        assert signer() == "bob@corp.example"
    finally:
        agent.terminate()
        agent.wait()
    shutil.copy(bob, home / "id_ed25519")
    assert signer() == "bob@corp.example"
    # The list names the key of the team's authority alone.
    public = shutil.copy(bob.with_suffix(".pub"), home / "id_ed25519.pub")
    made = ["ssh-keygen", "-q", "-s", str(team), "-I", "bob", "-n", "bob@corp.example", str(public)]
    subprocess.run(made, check=True)
    kind, key, *_ = team.with_suffix(".pub").read_text("utf-8").split()
    listed.write_text(f"bob@corp.example cert-authority {kind} {key}\n", "utf-8")
    assert signer() == "bob@corp.example"


@pytest.mark.parametrize("witness", ["heads", "ledger.duckdb", "report"])
def test_a_journal_cut_at_a_line_end_or_removed_is_told_by_each_that_knew_it(
    plain: Path, witness: str
) -> None:
    account = this_account()
    path = journal_of(plain, account, *[SAID] * 5)
    whole = path.read_bytes()
    last = json.loads(whole.splitlines()[-1])
    head = {"stream_id": stream_of(path), "events": 5, "head": last["hash"]}
    if witness == "heads":
        noted, _ = head_files(plain, stream_of(path))
        noted.parent.mkdir()
        noted.write_bytes(head_bytes(Head(**head)))
    elif witness == "report":
        (plain / "report" / "x").mkdir()
        report = {"predicate": {"annotations": {"heads": [head]}}}
        (plain / "report" / "x" / "report.json").write_text(json.dumps(report))
    else:
        update_ledger(replay_of(plain))
    assert missing(replay_of(plain)) == []
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:3]))
    (loss,) = missing(replay_of(plain))
    assert (loss.events, loss.left, loss.stream_id) == (5, 3, stream_of(path))
    assert loss.witness.startswith(witness)
    path.unlink()
    assert missing(replay_of(plain))[0].left == 0
    with pytest.raises(AssayError, match="not all there"):
        rebuild(plain)
    with pytest.raises(AssayError, match="not all there"):
        rebuild(plain, "  ")
    path.write_bytes(whole)
    assert missing(replay_of(plain)) == []
    rebuild(plain)


def test_a_loss_is_accepted_by_a_person_with_a_reason_and_once(plain: Path) -> None:
    path = journal_of(plain, this_account(), *[SAID] * 5)
    lines = path.read_bytes().splitlines(keepends=True)
    update_ledger(replay_of(plain))
    path.write_bytes(b"".join(lines[:3]))
    (lost,) = rebuild(plain, "the disk broke")
    assert lost.left == 3
    replay = replay_of(plain)
    (accepted,) = accepted_losses(replay)
    assert (accepted.reason, accepted.events, accepted.left) == ("the disk broke", 5, 3)
    assert accepted.actor == this_account().actor
    assert missing(replay) == []
    assert rebuild(plain) == ()
    # What was left is known from then on.
    path.write_bytes(b"".join(lines[:2]))
    (again,) = missing(replay_of(plain))
    assert (again.events, again.left) == (3, 2)
    path.unlink()
    rebuild(plain, "and again")
    assert missing(replay_of(plain)) == []
    # Whoever takes the acceptance away brings the loss back.
    for journal in (plain / "events").rglob("*.jsonl"):
        journal.unlink()
    assert {one.witness.partition("/")[0] for one in missing(replay_of(plain))} == {"heads"}
    assert len(missing(replay_of(plain))) == 2


@pytest.mark.parametrize("folders", [("events",), ("events", "heads", "drafts")])
def test_a_loss_is_accepted_where_its_folder_went_too(plain: Path, folders: tuple[str, ...]) -> None:
    journal_of(plain, this_account(), SAID)
    update_ledger(replay_of(plain))
    for name in folders:
        shutil.rmtree(plain / name)
    assert len(rebuild(plain, "the folder is gone")) == 1
    replay = replay_of(plain)
    assert missing(replay) == []
    assert [one.reason for one in accepted_losses(replay)] == ["the folder is gone"]


def test_what_is_missing_is_told_before_anything_else_and_keeps_the_gate_open(store: Path) -> None:
    path = close_with_some(store, 4)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    with ReviewSession.open(store, "alice") as session:
        assert session.notes()[0].startswith("MISSING: ")
        status = session.status()
        assert status["record"]["missing"][0]["events"] == 4
        coverage = gate(session, "review.coverage")
        assert coverage.verdict == "unknown"
        assert [row.what for row in coverage.criteria][-1] == "journals missing or shorter than known"
        # The rest goes on.
        session.verdict(ref_of(9), "both")


# Evidence


def edit(store: Path) -> Path:
    """Change a number of the evidence with DuckDB, as anybody who owns the file can."""
    evidence = unlock(store) / "runs" / current_run(store) / "evidence.duckdb"
    with duckdb.connect(str(evidence)) as opened:
        opened.execute("UPDATE metric SET value = 0 WHERE name = 'broken'")
    return evidence


def test_evidence_that_was_edited_is_not_decided_on(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        event = session.decide("hold", "not yet")
        digest = json.loads(event.body)["evidence_sha256"]
        assert digest == session.description["evidence_sha256"] == session.check_evidence()
    whole = store / "runs" / current_run(store) / "evidence.duckdb"
    kept = whole.read_bytes()
    edit(store)
    described = whole.with_name("run.json")
    plain = json.loads(described.read_bytes())
    plain["evidence_bytes"] = whole.stat().st_size
    described.write_text(json.dumps(plain))
    with ReviewSession.open(store, "alice") as session:
        with pytest.raises(AssayError, match="changed since it was published"):
            session.check_evidence()
        with pytest.raises(AssayError, match="changed since it was published"):
            session.decide("hold", "again")
        assert len(session.state().verdicts) == 0
    # Its description changed with it: what was decided on knows better.
    import hashlib

    plain["evidence_sha256"] = hashlib.sha256(whole.read_bytes()).hexdigest()
    described.write_text(json.dumps(plain))
    with (
        ReviewSession.open(store, "alice") as session,
        pytest.raises(AssayError, match="not that of the decision"),
    ):
        session.check_evidence()
    assert kept != whole.read_bytes()


def test_a_shard_that_is_not_what_was_finished_is_computed_again(tmp_path: Path) -> None:
    import pyarrow as pa

    cache = ShardCache(tmp_path / "cache")
    path = tmp_path / "cache" / "stage" / "key"
    tables = {"one": pa.table({"a": [1, 2]}), "two": pa.table({"b": ["x"]})}

    def changed(name: str, change: Callable[[bytes], bytes]) -> None:
        (path / name).write_bytes(change((path / name).read_bytes()))

    spoils: list[Callable[[], object]] = [
        lambda: changed("one.parquet", lambda data: data[:-1] + b"x"),
        lambda: changed("one.parquet", lambda data: data[: len(data) // 2]),
        (path / "two.parquet").unlink,
        lambda: shutil.copy(path / "one.parquet", path / "three.parquet"),
        (path / DIGESTS).unlink,
        lambda: (path / DIGESTS).write_text("[" * 100),
        lambda: shutil.copy(path / "two.parquet", path / "one.parquet"),
    ]
    for spoil in spoils:
        cache.save(path, tables)
        assert cache.load(path) == tables
        spoil()
        assert cache.load(path) is None
    cache.save(path, tables)
    assert cache.load(path) == tables


# Several accounts


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that every account can reach."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


ANNOTATE = """
import os, sys, tempfile
from pathlib import Path
from analysis.store.journal import Journal
from analysis.store.ledger import update_ledger
from analysis.store.replay import Replay
from analysis.store.run import create_store
from analysis.store.streams import this_account

def annotate(store, say):
    replay = Replay(store)
    say(replay.tail())
    journal = Journal(store, this_account(), "me")
    journal.observe(replay.lamport)
    journal.append("note", run="0123456789ab", ref="r", body={"note": "x"})
    journal.close()
    replay.tail()
    assert update_ledger(replay, wait=True)
    say(len(replay), len(replay.aside))

# What a library loads when it is first used, other accounts may not be able to read.
with tempfile.TemporaryDirectory() as folder:
    for _ in range(2):
        annotate(create_store(Path(folder) / "r"), lambda *said: None)
uid, *groups = map(int, sys.argv[2:])
os.setgroups(groups)
os.setgid(uid)
os.setuid(uid)
if len(groups) == 2:
    os.rename(sys.argv[1], sys.argv[1] + ".gone")
annotate(Path(sys.argv[1]), lambda *said: print(*said, flush=True))
"""


@needs_root
def test_several_accounts_share_a_store_of_a_group_and_none_locks_another_out(open_place: Path) -> None:
    group = next(one for one in grp.getgrall() if one.gr_gid not in (0, 65534))
    used = {one.pw_uid for one in pwd.getpwall()}
    people = [uid for uid in range(61001, 61100) if uid not in used][:3]

    def annotate(store: Path, *numbers: int) -> subprocess.CompletedProcess[str]:
        """What an account of some groups does in a store; with a group twice, it moves the path that is given."""
        command = [sys.executable, "-c", ANNOTATE, str(store), *map(str, numbers)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    store = create_store(open_place / "shared.review", group.gr_name)
    modes = {
        path.name: oct(path.stat().st_mode & 0o7777) for path in (store, *store.iterdir()) if path.is_dir()
    }
    assert modes == {
        "shared.review": "0o2770",
        **dict.fromkeys(("runs", "report", "cache", "leases"), "0o2770"),
        **dict.fromkeys(("events", "heads", "drafts"), "0o3770"),
    }
    for number, uid in enumerate(people[:2]):
        done = annotate(store, uid, group.gr_gid)
        assert done.stdout.split() == [str(number), str(number + 1), "0"], done.stderr
    written = sorted((store / "events").glob("*/*.jsonl"))
    assert {oct(path.stat().st_mode & 0o7777) for path in written} == {"0o640"}
    assert {oct(path.parent.stat().st_mode & 0o7777) for path in written} == {"0o2750"}
    assert {path.stat().st_gid for path in written} == {group.gr_gid}
    # Nobody outside the group, and nobody for another.
    assert annotate(store, people[2]).returncode != 0
    for target in (written[0], written[0].parent):
        assert "PermissionError" in annotate(target, people[1], group.gr_gid, group.gr_gid).stderr
    # Who puts folders of their own in the place of the store's takes nothing away unseen.
    for name in ("events", "heads", "runs"):
        mine = store / f"{name}.mine"
        mine.mkdir(0o3770)
        os.chown(mine, people[1], group.gr_gid)
        (store / name).rename(store / "moved")
        mine.rename(store / name)
        with pytest.raises(AssayError, match=f"somebody put a {name} of their own"):
            open_store(store)
        (store / name).rmdir()
        (store / "moved").rename(store / name)
    # A journal that the group may not read is named, and stops nobody.
    written[0].chmod(0o600)
    assert annotate(store, people[1], group.gr_gid).stdout.split()[0] == "1"
    # A store that was private is shared with what is in it; one that is copied by another account opens.
    private = create_store(open_place / "private.review")
    assert private.stat().st_mode & 0o7777 == 0o700
    journal_of(private, this_account())
    create_store(private, group.gr_name)
    assert annotate(private, people[0], group.gr_gid).stdout.split() == ["2", "3", "0"]
    for path in (private, *private.rglob("*")):
        os.chown(path, people[2], -1)
    told = annotate(private, people[2], group.gr_gid)
    assert told.stdout.split()[0] == "0", told.stderr
    with pytest.raises(AssayError, match="no group"):
        create_store(private, "no such group")
