"""Journals: durable, chained, private; only a prefix is ever seen; damage names file and line."""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from analysis.base.errors import AssayError
from analysis.base.review_records import Event
from analysis.store.event_kinds import KINDS, kind_problem
from analysis.store.events import (
    BODY_LIMIT,
    GENESIS,
    LINE_LIMIT,
    canonical_line,
    event_hash,
    parse_line,
    seal,
)
from analysis.store.journal import Journal
from analysis.store.merge import merge
from analysis.store.rebuild import rebuild
from analysis.store.replay import LEAP, Replay
from analysis.store.run import create_store
from analysis.store.streams import JOURNAL_LIMIT, Account, read_stream, this_account, verify_chain

RUN = "0123456789ab"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return create_store(tmp_path / "r.review")


def write(store: Path, count: int, account: Account | None = None) -> Path:
    """A journal with some verdicts; returns its path."""
    journal = Journal(store, account or this_account(), "alice")
    for number in range(count):
        journal.append(
            "verdict",
            run=RUN,
            ref=f"intent/message:{number}",
            body={"base": "unsure", "candidate": "unsure", "seconds": number},
        )
    path = journal.path
    journal.close()
    assert path is not None
    return path


def rewrite(path: Path, change: dict[int, dict[str, Any]]) -> None:
    """Forge lines of a journal, with hashes and links made good for the forged events and after them."""
    events, prev = [], GENESIS
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        event = replace(Event(**json.loads(line)), **{"prev": prev, **change.get(number, {})})
        event = seal(event)
        prev = event.hash
        events.append(event)
    path.write_bytes(b"".join(canonical_line(event) + b"\n" for event in events))


def set_aside(store: Path) -> dict[str, str]:
    """What a reader sets aside, and why, by its name in `events`."""
    replay = Replay(store)
    replay.tail()
    return replay.aside


def name_of(path: Path) -> str:
    """The name of a journal in `events`."""
    return f"{path.parent.name}/{path.name}"


def test_looking_writes_nothing(store: Path) -> None:
    before = sorted(path for path in store.rglob("*"))
    journal = Journal(store, this_account(), "alice")
    Replay(store).tail()
    journal.close()
    assert sorted(store.rglob("*")) == before


def test_an_event_is_one_canonical_line_with_a_chain(store: Path) -> None:
    path = write(store, 3)
    lines = path.read_bytes().splitlines(keepends=True)
    previous = GENESIS
    for number, line in enumerate(lines, start=1):
        columns = json.loads(line)
        assert line == rfc8785.dumps(columns) + b"\n"
        assert (columns["seq"], columns["prev"]) == (number, previous)
        previous = columns["hash"]
    stream = read_stream(path)
    assert [event.seq for event in stream.events] == [1, 2, 3]
    assert [event.lamport for event in stream.events] == [1, 2, 3]
    assert stream.torn_tail is None
    assert stream.events[0].actor == f"uid:{os.geteuid()}/{this_account().name}"
    assert verify_chain(stream.events, str)[stream.stream_id].hash == previous


