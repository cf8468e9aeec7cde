"""What belongs to an example goes with it: place on the page, notices; and what a person writes is kept whole."""

from __future__ import annotations

import json
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from analysis.base.errors import AssayError
from analysis.base.records import Flag
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import VARIANT, ref_of
from tests.tui.conftest import OpenConsole
from tests.tui.reading import at, paste, shown, until, until_true
from tui import cli
from tui.draw.editor import edited
from tui.draw.lines import Line, Target
from tui.plugin.common import takes_verdict
from tui.plugin.console import EXAMPLES, ScopePlace
from tui.plugin.registry import view_of
from tui.screens.review import ReviewScreen
from tui.tracks.intent.view import gate_probed, ordered_variants
from tui.widgets.line_view import LineView

PASTED = "first line\nsecond line\r\n\tthird line"
KEPT = "first line\nsecond line\n␉third line"


def review_of(pilot: Pilot[int]) -> ReviewScreen:
    assert isinstance(pilot.app.screen, ReviewScreen)
    return pilot.app.screen


def notice(pilot: Pilot[int]) -> str:
    return "".join(line.plain for line in pilot.app.screen.query_one("#notice", LineView).lines).strip()


def body_of(store: Path, kind: str) -> dict[str, object]:
    lines = [line for path in store.glob("events/*/*.jsonl") for line in path.read_text().splitlines()]
    (found,) = [one for one in map(json.loads, lines) if one["kind"] == kind]
    body: dict[str, object] = json.loads(found["body"])
    return body


def script(folder: Path, body: str) -> str:
    """An editor that needs no terminal."""
    path = folder / "editor.sh"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


async def test_place_and_notice_go_with_the_example_and_each_track_keeps_its_method(
    console: OpenConsole, session: ReviewSession
) -> None:
    async with console(size=(80, 20)) as pilot:
        await pilot.press("2")
        await at(pilot, "m00", look=True)
        view = review_of(pilot).evidence_view
        await pilot.press("end")
        assert view.scroll_offset.y > 0
        await pilot.press("n")
        await until(pilot, "saved  neither is right")
        await pilot.press("end")
        # Another list, as a line of Overview opens it.
        refs = (ref_of(14), ref_of(1))
        pilot.app.open(EXAMPLES, ScopePlace(Scope(refs=refs, everything=True)))  # type: ignore[attr-defined]
        await until(pilot, "message:m14")
        assert view.scroll_offset.y == 0
        assert notice(pilot) == ""
        await pilot.press("escape")
        await until(pilot, "message:m00")
        await pilot.press("u")
        await until(pilot, "undone: ")
        await pilot.press("5")
        await until(pilot, "GATES")
        await pilot.press("2")
        await until(pilot, "message:m00")
        assert notice(pilot) == ""
        screen = review_of(pilot)
        screen.next_method()
        assert screen.method == 1
        assert screen.evidence is not None
        screen.evidence = replace(
            screen.evidence, example=replace(screen.evidence.example, track="retrieval")
        )
        assert screen.method == 0, "each track keeps its own"


async def test_a_variant_takes_no_verdict_and_is_as_closed_as_its_example(
    console: OpenConsole, session: ReviewSession, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["annotate", str(session.store), VARIANT, "--right", "base"]) == 2
    said = capsys.readouterr().err
    assert "a variant takes no verdict: its example does" in said
    assert "name its example: intent/message:m00" in said
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        pilot.app.show_example(VARIANT)  # type: ignore[attr-defined]
        text = await until(pilot, "a variant takes no verdict")
        assert "escalation .9" not in text
        place = review_of(pilot).ref
        for key in ("a", "b", "e", "n", "s", "c"):
            await pilot.press(key)
            await until(pilot, "a variant takes no verdict: its example does")
        assert session.progress()[0] == 0
        assert review_of(pilot).ref == place
        await pilot.press("v")
        await until(pilot, "looked first: a verdict on its example will not be blind")
        await pilot.press("escape")
        await until(pilot, "message:m00")
        # Who saw the variant has seen the sides of its example.
        assert not review_of(pilot).page.closed
    # One that was flagged itself has a place in the queue, and a gate may wait for its cause.
    evidence = session.example(VARIANT)
    flagged = replace(
        evidence, flags=(Flag(VARIANT, "because", "intent.relevance[x/y]", 1, None, control=False),)
    )
    assert (takes_verdict(evidence), takes_verdict(flagged)) == (False, True)


def test_counterfactuals_of_what_raised_a_flag_stand_first(session: ReviewSession) -> None:
    evidence = session.example(ref_of(0))
    rows = ordered_variants(evidence)
    assert len({gate_probed(row) for row in rows}) > 1
    for row in rows:
        flag = Flag(ref_of(0), "because", gate_probed(row), 1, None, control=False)
        first = ordered_variants(replace(evidence, flags=(flag,)))[0]
        assert gate_probed(first) == gate_probed(row)
    still = {
        **rows[0],
        "candidate_p": 0.9,
        "candidate_plain_p": 0.9,
        "base_p": 0.0,
        "base_plain_p": 0.95,
        "cue": "lost",
    }
    moved = {
        **rows[0],
        "candidate_p": 0.5,
        "candidate_plain_p": 0.9,
        "base_p": 0.5,
        "base_plain_p": 0.9,
        "cue": "both",
    }
    told = ordered_variants(replace(evidence, flags=(), variants=(moved, still)))
    assert [row["cue"] for row in told] == ["lost", "both"], "what only the base does is the difference"


