"""The console as a whole: screens, back, resume, other reviewers, themes, small terminals."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import ref_of, said_elsewhere
from tests.tui.conftest import OpenConsole
from tests.tui.reading import at, shown, until, until_true
from tui.console.app import AssayApp
from tui.draw import clipboard
from tui.draw.theme import Colours
from tui.widgets.example_list import ExampleList


async def until_name(pilot: Pilot[int], name: str) -> None:
    """Wait until a screen is on top."""
    await until_true(pilot, lambda: getattr(pilot.app.screen, "NAME", "") == name)


async def test_it_opens_on_the_overview(console: OpenConsole) -> None:
    async with console() as pilot:
        text = await until(pilot, "WHAT CHANGED")
        assert "intent-v4-rc1   base v3 → candidate v4-rc1" in text
        assert "alice" in text


async def test_number_keys_change_screens_and_escape_goes_back(console: OpenConsole) -> None:
    async with console() as pilot:
        for key, name in (("2", "review"), ("5", "gates"), ("6", "signoff")):
            await pilot.press(key)
            await until_name(pilot, name)
        await pilot.press("escape")
        await until_name(pilot, "gates")
        await pilot.press("1")
        await until(pilot, "WHAT CHANGED")


async def test_q_leaves_at_once(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("q")
        await until_true(pilot, lambda: pilot.app.return_value == 0)


async def test_reopening_lands_on_the_same_example(store: Path) -> None:
    with ReviewSession.open(store, "alice") as session:
        async with AssayApp(session, Colours()).run_test(size=(80, 24)) as pilot:
            await pilot.press("2", "j", "j")
            await pilot.pause()
            here = session.queue_page(Scope(), 2, 1)[0].id
            assert f":{here}" in shown(pilot.app)
            await pilot.press("i")
            await pilot.press(*"half a")
            await until(pilot, "half a")
    with ReviewSession.open(store, "alice") as session:
        async with AssayApp(session, Colours()).run_test(size=(80, 24)) as pilot:
            text = await until(pilot, f"message:{here}")
            assert "  3/" in text
            await pilot.press("i")
            await until_true(pilot, lambda: pilot.app.screen.query_one(Input).value == "half a")


async def test_what_others_record_arrives(console: OpenConsole, store: Path) -> None:
    async with console(size=(80, 50)) as pilot:
        assert isinstance(pilot.app, AssayApp)
        await pilot.press("2")
        await at(pilot, "m00")
        await pilot.press("a")
        await until(pilot, "others: none yet")
        said_elsewhere(store, "bob", ("verdict", ref_of(0), {"base": "unsure", "candidate": "unsure"}))
        pilot.app.poll()
        await until(pilot, "bob (merged from elsewhere): not sure")


async def test_a_poll_without_news_draws_nothing(
    console: OpenConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console() as pilot:
        assert isinstance(pilot.app, AssayApp)
        reloaded: list[str] = []
        monkeypatch.setattr(pilot.app.base_screen, "reload_guarded", lambda: reloaded.append("drawn"))
        pilot.app.poll()
        assert reloaded == []


async def test_a_terminal_that_is_too_small_says_so_and_still_saves(
    console: OpenConsole, session: ReviewSession
) -> None:
    async with console(size=(50, 12)) as pilot:
        await pilot.press("2")
        await until(pilot, "too small")
        await pilot.press("n")
        await until(pilot, "saved  ")
        assert session.progress()[0] == 1
        await pilot.resize_terminal(80, 24)
        await until(pilot, "gold")
        assert "too small" not in shown(pilot.app)


async def test_the_theme_changes_without_losing_the_place(console: OpenConsole) -> None:
    async with console() as pilot:
        assert isinstance(pilot.app, AssayApp)
        await pilot.press("2", "j", "T")
        await until_true(pilot, lambda: pilot.app.theme == "assay-light")
        assert not pilot.app.colours.dark
        assert pilot.app.screen.query_one("#list", ExampleList).colours == pilot.app.colours
        assert "  2/" in shown(pilot.app)


async def test_help_lists_the_keys_of_the_screen_and_closes_with_its_own_key(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("2")
        await pilot.pause()
        await pilot.press("question_mark")
        text = await until(pilot, "help · Examples")
        assert "A is right: saved at once" in text
        await pilot.press("question_mark")
        await until_true(pilot, lambda: "help · Examples" not in shown(pilot.app))


async def test_the_palette_runs_what_is_picked(console: OpenConsole, session: ReviewSession) -> None:
    async with console() as pilot:
        await pilot.press("2", "ctrl+p")
        await until(pilot, "all actions")
        await pilot.press(*"verdict: unsure", "enter")
        await until(pilot, "saved  ")
        assert session.progress()[0] == 1


async def test_the_palette_offers_only_what_is_valid_now(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("6", "ctrl+p")
        text = await until(pilot, "all actions")
        assert "decision: hold" in text
        assert "decision: promote" not in text


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
@pytest.mark.parametrize(
    "colours", [Colours("256", True), Colours("truecolor", False), Colours("16", True), Colours("none", True)]
)
async def test_every_screen_draws_at_every_size_and_depth(
    console: OpenConsole, size: tuple[int, int], colours: Colours
) -> None:
    async with console(size=size, colours=colours) as pilot:
        for key in "1256":
            await pilot.press(key)
            widths = [len(row) for row in (await until(pilot, "? help")).splitlines()]
            assert max(widths) <= size[0]


def test_copying_says_which_way_it_took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    assert "OSC 52" in clipboard.copy("m01\thello", sent.append, {})
    assert sent == ["m01\thello"]
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    told = clipboard.copy("m01\thello", None, {})
    assert Path(told.removeprefix("written to ")).read_text() == "m01\thello"


@pytest.mark.skipif(shutil.which("false") is None, reason="needs a program that fails")
def test_a_tmux_that_fails_is_not_reported_as_a_copy(tmp_path: Path) -> None:
    failing = tmp_path / "tmux"
    failing.write_text("#!/bin/sh\nexit 1\n")
    failing.chmod(0o755)
    sent: list[str] = []
    told = clipboard.copy("x", sent.append, {"TMUX": "/tmp/x,1,0", "PATH": str(tmp_path)})
    assert "OSC 52" in told
    assert sent == ["x"]


def test_scopes_have_titles() -> None:
    from tui.screens.choices import scope_title

    assert scope_title(Scope()) == "the queue"
    assert scope_title(Scope(slice="names a title", undecided=True)) == "names a title · undecided"
    assert scope_title(Scope(refs=("a", "b"), everything=True)) == "examples behind one number"
