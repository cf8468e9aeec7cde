"""The console on a track of another package: every screen and every key, with a view of its own and without one."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from tests.toy_review import DIST_INFO, PACKAGE, copy_of_package, entry_points, installed, toy_store
from tests.tui.reading import at as at_example
from tests.tui.reading import look, shown, until
from tui.console.app import AssayApp
from tui.draw.theme import Colours
from tui.plugin.console import EXAMPLES, GATES, OVERVIEW, SIGNOFF, WHATIF
from tui.plugin.frame_actions import FRAME_ACTIONS
from tui.plugin.registry import action_table, digits_of, views_of
from tui.screens.base import BaseScreen

WORDS = "toy-words"
ANSWER_S = 180.0
"""How long a machine that is busy elsewhere may take to start the worker."""
LATE = "toy.late[asks for haste]"
FIRST = "toy/ticket:t01"


@pytest.fixture(scope="module")
def analysed() -> Path:
    return toy_store()


@pytest.fixture
def store(analysed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(analysed, tmp_path / analysed.name)


def without_view(folder: Path) -> Path:
    """The package again, with its track alone."""
    package = copy_of_package(folder)
    track = entry_points(("assay.tracks", "toy = assay_toy.track:TRACK"))
    (package / DIST_INFO / "entry_points.txt").write_text(track, "utf-8")
    return package


@pytest.fixture(params=["with a view", pytest.param("without a view", marks=pytest.mark.soak)])
def package(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The package, installed in this process and in those that it starts."""
    viewed = request.param == "with a view"
    folder = PACKAGE if viewed else without_view(tmp_path / "package")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    with installed(folder):
        yield folder


@asynccontextmanager
async def console(store: Path, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Pilot[int]]:
    with ReviewSession.open(store, "alice") as session:
        app = AssayApp(session, Colours())
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            yield pilot


def app_of(pilot: Pilot[int]) -> AssayApp:
    assert isinstance(pilot.app, AssayApp)
    return pilot.app


async def at(pilot: Pilot[int], screen: str) -> None:
    """Be on a screen, whatever dialogue or entry line is open."""
    app = app_of(pilot)
    async with asyncio.timeout(ANSWER_S):
        while not isinstance(app.screen, BaseScreen) or app.screen.entry.is_open:
            await pilot.press("escape")
        if screen == app.base_screen.NAME != EXAMPLES:
            return
        if screen == WHATIF:
            app.show_example(FIRST)
            await until(pilot, "urgent please answer 1")
            await pilot.press("w")
        elif screen == EXAMPLES:
            app.show_example(FIRST)
        else:
            app.open(screen)
        while screen != app.base_screen.NAME:
            await pilot.pause()
        await pilot.pause()


async def test_every_key_of_every_screen_does_what_it_says_or_says_why_not(
    store: Path, package: Path
) -> None:
    own = [WORDS] if package == PACKAGE else []
    async with console(store, (80, 24)) as pilot:
        app = app_of(pilot)
        await until(pilot, "BLOCKED")
        pressed = set()
        for screen in (OVERVIEW, EXAMPLES, GATES, SIGNOFF, WHATIF, *own):
            for action in app.actions.valid_on(screen):
                if not action.keys or action.id in ("app.quit", "report.export"):
                    continue
                await at(pilot, screen)
                await pilot.press(action.keys[0])
                assert app.failure is None, (screen, action.id)
                pressed.add((screen, action.id))
        assert len(pressed) > 80
        await at(pilot, OVERVIEW)
        assert "BLOCKED" in shown(app)
    with ReviewSession.open(store, "bob") as session:
        kinds = {row[0] for row in session.connection.execute("SELECT DISTINCT kind FROM event").fetchall()}
    assert {"verdict", "undo"} <= kinds


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (60, 20)])
async def test_every_screen_is_drawn_at_every_size(store: Path, package: Path, size: tuple[int, int]) -> None:
    async with console(store, size) as pilot:
        for screen in (OVERVIEW, EXAMPLES, GATES, SIGNOFF):
            await at(pilot, screen)
            assert len(shown(pilot.app).strip()) > 200
            assert app_of(pilot).failure is None


