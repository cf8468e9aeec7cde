"""A small review of its own for each test, and a session of one reviewer on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import publish_review


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store that nobody has written to."""
    return publish_review(tmp_path / "r.review")


@pytest.fixture
def session(store: Path) -> Iterator[ReviewSession]:
    """The session of a reviewer called alice."""
    with ReviewSession.open(store, "alice") as opened:
        yield opened
