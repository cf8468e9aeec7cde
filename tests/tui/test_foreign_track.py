"""A track of another package in the console: every screen and key, its own view, and none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from analysis.base.records import SIDES
from analysis.review.session import ReviewSession
from tests.toy_review import DIST_INFO, PACKAGE, PROJECT, copy_of_package, entry_points, installed, toy_store
from tests.tui.reading import at, look, shown, until
from tui.console.app import AssayApp
from tui.draw.theme import Colours
from tui.plugin.options import ViewOptions
from tui.plugin.registry import view_of
from tui.plugin.view import View
from tui.screens.base import BaseScreen

LATE = "toy.late[asks for haste]"
WITHOUT_VIEW = entry_points(("assay.tracks", "toy = assay_toy.track:TRACK"))
BROKEN_VIEW = entry_points(
    ("assay.tracks", "toy = assay_toy.track:TRACK"), ("assay.views", "toy = assay_toy.view:NOTHING")
)
ENDS = ("app.quit", "report.sign", "report.verify")
"""Actions that end the console, or need a report and a key."""


@pytest.fixture(scope="module")
def analysed() -> Path:
    """A store of the toy track, made once; tests work on copies."""
    return toy_store()


@pytest.fixture
def store(analysed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(analysed, tmp_path / analysed.name)


@contextmanager
def without_view(folder: Path, points: str = WITHOUT_VIEW) -> Iterator[Path]:
    """The package installed with other entry points."""
    copy = copy_of_package(folder)
    (copy / DIST_INFO / "entry_points.txt").write_text(points, "utf-8")
    with installed(copy):
        yield copy


@asynccontextmanager
async def console(store: Path, size: tuple[int, int] = (100, 40)) -> AsyncIterator[Pilot[int]]:
    with ReviewSession.open(store, "alice") as session:
        async with AssayApp(session, Colours()).run_test(size=size) as pilot:
            await pilot.pause()
            yield pilot


def screen(pilot: Pilot[int]) -> BaseScreen:
    found = pilot.app.screen
    assert isinstance(found, BaseScreen)
    return found


async def every_action(pilot: Pilot[int], name: str, done: set[str]) -> list[str]:
    """Do each action that is valid on a screen, from that screen, and not done yet; returns what failed."""
    app = pilot.app
    assert isinstance(app, AssayApp)
    failed = []
    for entry in app.actions.valid_on(name):
        if entry.id in ENDS or entry.id in done:
            continue
        done.add(entry.id)
        app.open(
            name, screen(pilot).evidence.example.ref if name == "whatif" and screen(pilot).evidence else None
        )
        await pilot.pause()
        screen(pilot).action_do(entry.id)
        await pilot.pause()
        while not isinstance(app.screen, BaseScreen):
            await app.pop_screen()
            await pilot.pause()
        screen(pilot).close_entry()
        if app.failure is not None:
            failed.append(f"{entry.id}: {app.failure!r}")
            app.failure = None
    return failed


@pytest.mark.parametrize("own_view", [True, pytest.param(False, marks=pytest.mark.soak)])
async def test_every_screen_and_every_action_of_the_table_works(
    store: Path, tmp_path: Path, own_view: bool
) -> None:
    with installed(PACKAGE) if own_view else without_view(tmp_path / "plain"):
        async with console(store) as pilot:
            app = pilot.app
            assert isinstance(app, AssayApp)
            app.show_example("toy/ticket:t01")
            await until(pilot, "urgent please answer 1")
            names = ["overview", "review", "gates", "signoff", "whatif"]
            names += [one.name for view in app.views.values() for one in view.screens()]
            assert ("toy-words" in names) is own_view
            done: set[str] = set()
            # Each action once: `test_toy_console` presses each key on each screen.
            for name in names:
                assert await every_action(pilot, name, done) == [], name
            assert done == {entry.id for entry in app.actions} - {*ENDS}


async def test_its_examples_are_on_the_first_free_key_under_its_own_name(store: Path) -> None:
    with installed(PACKAGE):
        async with console(store) as pilot:
            await until(pilot, "2 Tickets")
            await pilot.press("2")
            assert "How long may this customer wait?" in await at(pilot, "t01")
            await look(pilot)
            await until(pilot, "22 hours, urgent moves them most")
            await pilot.press("z")
            await until(pilot, "urgent")
            await pilot.press("Z")
            await until(pilot, "moves 3 texts")
            await pilot.press("escape")
            await until(pilot, "22 hours")


async def test_without_a_view_all_that_was_stored_is_shown(store: Path, tmp_path: Path) -> None:
    with without_view(tmp_path / "plain"):
        assert type(view_of("toy")) is View
        async with console(store) as pilot:
            await until(pilot, "2 Hours until a reply")
            await pilot.press("2")
            assert "word urgent" not in await at(pilot, "t01")
            await look(pilot)
            text = await until(pilot, "candidate: hours 22")
            assert "word urgent" in text
            await pilot.press("space")
            text = await until(pilot, "numbers")
            assert "word urgent · start 0 · end 6" in text
            assert "hours of each word of hours" in text
        with ReviewSession.open(store, read_only=True) as session:
            evidence = session.example("toy/ticket:t01")
            assert "side, candidate: hours 22 · word urgent" in view_of("toy").summary(evidence)
            for width in (59, 79, 200):
                options = ViewOptions(width, 20, Colours())
                assert all(line.width <= width for line in view_of("toy").example(evidence, options))


async def test_a_view_that_cannot_be_used_is_told_and_replaced_by_the_plain_one(
    store: Path, tmp_path: Path
) -> None:
    with without_view(tmp_path / "broken", BROKEN_VIEW):
        assert type(view_of("toy")) is View
        async with console(store) as pilot:
            await until(pilot, "assay-toy 1.0, assay_toy.view:NOTHING: the plug-in 'toy' cannot be loaded")
            await pilot.press("2")
            await at(pilot, "t01", look=True)
            await until(pilot, "candidate: hours 22")


async def test_its_numbers_have_definitions_and_its_gates_their_criteria(store: Path) -> None:
    with installed(PACKAGE):
        async with console(store, (120, 60)) as pilot:
            await pilot.press("5")
            await until(pilot, LATE)
            text = await until(pilot, "WHAT IT LOOKS AT")
            assert "+1.00 [−.12, 1.00]  ▼ worse   n 3" in text
            assert isinstance(pilot.app, AssayApp)
            (late,) = (gate for gate in pilot.app.session.gates() if gate.key == LATE)
            assert len(late.criteria) > 1
            assert all(row.what[:16].strip() in text for row in late.criteria)
            await pilot.press("space")
            text = await until(pilot, "WHAT DECIDED IT")
            await pilot.press("end")
            text = await until(pilot, "MEASURED BESIDE IT")
            assert "the run does not say what this is" not in text
            assert "mean difference in hours between an estimate and what was due" in text


async def test_what_if_asks_its_worker_and_draws_an_answer_that_is_no_class(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(PACKAGE))
    with installed(PACKAGE):
        async with console(store, (100, 60)) as pilot:
            app = pilot.app
            assert isinstance(app, AssayApp)
            app.show_example("toy/ticket:t01")
            await until(pilot, "urgent please answer 1")
            await pilot.press("w")
            before = await until(pilot, "─ before ")
            assert "hours 22" in before
            await pilot.press("d", "enter")
            after = await until(pilot, "─ after ")
            assert "both answers change: base urgent →" in after
            assert "hours 24 (+20)" in after
            await pilot.press("R")
            await until(pilot, "saved  what-if")
            await pilot.press("space")
            await until(pilot, "after, answered by the worker")
            await pilot.press("escape", "escape")
            assert "without “urgent”: base" in await until(pilot, "22 hours")


LOADED = """
import asyncio, sys
from analysis.review.session import ReviewSession
from tui.console.app import AssayApp
from tui.draw.theme import Colours

