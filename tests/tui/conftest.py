"""A real store for the console, and what a test needs to press keys on it and read the screen."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import publish_review
from tui.console.app import AssayApp
from tui.draw.theme import Colours

OpenConsole = Callable[..., AbstractAsyncContextManager[Pilot[int]]]


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for the whole run; tests work on copies of it."""
    return publish_review(tmp_path_factory.mktemp("console") / "intent.review")


@pytest.fixture
def store(published: Path, tmp_path: Path) -> Path:
    """A store of its own for one test."""
    return shutil.copytree(published, tmp_path / "intent.review")


@pytest.fixture
def session(store: Path) -> Iterator[ReviewSession]:
    """A session of the reviewer alice on it."""
    with ReviewSession.open(store, "alice") as opened:
        yield opened


@pytest.fixture
def console(session: ReviewSession) -> OpenConsole:
    """Opens the console on the session; gives the pilot."""

    @asynccontextmanager
    async def opened(
        size: tuple[int, int] = (80, 24), colours: Colours | None = None
    ) -> AsyncIterator[Pilot[int]]:
        app = AssayApp(session, colours or Colours())
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            yield pilot

    return opened
