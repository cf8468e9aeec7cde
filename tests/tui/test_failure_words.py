"""What is said where something cannot be written: what was saved, and what was not."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import ref_of
from tests.tui.conftest import OpenConsole
from tests.tui.reading import shown, until
from tui.screens.base import BaseScreen

LIMITED = pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_FSIZE)[1] != resource.RLIM_INFINITY,
    reason="file sizes are limited here",
)


def no_drafts(store: Path) -> None:
    """Let nothing be kept in the folder of drafts and places, whoever runs this."""
    folder = store / "drafts"
    if folder.exists():
        folder.rename(store / "drafts of before")
    folder.write_bytes(b"")


def annotate(store: Path, ref: str, most: int) -> subprocess.CompletedProcess[str]:
    """Record a verdict by the command, where no file may grow beyond so many bytes."""
    return subprocess.run(
        [sys.executable, "-m", "tui.cli", "annotate", str(store), ref, "--right", "both"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_STATE_HOME": "/nonexistent"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )


async def test_a_verdict_is_saved_where_place_and_draft_are_not(
    console: OpenConsole, session: ReviewSession, store: Path
) -> None:
    async with console(size=(160, 24)) as pilot:
        await pilot.press("2")
        await pilot.pause()
        no_drafts(store)
        await pilot.press("a")
        await pilot.pause()
        said = shown(pilot.app)
        assert "saved  " in said
        assert "your place is not kept: cannot make this directory" in said
        assert session.progress()[0] == 1
        # The page is open, as after any other verdict.
        assert "hidden until you have answered" not in said
        await pilot.press("i", "x")
        await until(pilot, "what you type is not kept as a draft: cannot make this directory")
        await pilot.press("enter")
        assert "its draft stays" in await until(pilot, "saved  note")
        # Told once, and not beside what has nothing to do with it.
        await pilot.press("u")
        assert "kept" not in await until(pilot, "undone")


async def test_what_fails_after_a_verdict_is_no_failure_of_the_verdict(
    console: OpenConsole, session: ReviewSession
) -> None:
    async with console(size=(160, 24)) as pilot:
        await pilot.press("2")
        await until(pilot, "hidden until you have answered")
        screen = pilot.app.screen
        assert isinstance(screen, BaseScreen)
        failure = duckdb.IOException("could not read from file")
        # As where a disk fails between the write to the journal and the next look at the evidence.
        session.verdict(ref_of(0), "both")
        screen.complain(failure)
        said = "the evidence cannot be read: could not read from file"
        await until(pilot, f"saved; what failed is what came after it: {said}")
        # Said once: what fails later is no story of that verdict.
        screen.complain(failure)
        await until(pilot, f" {said}")
        assert "what came after" not in shown(pilot.app)


def test_the_plain_review_says_both(store: Path) -> None:
    no_drafts(store)
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", "review", str(store), "--plain"],
        input="a\nJ\nq\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "saved: " in done.stdout
    assert "beside the record: your place is not kept: cannot make this directory" in done.stdout
    assert "not done" not in done.stdout


@LIMITED
def test_the_command_says_what_was_saved_and_what_was_not(store: Path) -> None:
    # Room for an event, and none for a ledger.
    done = annotate(store, ref_of(0), 4_000)
    assert done.returncode == 0, done.stderr
    assert "saved: " in done.stdout
    assert "what was recorded is saved; beside it, the ledger is not up to date" in done.stderr
    assert not list(store.glob("*ledger*.duckdb*"))
    # Room for nothing: one message, and not a word of what was not tried.
    done = annotate(store, ref_of(1), 0)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "cannot save this" in done.stderr
    assert "ledger" not in done.stderr
    assert "is lost" not in done.stderr
    # Half of a ledger, as an earlier program left it: the next session makes it anew.
    (store / "ledger.duckdb").write_bytes(b"\0" * 4_096)
    done = annotate(store, ref_of(2), resource.RLIM_INFINITY)
    assert (done.returncode, done.stderr) == (0, "")
    with duckdb.connect(str(store / "ledger.duckdb"), read_only=True) as ledger:
        assert ledger.execute("SELECT ref FROM event ORDER BY lamport").fetchall() == [
            (ref_of(0),),
            (ref_of(2),),
        ]


def test_a_damaged_place_does_not_keep_the_console_shut(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        ref = session.neighbour(None, Scope(), 1)
        assert ref is not None
        session.bookmark(ref, Scope())
        assert session.unkept() == ""
    (place,) = store.glob("drafts/*/*/place.json")
    place.write_bytes(b"{")
    with ReviewSession.open(store, "alice") as session:
        assert session.last_place() is None
        assert session.unkept().startswith("your last place cannot be read: this draft is damaged")
        session.bookmark(ref, Scope())
        assert session.last_place() is not None