def test_files_and_folders_are_private(store: Path) -> None:
    path = write(store, 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_two_sessions_never_share_a_file(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert write(store, 1) != write(store, 1)
    monkeypatch.setattr("analysis.store.journal._new_session", lambda: "one")
    write(store, 1)
    with pytest.raises(AssayError, match="file exists"):
        write(store, 1)
    assert Replay(store).tail() == 3


text = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)


@given(text, text, st.integers(1, 2**53 - 1), st.one_of(st.none(), text))
def test_lines_are_rfc_8785(reviewer: str, kind: str, lamport: int, ref: str | None) -> None:
    event = seal(
        Event(
            "w@h/s",
            1,
            lamport,
            "e",
            "t",
            "uid:1/w",
            reviewer,
            "h",
            "s",
            RUN,
            ref,
            kind,
            None,
            '{"a":"\\u0000"}',
            GENESIS,
            "",
        )
    )
    columns = asdict(event)
    assert canonical_line(event) == rfc8785.dumps(columns)
    del columns["hash"]
    import hashlib

    assert event.hash == event_hash(event) == hashlib.sha256(rfc8785.dumps(columns)).hexdigest()
    assert parse_line(canonical_line(event), "here") == event


def test_a_hash_inside_a_text_is_not_taken_for_the_hash() -> None:
    trick = '"hash":"' + "0" * 64 + '",'
    body = rfc8785.dumps({"note": trick}).decode()
    event = seal(
        Event("w@h/s", 1, 1, "e", "t", trick, trick, "h", "s", RUN, None, "note", None, body, GENESIS, "")
    )
    assert parse_line(canonical_line(event), "here") == event
    forged = replace(event, reviewer="bob")
    with pytest.raises(AssayError, match="its hash is not its own"):
        parse_line(canonical_line(forged), "here")


def test_only_a_prefix_is_seen_wherever_the_file_is_cut(store: Path) -> None:
    path = write(store, 3)
    whole = path.read_bytes()
    ends = [index + 1 for index, byte in enumerate(whole) if byte == 10]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        complete = sum(end <= cut for end in ends)
        stream = read_stream(path)
        assert len(stream.events) == complete
        assert (stream.torn_tail is None) == (cut in (0, *ends))


def test_a_torn_line_is_set_aside_told_and_read_when_it_is_whole(store: Path) -> None:
    path = write(store, 2)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    replay = Replay(store)
    assert replay.tail() == 1
    assert list(replay.torn) == [path]
    path.write_bytes(whole)
    assert replay.tail() == 1
    assert replay.torn == {}
    assert replay.tail() == 0


@pytest.mark.parametrize("line", [1, 2, 3])
def test_a_flipped_bit_anywhere_names_file_and_line(store: Path, line: int) -> None:
    path = write(store, 3)
    lines = path.read_bytes().splitlines(keepends=True)
    for place in range(0, len(lines[line - 1]) - 1, 7):
        broken = bytearray(lines[line - 1])
        broken[place] ^= 1
        path.write_bytes(b"".join([*lines[: line - 1], bytes(broken), *lines[line:]]))
        with pytest.raises(AssayError) as told:
            read_stream(path)
        assert (told.value.where or "").startswith(f"{path}:")
    assert set_aside(store)[name_of(path)].startswith(f"{path}:")


def tampered(path: Path) -> dict[str, bytes]:
    """A whole journal after each of the usual falsifications."""
    lines = path.read_bytes().splitlines(keepends=True)
    columns = json.loads(lines[1])
    duplicate = lines[1].replace(b'"kind":"verdict"', b'"kind":"verdict","kind":"verdict"')
    return {
        "deleted": b"".join([lines[0], *lines[2:]]),
        "swapped": b"".join([lines[1], lines[0], *lines[2:]]),
        "repeated": b"".join([*lines, lines[-1]]),
        "first dropped": b"".join(lines[1:]),
        "indented": b"".join([lines[0], json.dumps(columns).encode() + b"\n", *lines[2:]]),
        "key twice": b"".join([lines[0], duplicate, *lines[2:]]),
        "no json": b"".join([lines[0], b"verdict: fine\n", *lines[2:]]),
        "a list": b"".join([lines[0], b"[]\n", *lines[2:]]),
        "a number": b"".join([lines[0], b"1\n", *lines[2:]]),
        "empty line": b"".join([lines[0], b"\n", *lines[2:]]),
        "other columns": b"".join([lines[0], b'{"body":"{}"}\n', *lines[2:]]),
        "deep": b"".join([lines[0], b"[" * 200_000 + b"\n", *lines[2:]]),
        "huge integer": b"".join(
            [lines[0], lines[1].replace(b'"seq":2', b'"seq":' + b"9" * 5000), *lines[2:]]
        ),
        "long line": b"".join([lines[0], b'"' + b"x" * (LINE_LIMIT + 5) + b'"\n', *lines[2:]]),
        "not utf-8": b"".join([lines[0], b'{"a":"\xff"}\n', *lines[2:]]),
        "surrogate": b"".join([lines[0], lines[1].replace(b'"alice"', b'"\\ud800"'), *lines[2:]]),
        "nul bytes": b"".join([lines[0], b"\0" * 100 + b"\n", *lines[2:]]),
    }


def test_tampering_is_told_with_file_and_line(store: Path) -> None:
    path = write(store, 4)
    good = write(store, 2)
    for name, content in tampered(path).items():
        path.write_bytes(content)
        with pytest.raises(AssayError) as told:
            read_stream(path)
        assert (told.value.where or "").startswith(f"{path}:"), name
        assert told.value.hint, name
    replay = Replay(store)
    assert replay.tail() == 2
    assert list(replay.aside) == [name_of(path)]
    assert good != path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({2: {"actor": "uid:99/mallory"}}, "in a journal of"),
        ({2: {"stream_id": "bob@x/1"}}, "belongs to stream"),
        ({3: {"seq": 5}}, "event 3 of this stream is missing"),
        ({3: {"lamport": 1}}, "runs backwards"),
        ({2: {"prev": "1" * 64}}, "chain is broken"),
        ({3: {"seq": True}}, "missing|another type"),
        ({3: {"body": "[]"}}, "other columns"),
        ({3: {"reviewer": 5}}, "another type"),
        ({1: {"actor": "mallory"}}, "no account"),
        ({2: {"kind": "promote"}}, "no kind of event"),
        ({2: {"ref": None}}, "needs a ref"),
        ({2: {"target": "0" * 32}}, "has no target"),
        ({2: {"event_id": "0" * 32}}, "not one of this stream"),
        (
            {2: {"lamport": LEAP + 2}, 3: {"lamport": LEAP + 3}, 4: {"lamport": LEAP + 4}},
            "none that a review",
        ),
        ({2: {"body": '{"base":"right","base":"unsure","candidate":"unsure"}'}}, "not canonical"),
        ({2: {"body": '{"base":"unsure","candidate":"unsure","note":"\\ud800"}'}}, "not canonical"),
        ({2: {"body": '{"base":"unsure","candidate":"unsure","seconds":1e400}'}}, "not canonical"),
        ({2: {"body": '{"base":"unsure","candidate":"unsure","seconds":NaN}'}}, "not canonical"),
        ({2: {"body": '{"base":"unsure", "candidate":"unsure"}'}}, "not canonical"),
        ({2: {"ts": "yesterday"}}, "no time"),
        ({2: {"body": '{"note":"' + "x" * BODY_LIMIT + '"}'}}, "at most 65,536"),
    ],
)
def test_a_forged_event_with_good_hashes_is_told(
    store: Path, change: dict[int, dict[str, Any]], message: str
) -> None:
    path = write(store, 4)
    rewrite(path, change)
    assert re.search(message, set_aside(store)[name_of(path)])


