"""Faults: kill -9, many writers at once, a full disk, a read-only store. What was acknowledged is there."""

from __future__ import annotations

import errno
import grp
import itertools
import os
import pwd
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysis.base.errors import AssayError
from analysis.base.sql import sql_text
from analysis.review.session import ReviewSession
from analysis.store.files import locked
from analysis.store.journal import Journal
from analysis.store.ledger import LOCK, update_ledger
from analysis.store.losses import missing
from analysis.store.rebuild import rebuild
from analysis.store.replay import Replay
from analysis.store.run import SCHEMA, create_store, current_run, publish
from analysis.store.streams import read_stream, this_account
from tests.analysis.store_fixture import NEEDED, publish_review, ref_of

WRITER = """
import sys
from pathlib import Path
from analysis.store.journal import Journal
from analysis.store.streams import this_account
journal = Journal(Path(sys.argv[1]), this_account(), sys.argv[2])
unsure = {"base": "unsure", "candidate": "unsure", "blind": True, "seconds": 2.5}
for number in range(int(sys.argv[3])):
    event = journal.append("verdict", run="0123456789ab", ref=f"intent/message:{number}", body=unsure)
    sys.stdout.write(event.event_id + chr(10))
    sys.stdout.flush()
"""


def start_writer(store: Path, name: str, events: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(store), name, str(events)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def acknowledged(writer: subprocess.Popen[str]) -> list[str]:
    """Ids that a writer said it had saved; an id without newline was not said."""
    out, _ = writer.communicate(timeout=300)
    return [line[:-1] for line in out.splitlines(keepends=True) if line.endswith("\n")]


def kill_loops(store: Path, loops: int) -> None:
    dice = random.Random(7)
    saved: list[str] = []
    other = Journal(store, this_account(), "bob")
    for _ in range(loops):
        writer = start_writer(store, "alice", 100_000)
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(dice.uniform(0, 0.03))
        writer.send_signal(signal.SIGKILL)
        saved += [first.strip(), *acknowledged(writer)]
        # Whoever writes beside it goes on.
        saved.append(other.append("note", run="0123456789ab", ref="r", body={"note": "here"}).event_id)
    other.close()
    replay = Replay(store)
    replay.tail()
    assert replay.aside == {}
    present = {row[0] for row in replay.connection.execute("SELECT event_id FROM event").fetchall()}
    assert len(saved) >= loops
    assert set(saved) <= present
    rebuild(store)
    with duckdb.connect(str(store / "ledger.duckdb"), read_only=True) as ledger:
        assert {row[0] for row in ledger.execute("SELECT event_id FROM event").fetchall()} == present


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    kill_loops(create_store(tmp_path / "r.review"), 4)


@pytest.mark.soak
def test_kill_9_two_hundred_times(tmp_path: Path) -> None:
    kill_loops(create_store(tmp_path / "r.review"), 200)


def write_together(store: Path, writers: int, events: int) -> None:
    processes = [start_writer(store, f"reviewer {number}", events) for number in range(writers)]
    replay = Replay(store)
    seen = 0
    while any(process.poll() is None for process in processes):
        seen += replay.tail()
        time.sleep(0.02)
    saved = [event_id for process in processes for event_id in acknowledged(process)]
    seen += replay.tail()
    assert all(process.returncode == 0 for process in processes)
    assert len(set(saved)) == len(saved) == seen == writers * events
    counts = replay.connection.execute("SELECT events FROM head").fetchall()
    assert counts == [(events,)] * writers
    again = Replay(store)
    assert again.tail() == writers * events
    order = "SELECT event_id FROM event ORDER BY lamport, stream_id, seq"
    assert again.connection.execute(order).fetchall() == replay.connection.execute(order).fetchall()


def test_eight_writers_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    write_together(create_store(tmp_path / "r.review"), 8, 25)


@pytest.mark.soak
def test_eight_writers_two_hundred_events_each(tmp_path: Path) -> None:
    write_together(create_store(tmp_path / "r.review"), 8, 200)


def test_sessions_that_close_together_fill_one_ledger(tmp_path: Path) -> None:
    store = publish_review(tmp_path / "r.review")
    code = (
        "import sys; from analysis.review.session import ReviewSession\n"
        "with ReviewSession.open(sys.argv[1], sys.argv[2]) as s:\n"
        "    for ref in sys.argv[3:]: s.verdict(ref, 'both')\n"
    )
    refs = [ref_of(number) for number in range(5)]
    running = [subprocess.Popen([sys.executable, "-c", code, str(store), name, *refs]) for name in "abc"]
    assert [process.wait(timeout=300) for process in running] == [0, 0, 0]
    replay = Replay(store)
    replay.tail()
    assert update_ledger(replay, wait=True)
    with duckdb.connect(str(store / "ledger.duckdb"), read_only=True) as ledger:
        assert ledger.execute("SELECT count(*), count(DISTINCT event_id) FROM event").fetchone() == (15, 15)


ASSAY = [sys.executable, "-c", "from tui.cli import entry; entry()"]


def kill_annotate(store: Path, loops: int) -> None:
    """Kill `assay annotate` at random moments; what it said it had saved is in journals and ledger."""
    dice = random.Random(11)
    times, saved = [], {}
    for number in range(loops):
        ref, note = ref_of(number % 30), f"note {number}"
        command = [*ASSAY, "annotate", str(store), ref, "--right", "both", "--note", note]
        begun = time.monotonic()
        running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        if number:
            try:
                running.wait(timeout=dice.uniform(0.3, 1.1) * max(times))
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
        out, _ = running.communicate(timeout=300)
        times.append(time.monotonic() - begun)
        if out.startswith("saved: ") and out.endswith("\n"):
            saved[note] = ref
    replay = Replay(store)
    replay.tail()
    assert replay.aside == {}
    notes = "SELECT body ->> '$.note', ref FROM event WHERE kind = 'verdict'"
    present = dict(replay.connection.execute(notes).fetchall())
    assert saved
    assert saved.items() <= present.items()
    assert missing(replay) == []
    rebuild(store)
    with duckdb.connect(str(store / "ledger.duckdb"), read_only=True) as ledger:
        assert dict(ledger.execute(notes).fetchall()) == present


@pytest.mark.soak
def test_kill_9_of_annotate_two_hundred_times(tmp_path: Path) -> None:
    kill_annotate(publish_review(tmp_path / "r.review"), 200)


REVIEWER = """
import os, shutil, sys, tempfile, time
# DuckDB draws bars among what is printed where it takes a program for somebody's prompt.
sys.modules["__main__"].__file__ = "reviewer"
from pathlib import Path
from analysis.review.session import ReviewSession
from analysis.store.run import create_store

def review(store, events, uid, wait):
    with ReviewSession.open(store, f"reviewer {uid}") as session:
        asked = "SELECT ref FROM evidence.example ORDER BY ref"
        refs = [row[0] for row in session.connection.execute(asked).fetchall()]
        for number in range(events):
            ref = refs[number % len(refs)]
            begun = time.monotonic()
            event = session.note(ref, f"note {number}")
            print(event.event_id, time.monotonic() - begun, flush=True)
        if wait:
            sys.stdin.readline()
        # Everybody has written. A console looks like this every two seconds.
        begun = time.monotonic()
        session.poll()
        (seen,) = session.connection.execute("SELECT count(*) FROM event WHERE kind = 'note'").fetchone()
        print(seen, time.monotonic() - begun, flush=True)

store, events, uid, gid = Path(sys.argv[1]), *map(int, sys.argv[2:])
if uid:
    # What a library loads when it is first used, other accounts may not be able to read.
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        own = Path(folder) / "r"
        shutil.copytree(store, own, ignore=shutil.ignore_patterns("events", "heads", "ledger.duckdb"))
        create_store(own)
        out, sys.stdout = sys.stdout, nowhere
        review(own, 1, 0, False)
        sys.stdout = out
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)
review(store, events, uid, True)
"""


def review_together(
    store: Path, sessions: int, events: int, accounts: list[int], gid: int
) -> tuple[list[float], float]:
    """Sessions of several accounts at once, after a look at whether all is there and everybody sees it.

    Returns:
        The seconds of each `saved`, and of the longest look that showed a session all that was said.
    """
    running = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                REVIEWER,
                str(store),
                str(events),
                str(accounts[number % len(accounts)]),
                str(gid),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(sessions)
    ]
    said = [one.stdout.readline().split() for one in running for _ in range(events) if one.stdout]
    looks = [one.communicate("all have written\n", timeout=3000)[0].split() for one in running]
    assert [one.returncode for one in running] == [0] * sessions
    replay = Replay(store)
    replay.tail()
    assert replay.aside == {}
    assert missing(replay) == []
    ids = [event_id for event_id, _ in said]
    present = [row[0] for row in replay.connection.execute("SELECT event_id FROM event").fetchall()]
    assert len(set(ids)) == len(ids) == sessions * events
    assert set(ids) <= set(present)
    assert len(set(present)) == len(present)
    notes = replay.connection.execute("SELECT count(*) FROM event WHERE kind = 'note'").fetchone()
    assert [int(seen) for seen, _ in looks] == [notes[0] if notes else 0] * sessions
    return sorted(float(seconds) for _, seconds in said), max(float(seconds) for _, seconds in looks)


