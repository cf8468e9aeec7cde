"""What a reviewer brings along: another candidate, keys of his own, a mouse, a first visit, a screen reader."""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import ref_of
from tests.tui.conftest import OpenConsole
from tests.tui.pictures import picture
from tests.tui.reading import shown, until, until_true
from tui.commands.plain import run_plain
from tui.console.app import AssayApp
from tui.draw.theme import Colours
from tui.plugin.frame_actions import FRAME_ACTIONS
from tui.plugin.keymap import read_keymap, remapped
from tui.plugin.other_candidate import OtherCandidate
from tui.plugin.registry import action_table, views_of
from tui.plugin.tour import STEPS, Tour

TABLE = action_table(FRAME_ACTIONS, views_of(("intent",)))


async def test_another_candidate_stands_beside_the_first_wherever_there_is_room(
    session: ReviewSession, published: Path, tmp_path: Path
) -> None:
    second = shutil.copytree(published, tmp_path / "second.review")
    with ReviewSession.open(second, "bob") as other:
        other.finding("it must not ship", None, [ref_of(0)], "blocker")
        found = OtherCandidate.of(session, other)
    assert found.state == "BLOCKED: do not promote"
    assert found.differences == ("intent: both candidates are the same model",)
    assert found.differing == 1
    app = AssayApp(session, Colours(), other=found)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "BESIDE IT: v4-rc1  BLOCKED: do not promote")
        assert "no comparison: intent: both candidates are the same model" in shown(app)
        await pilot.press("5")
        text = await until(pilot, "review.findings")
        (row,) = [line for line in text.splitlines() if "review.findings" in line]
        assert row.rstrip().endswith("│ ✗")
        app.open("gates", "review.findings")
        assert "v4-rc1: ✗ fail" in await until(pilot, " beside")
        for size in ((60, 20), (200, 50)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert all(len(line) <= size[0] for line in picture(app).splitlines())
    out = io.StringIO()
    typed = io.StringIO("5\nG review.findings\nq\n")
    assert run_plain(session.store, "alice", typed, out, beside=second) == 0
    assert "beside it, v4-rc1: BLOCKED: do not promote" in out.getvalue()
    assert "review.findings –; v4-rc1: fail" in out.getvalue()
    assert "beside it, v4-rc1: fail" in out.getvalue()


CLASHES = (
    ('verdict.first = "1"', "the key 1 would do verdict.first and screen.overview"),
    ('verdict.frist = "z"', "there is no action 'verdict.frist'"),
    ('verdict.first = "ctrl+m"', "a terminal sends ctrl+m as enter"),
    ('verdict.first = "elephant"', "there is no key 'elephant'"),
    ("verdict.first = 3", "a key is a text"),
    ("verdict.first =", "is no TOML"),
)


def test_keys_that_cannot_be_used_are_told_with_their_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    assert read_keymap(path) == {}
    for content, said in CLASHES:
        path.write_text(content, "utf-8")
        with pytest.raises(AssayError, match=re.escape(said)) as told:
            remapped(TABLE, read_keymap(path), path)
        assert str(path) in (told.value.where or "")
    # What only other tracks have is no mistake: the file is one for all reviews.
    path.write_text('span.next = "z"\napp.help = "^x"\n', "utf-8")
    assert remapped(TABLE, read_keymap(path), path)["app.help"].keys == ("ctrl+x",)


async def test_keys_of_ones_own_do_what_they_say_and_are_shown(
    session: ReviewSession, tmp_path: Path
) -> None:
    path = tmp_path / "keys.toml"
    path.write_text('verdict.first = ["z", ","]\nexample.next = "down"\n', "utf-8")
    app = AssayApp(session, Colours(), keys=lambda table: remapped(table, read_keymap(path), path))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await until(pilot, "z right")
        await pilot.press("a")
        await pilot.pause()
        assert session.progress()[0] == 0
        await pilot.press("z")
        await until(pilot, "saved")
        assert session.progress()[0] == 1


async def test_a_click_on_a_key_does_what_the_key_does(console: OpenConsole, session: ReviewSession) -> None:
    async with console() as pilot:
        for named, there in (
            ("2 ", "hidden until you have answered"),
            ("a right", "saved"),
            ("^p all", "type to filter"),
        ):
            rows = picture(pilot.app).splitlines()
            y, x = next((y, row.index(named)) for y, row in enumerate(rows) if y > 20 and named in row)
            await pilot.click(offset=(x, y))
            await until(pilot, there)
        await pilot.press(*"gates")
        await pilot.press("enter")
        await until(pilot, "GATES")
    assert session.progress()[0] == 1


async def test_the_tour_leads_through_and_any_other_key_leaves_it(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("f2")
        assert f"1/{len(STEPS)}" in await until(pilot, "Any other key leaves the tour")
        await pilot.press("enter")
        await until(pilot, "hidden until you have answered")
        await until(pilot, f"2/{len(STEPS)}")
        await pilot.press("e")
        await until(pilot, f"3/{len(STEPS)}")
        await pilot.press("J")
        await until_true(pilot, lambda: "the tour" not in shown(pilot.app))
    tour: Tour | None = Tour(TABLE)
    for key in ("enter", "a", "w", "d", "enter", "5", "6"):
        assert tour is not None
        assert all(line.width <= 60 for line in tour.lines(60))
        assert tour.after("x") is None
        tour = tour.after(key)
    assert tour is not None
    assert tour.after("p") is None


CAUSE, NOTE, WHY = "cue", "no", "why"
ON_THE_CONSOLE = (
    *("2", "g", *"m00", "enter", "e", "c", *CAUSE, "enter", "i", *NOTE, "enter", "J", "n", "J", "s", "u"),
    *("f", *"und", "enter", "n", "B", *WHY, "enter", "6", "r", "i", *WHY, "enter"),
)
LINE_BY_LINE = (
    *("g", *"m00", "enter", "e", "c", *CAUSE, "enter", "i", *NOTE, "enter", "J", "n", "J", "s", "u"),
    *("f", *"und", "enter", "n", "B", *WHY, "enter", "6", "r", "i", *WHY, "enter", "q"),
)
"""The same review with the keys of the console, and with those of `--plain` on a terminal."""


@pytest.mark.soak
async def test_a_review_line_by_line_takes_as_many_keys_as_on_the_console(
    console: OpenConsole, session: ReviewSession, published: Path, tmp_path: Path
) -> None:
    async with console() as pilot:
        for key in ON_THE_CONSOLE:
            await pilot.press(key)
        await until(pilot, WHY)
    plain = shutil.copytree(published, tmp_path / "plain.review")
    ours, theirs = pty.openpty()
    typed = "".join({"enter": "\n"}.get(key, key) for key in LINE_BY_LINE)
    os.write(ours, typed.encode())
    out = io.StringIO()
    with os.fdopen(theirs, "r") as keys:
        assert run_plain(plain, "alice", keys, out) == 0
    os.close(ours)
    assert "not done" not in out.getvalue()
    with ReviewSession.open(plain, "alice") as again:
        assert recorded(again) == recorded(session)
        assert again.decision_draft() == session.decision_draft() == ("reject", WHY)
    assert abs(len(LINE_BY_LINE) - len(ON_THE_CONSOLE)) <= len(ON_THE_CONSOLE) / 5


def recorded(session: ReviewSession) -> tuple[object, ...]:
    """What a review has on record: verdicts with cause and note, and findings."""
    state = session.state()
    verdicts = sorted((one.ref, one.right, one.cause, one.note, one.blind) for one in state.verdicts)
    return verdicts, sorted((one.text, one.severity, one.gate, one.refs) for one in state.findings)