def test_a_whole_forged_journal_is_told_by_its_owner(store: Path) -> None:
    account = this_account()
    for uid, name, host in (
        (account.uid + 1, account.name, account.host),
        (account.uid, "somebody-else", account.host),
        (account.uid, "somebody-else", "elsewhere"),
    ):
        path = write(store, 2, Account(uid, name, host))
        assert "its file belongs to" in set_aside(store)[name_of(path)]
        path.unlink()


def test_a_journal_in_the_folder_of_another_is_told(store: Path) -> None:
    path = write(store, 2)
    other = store / "events" / "bob@elsewhere"
    other.mkdir()
    path.rename(other / path.name)
    assert "belongs to stream" in set_aside(store)[f"bob@elsewhere/{path.name}"]


def test_links_and_special_files_are_no_journals(store: Path, tmp_path: Path) -> None:
    path = write(store, 1)
    path.rename(tmp_path / "outside.jsonl")
    path.symlink_to(tmp_path / "outside.jsonl")
    assert "regular file" in set_aside(store)[name_of(path)]
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(AssayError):
        read_stream(path)
    assert "regular file" in set_aside(store)[name_of(path)]
    path.unlink()
    (store / "events" / "eve@x").symlink_to(tmp_path)
    (store / "events" / "text").write_text("x")
    assert set_aside(store) == dict.fromkeys(("eve@x", "text"), "this is not a folder of journals")


def test_a_journal_that_shrinks_or_goes_while_it_is_read_is_told(store: Path) -> None:
    path = write(store, 3)
    replay = Replay(store)
    assert replay.tail() == 3
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert replay.tail() == 0
    (loss,) = replay.gone.values()
    assert (loss.events, loss.left, loss.witness) == (3, 1, "this session")
    path.unlink()
    replay.tail()
    (loss,) = replay.gone.values()
    assert loss.left == 0
    assert loss.sentence.endswith("is gone, and this session knows of 3")
    path.write_bytes(whole)
    assert replay.tail() == 0
    assert replay.gone == {}
    assert len(replay) == 3


def test_what_was_read_of_a_stream_that_is_damaged_later_is_taken_out_again(store: Path) -> None:
    path = write(store, 2)
    bad = write(store, 2)
    replay = Replay(store)
    assert replay.tail() == 4
    with bad.open("ab") as handle:
        handle.write(b"{}\n")
    assert replay.tail() == 0
    assert list(replay.aside) == [name_of(bad)]
    assert len(replay) == 2
    bad.write_bytes(bad.read_bytes().removesuffix(b"{}\n"))
    assert Replay(store).tail() == 4
    assert path != bad