async def test_its_examples_open_by_the_first_free_digit_under_its_name(store: Path, package: Path) -> None:
    name = "Tickets" if package == PACKAGE else "Hours until a reply"
    async with console(store) as pilot:
        await until(pilot, f"2 {name}")
        await pilot.press("2")
        text = await at_example(pilot, "t01")
        assert "How long may this customer wait?" in text
        assert "22 hours" in text
        assert "urgent moves them most" not in text
        await look(pilot)
        text = shown(pilot.app)
        if package == PACKAGE:
            assert "22 hours, urgent moves them most" in text
            await pilot.press("z")
            await until(pilot, " words      urgent")
            await pilot.press("Z")
            await until(pilot, "refund moves 12 texts")
            await pilot.press("escape")
            await until(pilot, "urgent please answer 1")
        else:
            assert "candidate: hours 22 · word urgent" in text


def test_beside_other_tracks_it_takes_the_digit_that_is_left() -> None:
    with installed(PACKAGE):
        views = views_of(("toy", "intent", "response"))
        assert digits_of(views.values()) == {"intent": "2", "toy": "3", "response": "4"}
        table = action_table(FRAME_ACTIONS, views)
        assert [entry.title for entry in table if entry.keys == ("3",)] == ["Tickets"]
        assert table["toy.words"].track == "toy"


async def test_its_numbers_are_told_with_their_definitions(store: Path, package: Path) -> None:
    async with console(store) as pilot:
        app_of(pilot).open(GATES, LATE)
        detail = await until(pilot, "WHAT IT LOOKS AT")
        assert "still to be judged" in detail
        await pilot.press("space")
        numbers = await until(pilot, "share of texts whose estimate is later than due")
        assert "exact one-sided McNemar test" in numbers
        await at(pilot, EXAMPLES)
        await pilot.press("space")
        await until(pilot, "hours of each word")


async def test_a_change_for_the_better_is_no_loss_because_its_number_fell(store: Path, package: Path) -> None:
    async with console(store) as pilot:
        app_of(pilot).open(GATES, "toy.error")
        text = await until(pilot, "the mean error may have risen")
        assert "−1.33 hours" in text
        assert "▲ better" in text


async def test_what_if_asks_its_models_and_draws_a_number_and_a_word(store: Path, package: Path) -> None:
    async with console(store) as pilot:
        await at(pilot, WHATIF)
        await pilot.press("enter")
        text = await until(pilot, "22", ANSWER_S)
        assert "urgent" in text
        await pilot.press("d")
        await until(pilot, "please answer 1", ANSWER_S)
        await pilot.press("enter")
        await until(pilot, "24", ANSWER_S)
        await pilot.press("R")
        await until(pilot, "saved", ANSWER_S)
    with ReviewSession.open(store, "alice") as session:
        kinds = [event.kind for event in session.example(FIRST).history]
    assert "whatif" in kinds


async def test_a_view_that_cannot_be_imported_leaves_the_review_open(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = copy_of_package(tmp_path / "broken")
    (broken / "assay_toy" / "view.py").write_text("import a_module_that_nobody_has\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    with installed(broken):
        async with console(store) as pilot:
            await until(pilot, "assay-toy 1.0, assay_toy.view:VIEW: the plug-in 'toy' cannot be loaded")
            await pilot.press("2")
            await until(pilot, "urgent please answer 1")


async def test_its_known_answers_are_mixed_in_and_told_afterwards(store: Path, package: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        parts = session.parts()
        known = next(row.id for row in session.queue_page(Scope(), 0, 99) if row.part == "known answer")
    assert parts.known_answers == 10, "all that both sides have right"
    async with console(store) as pilot:
        await pilot.press("2")
        text = await at_example(pilot, known)
        assert "How long may this customer wait?" in text
        assert "A   " in text
        assert "B   " in text
        assert "known" not in text
        await pilot.press("e")
        assert "you said either" in await until(pilot, "its answer was known beforehand")