@pytest.mark.soak
def test_eight_sessions_of_four_accounts_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    accounts, group = [0], grp.getgrgid(os.getegid())
    if os.geteuid() == 0:
        used = {one.pw_uid for one in pwd.getpwall()}
        accounts = [uid for uid in range(61001, 61100) if uid not in used][:4]
        group = next(one for one in grp.getgrall() if one.gr_gid not in (0, 65534))
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    try:
        store = publish_review(folder / "r.review")
        create_store(store, group.gr_name)
        alone, _ = review_together(store, 1, 200, accounts, group.gr_gid)
        eight, look = review_together(store, 8, 200, accounts, group.gr_gid)
    finally:
        shutil.rmtree(folder)
    of_one, of_eight = ([times[int(len(times) * share)] for share in (0.5, 0.99)] for times in (alone, eight))
    with capsys.disabled():
        for name, (p50, p99), times in (("one session", of_one, alone), ("eight sessions", of_eight, eight)):
            told = f"{name}: saved p50 {1000 * p50:.1f} ms, p99 {1000 * p99:.1f} ms of {len(times)}"
            sys.stdout.write(told + "\n")
        ratios = [many / one for many, one in zip(of_eight, of_one, strict=True)]
        sys.stdout.write(f"eight to one: p50 {ratios[0]:.1f} times, p99 {ratios[1]:.1f} times\n")
        sys.stdout.write(f"a look at all that was said: {look:.1f} s at most, every two seconds\n")