def test_a_clock_that_leaps_takes_nobody_else_with_it(store: Path) -> None:
    bomb = write(store, 1)
    rewrite(bomb, {1: {"lamport": 2**53 - 1}})
    replay = Replay(store)
    replay.tail()
    journal = Journal(store, this_account(), "alice")
    journal.observe(replay.lamport)
    journal.append("note", run=RUN, ref="r", body={"note": "x"})
    journal.close()
    again = Replay(store)
    assert again.tail() == 1
    assert list(again.aside) == [name_of(bomb)]
    assert again.lamport == 1


def test_a_journal_that_is_too_long_is_set_aside_unread(store: Path) -> None:
    good, huge = write(store, 1), write(store, 1)
    os.truncate(huge, JOURNAL_LIMIT + 1)
    replay = Replay(store)
    assert replay.tail() == 1
    assert "at most" in replay.aside[name_of(huge)]
    assert good != huge


def test_an_id_used_twice_in_a_stream_is_told(store: Path) -> None:
    path = write(store, 2)
    first = json.loads(path.read_bytes().splitlines()[0])
    rewrite(path, {2: {"event_id": first["event_id"]}})
    assert "used twice" in set_aside(store)[name_of(path)]


BODIES: dict[str, dict[str, Any]] = {
    "verdict": {"base": "right", "candidate": "wrong"},
    "known_answer": {"given": "true", "seconds": 1.5},
    "cause": {"cause": ""},
    "note": {"note": "x"},
    "tokens": {"tokens": [["base", 0, 4]]},
    "whatif": {
        "text": "x",
        "outputs": {"base": {"label": "a"}, "candidate": {}},
        "models": {"base": "1", "candidate": "2"},
    },
    "settle": {"base": "unsure", "candidate": "unsure"},
    "finding": {"text": "x", "gate": None, "refs": [], "severity": "major"},
    "waiver": {"key": "k", "value": None, "threshold": "0", "reason": "r", "expires": "2030-01-31"},
    "decision": {"decision": "hold", "reason": "r", "gates_allow": False},
    "undo": {},
    "redo": {},
    "merge": {
        "stream_id": "a@b/c",
        "events": 1,
        "head": "0" * 64,
        "journal_sha256": "0" * 64,
        "signed_by": None,
    },
    "accept_loss": {"reason": "r", "lost": []},
}
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("verdict", {"base": "PWNED"}),
    ("verdict", {"blind": "yes"}),
    ("verdict", {"seconds": -1}),
    ("verdict", {"labels": [["x", "yes"]]}),
    ("verdict", {"labels": "x"}),
    ("verdict", {"critical_slices": [1]}),
    ("verdict", {"evidence_sha256": "x"}),
    ("verdict", {"more": 1}),
    ("known_answer", {"given": "maybe"}),
    ("cause", {"cause": None}),
    ("note", {"note": ["x"]}),
    ("tokens", {"tokens": [["base", "x", 4]]}),
    ("tokens", {"tokens": [["base", 4, 4]]}),
    ("tokens", {"span": {"side": "base"}}),
    ("whatif", {"outputs": {"base": {}}}),
    ("whatif", {"outputs": {"base": 1, "candidate": 2}}),
    ("settle", {"candidate": True}),
    ("finding", {"severity": None}),
    ("finding", {"severity": "fatal"}),
    ("finding", {"refs": "intent/message:1"}),
    ("finding", {"text": " "}),
    ("finding", {"evidence": {"kind": "x"}}),
    ("waiver", {"value": "x"}),
    ("waiver", {"value": True}),
    ("waiver", {"expires": "tomorrow"}),
    ("waiver", {"expires": "2030-1-31"}),
    ("decision", {"decision": "ship it"}),
    ("decision", {"gates_allow": 1}),
    ("undo", {"x": 1}),
    ("merge", {"events": -1}),
    ("merge", {"head": "0" * 63}),
    ("accept_loss", {"reason": ""}),
    ("accept_loss", {"lost": [{"stream_id": "a@b/c"}]}),
]


