"""What a reviewer said in a previous review is offered on the closed page, by letter, and said again with one key."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from analysis.review.earlier import choice_of
from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import publish_review, ref_of
from tests.tui.reading import at, until
from tui.commands.plain import PlainReview
from tui.console.app import AssayApp
from tui.draw.theme import Colours

JUDGED = ref_of(14)
LETTERS = {"first": "A", "second": "B"}


@pytest.fixture
def following(tmp_path: Path) -> Path:
    """A review of another candidate that predicts the same, after one in which alice judged an example."""
    first = publish_review(tmp_path / "rc0.review", name="intent-v4-rc0", candidate_version="v4-rc0")
    with ReviewSession.open(first, "alice") as session:
        session.verdict(JUDGED, "candidate", asked=session.asked(JUDGED))
    return publish_review(tmp_path / "rc1.review", spare=0.25, previous=[str(first)])


async def test_an_earlier_verdict_is_offered_by_letter_and_said_again(following: Path) -> None:
    with ReviewSession.open(following, "alice") as session:
        asked, earlier = session.asked(JUDGED), session.earlier(JUDGED)
        assert asked is not None
        assert earlier is not None
        async with AssayApp(session, Colours()).run_test(size=(100, 30)) as pilot:
            await pilot.press("2")
            text = await at(pilot, "m14")
            letter = LETTERS[choice_of(asked, earlier.right)]
            assert f"you said: {letter} · . says it again" in " ".join(text.split())
            assert "candidate" not in text.replace("base v3 → candidate v4-rc1", "")
            await pilot.press("full_stop")
            await until(pilot, "as before")
        (record,) = session.state().said[JUDGED]
        assert (record.right, record.blind) == ("candidate", True)


async def test_where_nothing_was_said_before_the_key_says_so(following: Path) -> None:
    with ReviewSession.open(following, "alice") as session:
        async with AssayApp(session, Colours()).run_test(size=(100, 30)) as pilot:
            await pilot.press("2")
            text = await at(pilot, "m00")
            assert "says it again" not in text
            await pilot.press("full_stop")
            await until(pilot, "answer first")
        assert not session.state().verdicts


def test_the_linear_front_end_offers_it_too(following: Path) -> None:
    out = io.StringIO()
    with ReviewSession.open(following, "alice") as session:
        PlainReview(session, io.StringIO("g m14\n.\nq\n"), out).run()
        assert session.state().said[JUDGED][0].right == "candidate"
    assert "you said: " in out.getvalue()
    assert "as before" in out.getvalue()