async def opened():
    with ReviewSession.open(sys.argv[1]) as session:
        async with AssayApp(session, Colours()).run_test() as pilot:
            await pilot.pause()

asyncio.run(opened())
print([name for name in sys.modules if name.startswith(("analysis.tracks.", "tui.tracks.", "assay_toy."))])
"""
"""Opens the console, and prints what it has loaded of tracks and their views."""


def test_opening_its_review_loads_no_other_track(analysed: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(analysed)],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (PACKAGE, PROJECT)))},
    )
    assert done.returncode == 0, done.stderr
    assert "assay_toy.view" in done.stdout
    assert "tracks." not in done.stdout


def test_its_answers_are_put_in_words(analysed: Path) -> None:
    with installed(PACKAGE):
        outputs = {side: {"hours": 4.0, "word": "urgent"} for side in SIDES}
        assert view_of("toy").output_text(outputs["base"]) == "urgent"


async def test_it_can_be_judged_settled_and_decided_like_any_other(store: Path) -> None:
    with installed(PACKAGE):
        async with console(store) as pilot:
            await pilot.press("2", "n")
            await until(pilot, "saved  ")
            await pilot.press("6")
            text = await until(pilot, "Release decision")
            assert "3 texts are newly late" in text
            await pilot.press("r", "i", *"late", "enter", "X")
            await until(pilot, "export: done")
            assert "UNSIGNED" in shown(pilot.app)