def test_an_error_of_the_system_at_any_step_is_refused_and_takes_nothing_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = create_store(tmp_path / "r.review")
    errors = itertools.cycle((errno.EIO, errno.ENOSPC, errno.EROFS))
    saved: list[str] = []
    for step in ("open", "fchmod", "write", "fdatasync", "fsync"):
        real = getattr(os, step)
        for nth in (1, 2, 3):
            calls, error = itertools.count(1), next(errors)
            refused: list[str] = []

            def fails(*given: Any, **more: Any) -> Any:
                if next(calls) == nth:  # noqa: B023 - called in this turn alone
                    raise OSError(error, os.strerror(error))  # noqa: B023
                return real(*given, **more)  # noqa: B023

            journal = Journal(store, this_account(), "alice")
            with monkeypatch.context() as patch:
                patch.setattr(os, step, fails)
                for text in "abcd":
                    try:
                        said = journal.append("note", run="0123456789ab", ref="r", body={"note": text})
                        saved.append(said.event_id)
                    except AssayError as told:
                        refused.append(told.message)
            journal.close()
            reached = next(calls) > nth
            assert len(refused) == reached, (step, nth)
            assert reached or nth > 1, f"nothing is asked of {step}"
            assert all(os.strerror(error).lower() in message for message in refused)
    replay = Replay(store)
    replay.tail()
    assert replay.aside == {}
    present = replay.connection.execute("SELECT event_id FROM event").fetchall()
    assert sorted(row[0] for row in present) == sorted(saved)


def test_one_at_a_time_fills_the_ledger(tmp_path: Path) -> None:
    store = create_store(tmp_path / "r.review")
    journal = Journal(store, this_account(), "alice")
    journal.append("note", run="0123456789ab", ref="r", body={"note": "x"})
    journal.close()
    replay = Replay(store)
    replay.tail()
    with locked(store / LOCK):
        assert not update_ledger(replay)
        assert not (store / "ledger.duckdb").exists()
    assert update_ledger(replay)


LIMITED = """
import resource, signal, sys
from pathlib import Path
from analysis.base.errors import AssayError
from analysis.store.journal import Journal
from analysis.store.streams import this_account
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path(sys.argv[1]), this_account(), "alice")
def note(text):
    return journal.append("note", run="0123456789ab", ref="r", body={"note": text}).event_id
saved = [note("first")]
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
refused = 0
for number in range(12):
    try:
        saved.append(note("x" * 300))
    except AssayError as error:
        refused += 1
        assert "cannot save this" in str(error), error
assert refused and len(saved) > 2, (refused, len(saved))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
saved.append(note("last"))
print(*saved)
"""


@pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_FSIZE)[1] != resource.RLIM_INFINITY,
    reason="file sizes are limited here",
)
def test_a_write_that_stops_half_way_is_refused_and_taken_back(tmp_path: Path) -> None:
    store = create_store(tmp_path / "r.review")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(store)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    replay = Replay(store)
    assert replay.tail() == len(done.stdout.split())
    assert replay.torn == {}
    present = replay.connection.execute("SELECT event_id FROM event ORDER BY lamport").fetchall()
    assert [row[0] for row in present] == done.stdout.split()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes: an empty run takes one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if (
        mount is None
        or os.geteuid() != 0
        or subprocess.run(command, check=False, capture_output=True).returncode
    ):
        pytest.skip("a small file system cannot be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(path: Path) -> None:
    """Write a file until the disk is full."""
    with path.open("wb", buffering=0) as handle:
        try:
            while handle.write(b"x" * 4096):
                continue
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def test_a_full_disk_is_refused_and_works_again_once_there_is_space(small_disk: Path) -> None:
    store = create_store(small_disk / "r.review")
    journal = Journal(store, this_account(), "alice")
    saved = [journal.append("note", run="0123456789ab", ref="r", body={"note": "first"}).event_id]
    filler = small_disk / "filler"
    fill(filler)

    def fill_the_last_block() -> None:
        for _ in range(20):
            note = {"note": "x" * 1000}
            saved.append(journal.append("note", run="0123456789ab", ref="r", body=note).event_id)

    with pytest.raises(AssayError, match="no space left") as told:
        fill_the_last_block()
    assert "nothing that was acknowledged is lost" in (told.value.hint or "")
    path = journal.path
    assert path is not None
    assert [event.event_id for event in read_stream(path).events] == saved
    assert read_stream(path).torn_tail is None
    filler.unlink()
    saved.append(journal.append("note", run="0123456789ab", ref="r", body={"note": "again"}).event_id)
    journal.close()
    replay = Replay(store)
    assert replay.tail() == len(saved)


def test_a_run_that_does_not_fit_on_the_disk_leaves_the_old_one_in_force(small_disk: Path) -> None:
    store = create_store(small_disk / "r.review")
    schema = sql_text(SCHEMA, "evidence.sql")
    workbench = duckdb.connect(":memory:")
    workbench.execute(schema)
    first = publish(store, workbench, {"determined_by": {"number": 1}}, schemas=[schema])
    workbench.execute(
        "INSERT INTO example SELECT 'r' || i, 'intent', 'message', i, NULL, md5(i::VARCHAR), NULL, sha256(i::VARCHAR) "
        "FROM range(50000) numbers(i)"
    )
    with pytest.raises(AssayError):
        publish(store, workbench, {"determined_by": {"number": 2}}, schemas=[schema])
    assert {path.name for path in (store / "runs").iterdir()} == {".lock", first}
    assert current_run(store) == first


def test_a_session_on_a_full_disk_keeps_reading(tmp_path: Path, small_disk: Path) -> None:
    store = publish_review(tmp_path / "r.review")
    shutil.rmtree(store / "events")
    (small_disk / "events").mkdir()
    fill(small_disk / "filler")
    (store / "events").mkdir()
    subprocess.run(["mount", "--bind", str(small_disk / "events"), str(store / "events")], check=True)
    try:
        with ReviewSession.open(store, "alice") as session:
            with pytest.raises(AssayError, match="no space left"):
                session.verdict(ref_of(0), "both")
            assert session.progress() == (0, NEEDED)
            (small_disk / "filler").unlink()
            session.verdict(ref_of(0), "both")
            assert session.progress() == (1, NEEDED)
    finally:
        subprocess.run(["umount", str(store / "events")], check=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_store_that_may_not_be_written_can_be_read(tmp_path: Path) -> None:
    store = publish_review(tmp_path / "r.review")
    (store / "events").chmod(0o500)
    with ReviewSession.open(store, "alice") as session:
        assert session.progress() == (0, NEEDED)
        with pytest.raises(AssayError, match="permission denied"):
            session.verdict(ref_of(0), "both")


def test_a_ledger_in_use_does_not_stop_a_session(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = publish_review(tmp_path / "r.review")
    (store / "ledger.duckdb").mkdir()
    with ReviewSession.open(store, "alice") as session:
        session.verdict(ref_of(0), "both")
    assert "what was recorded is saved; beside it, the ledger is not up to date" in caplog.text
    (store / "ledger.duckdb").rmdir()
    with ReviewSession.open(store, "alice") as session:
        assert session.progress() == (1, NEEDED)
    rebuild(store)