async def test_every_line_of_a_paste_is_kept_in_entries_and_forms(
    console: OpenConsole, session: ReviewSession, store: Path
) -> None:
    async with console(size=(80, 50)) as pilot:
        await pilot.press("2")
        await at(pilot, "m00", look=True)
        await pilot.press("i")
        await paste(pilot, PASTED)
        assert session.draft(ref_of(0)) == KEPT
        await pilot.press("enter")
        await until(pilot, "saved  note")
        assert body_of(store, "note")["note"] == KEPT
        await pilot.press("n")
        assert "second line" in await until(pilot, " note  first line")
        await pilot.press("F")
        await until(pilot, "moves gate")
        await paste(pilot, PASTED)
        assert "second line" in shown(pilot.app)
        await pilot.press("enter", *"slices[")
        await until(pilot, "‹ intent.slices[")
        await pilot.press("ctrl+o")
        await until(pilot, "saved  finding")
        body = body_of(store, "finding")
        assert body["text"] == KEPT
        assert str(body["gate"]).startswith("intent.slices["), "a choice is found by typing"
        screen = review_of(pilot)
        screen.next_method()
        assert screen.evidence is not None
        (looked_at, *_) = view_of("intent").shown(screen.evidence, screen.options(80, 24))
        await pilot.press("w", "i")
        assert pilot.app.screen.key[0] == looked_at.method, "what-if begins with what was looked at"  # type: ignore[attr-defined]
        await paste(pilot, " and\nmore")
        await pilot.press("escape")
        await until_true(pilot, lambda: pilot.app.screen.text.endswith(" and\nmore"))  # type: ignore[attr-defined]


async def test_a_note_is_written_in_an_editor_of_ones_own(
    console: OpenConsole, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00", look=True)
        await pilot.press("E")
        await until(pilot, "no editor is named")
        await pilot.press(*"half")
        monkeypatch.setenv("EDITOR", script(tmp_path, 'stat -c %a "$1" >&2; printf "\\nand more\\n" >>"$1"'))
        await pilot.press("ctrl+g", "enter")
        await until(pilot, "saved  note")
        assert body_of(store, "note")["note"] == "half\nand more"
    monkeypatch.setenv("EDITOR", script(tmp_path, "exit 3"))
    with pytest.raises(AssayError, match="status 3"):
        edited("x")
    monkeypatch.setenv("EDITOR", "/nowhere/editor")
    with pytest.raises(AssayError, match="cannot be used"):
        edited("x")


async def test_a_cause_is_one_of_this_review_by_a_digit_or_the_last_one_by_enter(
    console: OpenConsole, session: ReviewSession
) -> None:
    def causes() -> dict[str, str | None]:
        return {one.ref: one.cause for one in session.gate_input().state.verdicts}

    session.verdict(ref_of(14), "base", "style over facts")
    session.verdict(ref_of(1), "base", "Titles")
    session.verdict(ref_of(2), "base", "Titles")
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        await pilot.press("n", "c")
        text = await until(pilot, "1 Titles ×2")
        assert "2 style over facts ×1" in text
        await pilot.press("2")
        await until(pilot, "saved  cause")
        assert causes()[ref_of(0)] == "style over facts"
        await at(pilot, "m11")
        await pilot.press("n", "c", "enter")
        await until(pilot, "saved  cause")
        assert causes()[ref_of(11)] == "style over facts"
        await pilot.press("c", *"titles", "enter")
        await until_true(pilot, lambda: causes()[ref_of(11)] == "Titles")


async def test_page_keys_take_the_cursor_along_and_brackets_go_by_section(console: OpenConsole) -> None:
    async with console(size=(80, 20)) as pilot:
        view = pilot.app.screen.query_one("#overview", LineView)
        lines = [
            Line(Target("choice", str(number)) if number % 7 == 3 else None).add(f" {number}")
            for number in range(60)
        ]
        lines[30] = Line().add(" SECOND", "title")
        lines[0] = Line().add(" FIRST", "title")
        view.show_lines(lines, top=True)
        await pilot.pause()

        def place() -> int:
            assert view.cursor is not None
            return view.cursor

        def seen() -> bool:
            top = round(view.scroll_offset.y)
            return top <= place() < top + view.size.height

        async def press(*keys: str) -> Sequence[int]:
            places = []
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
                assert seen(), key
                places.append(place())
            return places

        assert await press("end", "home", "down") == [59, 3, 10]
        down = await press("pagedown", "pagedown")
        assert down == sorted(down)
        assert down[0] > 10
        assert (await press("pageup"))[0] < down[-1]
        assert await press("home", "right_square_bracket", "right_square_bracket") == [3, 31, 3]
        assert await press("end", "left_square_bracket", "left_square_bracket") == [59, 31, 3]
        view.show_lines([*([Line().add(" text")] * 50), Line(Target("choice", "x")).add(" x")], top=True)
        await pilot.press("down", "down")
        assert round(view.scroll_offset.y) == 2, "it scrolls through what has no stop, and jumps over nothing"
