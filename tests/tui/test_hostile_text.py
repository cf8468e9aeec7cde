"""Texts that attack the terminal, on every screen: they are shown, and do nothing."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from textual.widgets import Input

from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import publish_review, ref_of
from tests.tui.reading import at, shown, until, until_true
from tests.tui.test_safe_text import PAYLOADS
from tui.console.app import AssayApp
from tui.draw.theme import Colours

FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
SHORT = {name: text for name, text in PAYLOADS.items() if len(text) < 1000}


def unclean(text: str) -> set[str]:
    """Characters of a screen that could do something to a terminal."""
    return {
        character for character in text if character != "\n" and unicodedata.category(character) in FORBIDDEN
    }


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose messages are the payloads."""
    texts = {
        number: f"{number} {text}".replace("\ud800", "").replace("\udfff", "")
        for number, text in enumerate(SHORT.values())
    }
    return publish_review(tmp_path_factory.mktemp("hostile") / "hostile.review", texts=texts)


@pytest.mark.parametrize("size", [(80, 24), pytest.param((200, 50), marks=pytest.mark.soak)])
async def test_every_screen_shows_hostile_texts_without_obeying_them(
    hostile: Path, size: tuple[int, int]
) -> None:
    with ReviewSession.open(hostile, "eve\x1b]0;x\x07") as session:
        for number in range(3):
            session.verdict(
                ref_of(number),
                "base",
                cause="c\x1b[2J\u202e",
                note="n\x9b31m[/red][@click=app.quit]x",
            )
        session.finding("f\x1b]52;c;eA==\x07[bold]", "intent.accuracy", [ref_of(0)])
        async with AssayApp(session, Colours()).run_test(size=size) as pilot:
            for key in "1256":
                await pilot.press(key)
                await pilot.pause()
                assert unclean(shown(pilot.app)) == set()
            await pilot.press("2")
            await at(pilot, "m00")
            seen = ""
            for keys in (
                [],
                ["j"],
                ["v"],
                ["j"],
                ["o"],
                ["o"],
                ["m"],
                ["escape"],
                ["F"],
                ["escape"],
                ["t"],
                ["escape"],
                ["space"],
            ):
                await pilot.press(*keys)
                await pilot.pause()
                assert unclean(shown(pilot.app)) == set()
                seen += shown(pilot.app)
            assert "␛" in seen
        assert len(session.state().verdicts) == 3


async def test_brackets_in_messages_are_shown_as_they_are(hostile: Path) -> None:
    with ReviewSession.open(hostile, "alice") as session:
        markup = next(number for number, text in enumerate(SHORT.values()) if "[INST]" in text)
        async with AssayApp(session, Colours()).run_test(size=(120, 36)) as pilot:
            assert isinstance(pilot.app, AssayApp)
            pilot.app.show_example(ref_of(markup))
            text = await until(pilot, "[INST]")
            assert "[bold]" in text


async def test_pasted_control_characters_become_pictures(hostile: Path) -> None:
    with ReviewSession.open(hostile, "paste") as session:
        async with AssayApp(session, Colours()).run_test(size=(80, 24)) as pilot:
            await pilot.press("2", "i")
            await until_true(pilot, lambda: len(pilot.app.screen.query(Input)) > 0)

            pilot.app.screen.query_one(Input).value = "a\x1b]52;c;eA==\x07b"
            assert unclean(await until(pilot, "a␛]52;c;eA==␇b")) == set()


@pytest.mark.parametrize("length", [200_000, pytest.param(None, marks=pytest.mark.soak)])
@pytest.mark.soak
async def test_a_line_of_two_megabytes_is_cut_and_counted(tmp_path: Path, length: int | None) -> None:
    text = PAYLOADS["2 MB line"][:length]
    store = publish_review(tmp_path / "long.review", texts={0: text}, irrelevant=False)
    with ReviewSession.open(store, "alice") as session:
        async with AssayApp(session, Colours()).run_test(size=(80, 24)) as pilot:
            await pilot.press("2")
            await at(pilot, "m00")
            assert unclean(shown(pilot.app)) == set()
            await pilot.press("end")
            await pilot.pause()
            assert "characters)" in shown(pilot.app) or "ab" in shown(pilot.app)