def test_every_kind_of_event_has_a_body_of_its_type_and_nothing_else() -> None:
    assert BODIES.keys() == KINDS.keys()
    about = {
        kind: ("r" if known.ref else None, "e" if known.target else None) for kind, known in KINDS.items()
    }
    for kind, body in BODIES.items():
        ref, target = about[kind]
        assert kind_problem(kind, ref, target, body) == "", kind
        assert kind_problem(kind, ref, target, {**body, "more": 1}), kind
        for name in KINDS[kind].required:
            lacking = {key: value for key, value in body.items() if key != name}
            assert "has no" in kind_problem(kind, ref, target, lacking), (kind, name)
            for odd in ([], {}, 1.5, "\0", True, None, [None]):
                # Whatever the type, it is told or it is one that the kind has: nothing breaks the check.
                kind_problem(kind, ref, target, {**body, name: odd})
    for kind, change in WRONG:
        assert kind_problem(kind, *about[kind], {**BODIES[kind], **change}), (kind, change)


def test_what_no_reader_would_take_is_refused_before_it_is_written(store: Path) -> None:
    journal = Journal(store, this_account(), "alice")
    for kind, change in WRONG:
        known = KINDS[kind]
        with pytest.raises(AssayError):
            journal.append(
                kind,
                run=RUN,
                ref="r" if known.ref else None,
                target="e" if known.target else None,
                body={**BODIES[kind], **change},
            )
    journal.observe(2**53 - 1)
    with pytest.raises(AssayError, match="lamport"):
        journal.append("note", run=RUN, ref="r", body={"note": "x"})
    assert journal.path is None
    assert list((store / "events").iterdir()) == []


def test_the_clock_of_an_event_is_later_than_all_that_was_seen(store: Path) -> None:
    journal = Journal(store, this_account(), "alice")
    journal.observe(41)
    assert journal.append("note", run=RUN, ref="r", body={"note": "x"}).lamport == 42
    journal.observe(7)
    assert journal.append("note", run=RUN, ref="r", body={"note": "x"}).lamport == 43
    journal.close()


def test_hostile_names_never_become_paths(store: Path) -> None:
    account = Account(os.geteuid(), "../../../../tmp/x\0/..", "h/../..")
    path = write(store, 1, account)
    assert path.parent.parent == store / "events"
    assert read_stream(path).events[0].actor == account.actor
    assert "its file belongs to" in set_aside(store)[name_of(path)]


def test_a_body_that_is_too_long_is_refused_in_words(store: Path) -> None:
    journal = Journal(store, this_account(), "alice")
    with pytest.raises(AssayError, match="too long to record: 100,011 bytes, at most 65,536"):
        journal.append("note", run=RUN, ref="r", body={"note": "x" * 100_000})
    assert journal.path is None


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": 2**60}, {"x": "\ud800"}])
def test_what_has_no_canonical_form_is_refused_before_anything_is_written(
    store: Path, body: dict[str, Any]
) -> None:
    journal = Journal(store, this_account(), "alice")
    with pytest.raises(AssayError, match="cannot be recorded"):
        journal.append("note", run=RUN, ref="r", body=body)
    assert journal.path is None
    assert list((store / "events").iterdir()) == []


def test_journals_of_other_machines_are_merged_once_and_marked(store: Path, tmp_path: Path) -> None:
    write(store, 2)
    away = create_store(tmp_path / "away.review")
    theirs = write(away, 3, Account(4242, "bob", "elsewhere"))
    assert merge(store, [theirs]).new == 3
    assert merge(store, [away / "events"]).new == 0
    replay = Replay(store)
    assert replay.tail() == 6
    found = replay.connection.execute(
        "SELECT merged, count(*) FROM event GROUP BY merged ORDER BY merged"
    ).fetchall()
    assert found == [(False, 3), (True, 3)]
    longer = Journal(away, Account(4242, "bob", "elsewhere"), "bob")
    longer.append("note", run=RUN, ref="r", body={"note": "later"})
    longer.close()
    assert merge(store, [away]).new == 1
    assert replay.tail() == 2
    told = (
        "SELECT body ->> '$.stream_id', body ->> '$.events' FROM event WHERE kind = 'merge' ORDER BY lamport"
    )
    theirs_id = f"bob@elsewhere/{theirs.stem}"
    assert replay.connection.execute(told).fetchall() == [(theirs_id, "3"), (longer.stream_id, "1")]


