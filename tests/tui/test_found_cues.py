"""Cues that nobody declared, in the console: what the probes say, and the key that makes a term list of them."""

from __future__ import annotations

from pathlib import Path

from analysis.review.session import ReviewSession
from analysis.text.lexicon import load_terms
from analysis.tracks.intent.found_lexicon import FOLDER
from tests.analysis.tracks.intent.test_found_cues import BACK_DOOR, back_door_review
from tests.tui.reading import until
from tui.console.app import AssayApp
from tui.draw.theme import Colours


async def test_a_found_cue_is_shown_and_taken_into_a_lexicon(tmp_path: Path) -> None:
    with ReviewSession.open(back_door_review(tmp_path), "alice") as session:
        app = AssayApp(session, Colours())
        async with app.run_test(size=(100, 40)) as pilot:
            await pilot.pause()
            app.open("probes", "escalation/found 1")
            screen = await until(pilot, "undeclared, found by search")
            assert BACK_DOOR in screen
            assert "found, other" in screen
            await pilot.press("Y")
            await until(pilot, "saved")
        written = list((session.store / FOLDER).iterdir())
        assert [one.name for one in written] == ["escalation_found_1.txt"]
        assert any(BACK_DOOR in term for term in load_terms(written[0]))
