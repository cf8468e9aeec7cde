"""The page before it is answered: what it shows, what it hides, and what opens it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from analysis.base.records import SIDES
from analysis.plugin.flag import RANDOM_CONTROL
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import publish_review, ref_of, said_elsewhere
from tests.tui.conftest import OpenConsole
from tests.tui.reading import at, shown, until
from tui.console.app import AssayApp
from tui.draw.right_words import RIGHT_WORDS
from tui.draw.theme import Colours
from tui.plugin.asked_page import AskedPage
from tui.plugin.closed_page import HIDDEN, closed_lines
from tui.screens.choices import filter_choices, filtered
from tui.widgets.example_list import example_line

KEYS = {"first": "a", "second": "b", "either": "e", "neither": "n", "unsure": "s"}
TELLING = re.compile(
    r"\b(base|candidate|cand|gold|broken|fixed|flip|flag|margin|control|label=\w+)\b|[◆✓✗▲▼]"
)
"""What no closed page may say below the head line."""


def said(store: Path, kind: str) -> list[dict[str, Any]]:
    """The bodies of the events of one kind, each with its ref."""
    found = []
    for path in sorted(store.glob("events/*/*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            event = json.loads(line)
            if event["kind"] == kind:
                found.append(json.loads(event["body"]) | {"ref": event["ref"]})
    return found


def known_item(session: ReviewSession) -> str:
    """The id of an example whose answer is known."""
    return next(row.id for row in session.queue_page(Scope(), 0, 99) if row.part == "known answer")


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 36), (200, 50)])
async def test_it_hides_sides_gold_flags_and_slices(console: OpenConsole, size: tuple[int, int]) -> None:
    async with console(size=size) as pilot:
        await pilot.press("2")
        text = await at(pilot, "m00")
        page = pilot.app.screen.query_one("#evidence").lines  # type: ignore[attr-defined]
        drawn = " ".join(line.plain for line in page)
        assert "message 0 about escalation of Iron Orchard" in drawn
        assert "Which label is right for this message?" in drawn
        assert [line.plain.split() for line in page if line.plain[:4].strip() in ("A", "B")]
        assert "v looks" in drawn
        assert not TELLING.findall(drawn.replace(HIDDEN, ""))
        assert "A is right" in text
        assert not {piece.style for line in page for piece in line.pieces} & {"good", "bad", "critical"}
        assert "candidate" not in text.replace("base v3 → candidate v4-rc1", "")


async def test_the_list_hides_reasons_and_slices_of_what_is_undecided(
    console: OpenConsole, session: ReviewSession
) -> None:
    for row in session.queue_page(Scope(), 0, 99):
        line = example_line(row, 200, blind=True).plain
        assert not any(reason in line for reason in row.reasons)
        assert "◆" not in line
        assert "~escalation" not in line
        assert RANDOM_CONTROL not in example_line(row, 200).plain
    session.verdict(ref_of(0), "base")
    row = next(row for row in session.queue_page(Scope(), 0, 99) if row.ref == ref_of(0))
    line = example_line(row, 200, blind=True).plain
    assert line.startswith(" ▼◆")
    assert "answered differently in a cri" in line


def test_each_verdict_has_a_mark_of_its_own(session: ReviewSession) -> None:
    (row,) = session.queue_page(Scope(refs=(ref_of(0),)), 0, 1)
    marks = set()
    for right in RIGHT_WORDS:
        session.verdict(ref_of(0), right)
        (row,) = session.queue_page(Scope(refs=(ref_of(0),)), 0, 1)
        marks.add(example_line(row, 80, blind=True).plain[1])
    assert len(marks) == len(RIGHT_WORDS)


@pytest.mark.parametrize("choice", list(KEYS))
async def test_a_key_saves_blind_and_opens_the_same_example(
    console: OpenConsole, session: ReviewSession, store: Path, choice: str
) -> None:
    asked = session.asked(ref_of(0))
    assert asked is not None
    right = asked.right(choice)  # type: ignore[arg-type]
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        await pilot.press(KEYS[choice])
        text = await until(pilot, f"saved  {RIGHT_WORDS[right]}  {ref_of(0)}")
        assert "gold  escalation" in text
        assert f"you: {RIGHT_WORDS[right]} " in text
        assert all(f"{letter} {side}" in text for letter, side in zip("AB", asked.order or (), strict=True))
        (body,) = said(store, "verdict")
        assert (body["ref"], body["blind"], body["order"]) == (ref_of(0), True, list(asked.order or ()))
        assert body["seconds"] == pytest.approx(body["seconds"], abs=60)
        assert round(body["seconds"], 1) == body["seconds"]
        # The same key once more changes nothing: the verdict stays blind.
        await pilot.press(KEYS[choice])
        await until(pilot, "saved before")
        assert len(said(store, "verdict")) == 1


async def test_where_both_sides_answer_the_same_there_is_no_b(
    console: OpenConsole, session: ReviewSession, store: Path
) -> None:
    async with console() as pilot:
        await pilot.press("2")
        text = await at(pilot, "m03")
        assert "both sides answer the same" in text
        assert "a right" in text
        assert "n wrong" in text
        await pilot.press("b")
        await until(pilot, "there is no B")
        assert said(store, "verdict") == []
        await pilot.press("n")
        await until(pilot, "saved  neither is right")
        assert session.example(ref_of(3)).mine is not None


async def test_looking_first_is_possible_and_not_blind(
    console: OpenConsole, session: ReviewSession, store: Path
) -> None:
    asked = session.asked(ref_of(0))
    assert asked is not None
    assert asked.order is not None
    async with console() as pilot:
        await pilot.press("2")
        text = await at(pilot, "m00", look=True)
        assert "gold  escalation" in text
        assert f"A {asked.order[0]}" in text
        assert "looked first: a verdict on it will not be blind" in text
        # The page stays open for whoever comes back to it.
        await at(pilot, "m01")
        assert "gold" in await at(pilot, "m00")
        await pilot.press("b")
        await until(pilot, f"saved  {asked.order[1]} is right")
        (body,) = said(store, "verdict")
        assert body["blind"] is False
        assert "not blind" in shown(pilot.app)


@pytest.mark.parametrize("key", ["space", "m", "V", "F"])
async def test_whatever_shows_the_sides_looks_first(
    console: OpenConsole, session: ReviewSession, key: str
) -> None:
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        await pilot.press(key)
        await pilot.pause()
        if key != "V":
            await pilot.press("escape")
        await until(pilot, "looked first")
        assert "gold" in shown(pilot.app)


async def test_other_keys_leave_the_page_closed(console: OpenConsole, session: ReviewSession) -> None:
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        await pilot.press("equals_sign")
        await until(pilot, "answer first")
        await pilot.press("full_stop")
        await until(pilot, "answer first")
        for keys in (["i", *"mine", "enter"], ["c", *"titles", "enter"], ["tab"], ["y"], ["T"]):
            await pilot.press(*keys)
            await pilot.pause()
        assert "gold" not in shown(pilot.app)


async def test_a_known_answer_opens_with_its_answer_and_is_no_verdict(
    console: OpenConsole, session: ReviewSession, store: Path
) -> None:
    name = known_item(session)
    async with console() as pilot:
        await pilot.press("2")
        text = await at(pilot, name)
        assert not re.search("known|control", text)
        await pilot.press("a")
        text = await until(pilot, "saved  answered")
        assert "its answer was known beforehand" in text
        assert "gold" in text
        (body,) = said(store, "known_answer")
        assert body["given"] in ("true", "wrong")
        assert body["seconds"] is not None
        await pilot.press("b")
        await until(pilot, "there is nothing to judge")
        assert said(store, "verdict") == []
        assert session.progress()[0] == 1


async def test_looking_at_a_known_answer_counts_as_not_sure(
    console: OpenConsole, session: ReviewSession, store: Path
) -> None:
    name = known_item(session)
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, name)
        await pilot.press("space")
        await pilot.press("escape")
        await until(pilot, "its answer was known, so this counts as not sure")
        (body,) = said(store, "known_answer")
        assert body["given"] == "unsure"


async def test_after_an_undo_the_page_stays_open_and_a_verdict_is_not_blind(
    console: OpenConsole, session: ReviewSession, store: Path
) -> None:
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        await pilot.press("a")
        await until(pilot, "saved  ")
        await pilot.press("u")
        text = await until(pilot, "undone: verdict")
        assert "gold" in text
        await pilot.press("s")
        await until(pilot, "saved  not sure")
        assert [body["blind"] for body in said(store, "verdict")] == [True, False]
    page = AskedPage(session)
    session.undo()
    page.turn_to(session.example(ref_of(0)))
    assert not page.closed


async def test_an_example_that_comes_again_is_closed_and_turned_round(
    console: OpenConsole, session: ReviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = session.asked(ref_of(0))
    assert first is not None
    monkeypatch.setattr("analysis.review.reader.AGAIN_AMONG", 1)
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        await pilot.press("a")
        await until(pilot, "gold")
        session.verdict(ref_of(1), "unsure")
        session.verdict(ref_of(14), "unsure")
        again = session.asked(ref_of(0))
        assert again is not None
        assert again.order == (first.order or ())[::-1]
        text = await at(pilot, "m00")
        assert "gold" not in text
        await pilot.press("a")
        await until(pilot, f"saved  {again.order[0] if again.order else ''} is right")
        assert session.asked(ref_of(0)) is None


async def test_a_blocker_has_a_reason_and_blocks(console: OpenConsole, session: ReviewSession) -> None:
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        await pilot.press("B")
        await until(pilot, "must not ship, because")
        await pilot.press("enter")
        assert session.state().findings == ()
        await pilot.press("B", *"it sends people away", "enter")
        text = await until(pilot, f"saved  blocker  {ref_of(0)}")
        assert "gold" not in text
        (finding,) = session.state().findings
        assert (finding.severity, finding.refs) == ("blocker", (ref_of(0),))
        assert {gate.key: gate.verdict for gate in session.gates()}["review.findings"] == "fail"
        await pilot.press("1")
        await until(pilot, "BLOCKED")
        await pilot.press("u")
        await until(pilot, "undone: finding")


async def test_a_point_repeats_verdict_and_cause(console: OpenConsole, session: ReviewSession) -> None:
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00", look=True)
        await pilot.press("n", "c", *"titles", "enter")
        await until(pilot, "saved  cause")
        await at(pilot, "m01", look=True)
        await pilot.press("full_stop")
        await until(pilot, f"saved  neither is right  {ref_of(1)}")
        mine = session.example(ref_of(1)).mine
        assert mine is not None
        assert (mine.right, mine.cause, mine.blind) == ("neither", "titles", False)


async def test_a_point_gives_a_blind_verdict_the_last_cause(
    console: OpenConsole, session: ReviewSession
) -> None:
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        await pilot.press("n", "c", *"titles", "enter")
        await until(pilot, "saved  cause")
        await at(pilot, "m01")
        await pilot.press("e")
        await until(pilot, f"saved  both are right  {ref_of(1)}  . cause: titles")
        await pilot.press("full_stop")
        await until(pilot, f"saved  cause  {ref_of(1)}")
        mine = session.example(ref_of(1)).mine
        assert mine is not None
        assert (mine.right, mine.cause, mine.blind) == ("both", "titles", True)


async def test_capital_j_goes_round_all_that_is_undecided(
    console: OpenConsole, session: ReviewSession
) -> None:
    async with console() as pilot:
        await pilot.press("2")
        seen = set()
        for _ in range(session.queue_count(Scope()) + 1):
            await pilot.press("J")
            await pilot.pause()
            seen.add(pilot.app.screen.ref)  # type: ignore[attr-defined]
        # What must be judged comes again and again, and what is only worth a look not before it.
        assert len(seen) == session.progress()[1]
        assert {row.part for row in session.queue_page(Scope(refs=tuple(seen)), 0, 99)}.isdisjoint(
            {"worth a look"}
        )


async def test_what_decides_is_counted_and_can_be_asked_for(
    console: OpenConsole, session: ReviewSession
) -> None:
    wanted = f"{session.parts().decides} verdicts decide"
    async with console() as pilot:
        assert wanted in shown(pilot.app)
        await pilot.press("2")
        await until(pilot, wanted)
    titles = {choice.text: choice.value for choice in filter_choices(session)}
    scope = filtered(Scope(), titles["decides a gate"])
    assert session.queue_count(scope) == session.parts().decides
    assert session.queue_count(filtered(Scope(), titles["worth a look"])) == session.parts().worth_a_look
    assert not any("control" in title or "known" in title for title in titles)


@contextmanager
def opened(folder: Path, reviewer: str, **review: Any) -> Iterator[ReviewSession]:
    with ReviewSession.open(publish_review(folder / "intent.review", **review), reviewer) as session:
        yield session


async def test_a_review_that_is_not_blind_shows_everything_at_once(tmp_path: Path) -> None:
    with opened(tmp_path, "alice", blind=False) as session:
        async with AssayApp(session, Colours()).run_test(size=(80, 24)) as pilot:
            await pilot.press("2")
            text = await at(pilot, "m00")
            assert "gold  escalation" in text
            assert "Which label is right" in text
            assert "A base · B candidate" in text
            await pilot.press("a")
            await until(pilot, "saved  base is right")
            mine = session.example(ref_of(0)).mine
            assert mine is not None
            assert not mine.blind
            await pilot.press("o")
            assert "answered differ" in await until(pilot, "m17")


def test_long_and_many_lined_answers_wrap_and_lists_are_numbered(
    session: ReviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analysis.review.asked import Asked

    evidence = session.example(ref_of(0))
    page = AskedPage(session)
    page.turn_to(evidence)
    long = " ".join(f"word{number}" for number in range(80)) + "\nsecond\x1b[2Jpart"
    page.asked = Asked("Which may be sent?", ((long,), ("One", "Two 漫画")), SIDES)
    for width in (59, 79, 119, 199):
        lines = closed_lines(evidence, page, width)
        assert all(line.width <= width for line in lines)
        drawn = "".join(line.plain for line in lines)
        assert "word79" in drawn
        assert "1 One" in drawn
        assert "2 Two 漫画" in drawn
        assert "\x1b" not in drawn


async def test_others_are_shown_in_words_after_the_answer(
    console: OpenConsole, session: ReviewSession, store: Path
) -> None:
    said_elsewhere(store, "bob", ("verdict", ref_of(0), {"base": "right", "candidate": "wrong"}))
    session.poll()
    async with console(size=(80, 60)) as pilot:
        await pilot.press("2")
        assert "bob" not in await at(pilot, "m00")
        await pilot.press("s")
        await until(pilot, "bob (merged from elsewhere): base is right")