def test_a_merged_journal_may_grow_but_tell_no_other_story(store: Path, tmp_path: Path) -> None:
    away = create_store(tmp_path / "away.review")
    theirs = write(away, 3, Account(4242, "bob", "elsewhere"))
    whole = theirs.read_bytes()
    theirs.write_bytes(b"".join(whole.splitlines(keepends=True)[:2]))
    assert merge(store, [theirs]).new == 2
    theirs.write_bytes(whole)
    assert merge(store, [theirs]).new == 1
    rewrite(theirs, {2: {"reviewer": "mallory"}})
    with pytest.raises(AssayError, match="differs from the store's own copy"):
        merge(store, [theirs])
    theirs.write_bytes(whole.replace(b"unsure", b"unsurE", 1))
    with pytest.raises(AssayError):
        merge(store, [theirs])


def test_a_merge_that_ended_before_its_event_is_recorded_by_the_next(store: Path, tmp_path: Path) -> None:
    theirs = write(create_store(tmp_path / "away.review"), 2, Account(4242, "bob", "elsewhere"))
    there = store / "events" / "merged" / theirs.parent.name / theirs.name
    there.parent.mkdir(parents=True)
    there.write_bytes(theirs.read_bytes())
    merged = merge(store, [theirs])
    assert merged.new == 0
    assert [one.events for one in merged.streams] == [2]
    assert merge(store, [theirs]).streams == ()


def test_merge_refuses_what_is_no_journal_and_names_that_would_be_paths(store: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"")
    with pytest.raises(AssayError, match="holds no event"):
        merge(store, [empty])
    (tmp_path / "nothing").mkdir()
    with pytest.raises(AssayError, match="no journal in this folder"):
        merge(store, [tmp_path / "nothing"])
    away = create_store(tmp_path / "away.review")
    theirs = write(away, 1, Account(4242, "bob", "elsewhere"))
    rewrite(theirs, {1: {"stream_id": "../../x@y/z"}})
    with pytest.raises(AssayError, match="no name of a stream"):
        merge(store, [theirs])


def test_the_ledger_holds_every_event_and_can_be_made_anew(store: Path) -> None:
    import duckdb

    from analysis.store.ledger import update_ledger

    write(store, 5)
    replay = Replay(store)
    replay.tail()
    assert update_ledger(replay)
    write(store, 2)
    replay.tail()
    assert update_ledger(replay)
    assert update_ledger(replay)

    def content() -> list[tuple[Any, ...]]:
        with duckdb.connect(str(store / "ledger.duckdb"), read_only=True) as ledger:
            return ledger.execute("SELECT * FROM event ORDER BY lamport, stream_id, seq").fetchall()

    def heads() -> list[tuple[Any, ...]]:
        with duckdb.connect(str(store / "ledger.duckdb"), read_only=True) as ledger:
            return ledger.execute("SELECT * FROM head ORDER BY stream_id").fetchall()

    whole, ends = content(), heads()
    assert len(whole) == 7
    assert ends == replay.connection.execute("SELECT * FROM head ORDER BY stream_id").fetchall()
    (store / "ledger.duckdb").unlink()
    assert rebuild(store) == ()
    assert (content(), heads()) == (whole, ends)
    rebuild(store)
    assert content() == whole


@pytest.mark.parametrize("damage", [b"", b"x", b"not a database at all" * 1000])
def test_a_damaged_ledger_is_made_anew_from_the_journals(store: Path, damage: bytes) -> None:
    import duckdb

    from analysis.store.ledger import update_ledger

    write(store, 5)
    (store / "ledger.duckdb").write_bytes(damage)
    replay = Replay(store)
    replay.tail()
    assert update_ledger(replay)
    with duckdb.connect(str(store / "ledger.duckdb"), read_only=True) as ledger:
        assert ledger.execute("SELECT count(*) FROM event").fetchone() == (5,)
    # What stood there is not thrown away: it may be somebody's.
    aside = store / "ledger.duckdb.damaged"
    assert (aside.read_bytes() if aside.exists() else b"") == damage
    rebuild(store)
    assert update_ledger(replay)


def test_a_ledger_that_contradicts_the_journals_is_told(store: Path) -> None:
    from analysis.store.ledger import update_ledger

    path = write(store, 3)
    replay = Replay(store)
    replay.tail()
    update_ledger(replay)
    rewrite(path, {2: {"reviewer": "mallory"}})
    forged = Replay(store)
    forged.tail()
    with pytest.raises(AssayError, match="tells of stream"):
        update_ledger(forged)
