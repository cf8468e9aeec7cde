"""The page that asks of each answer by itself: every key, undo, looking first, known answers, lines and scripts."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from analysis.base.records import Side
from analysis.base.review_records import Answer
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import said_elsewhere, verdict_body
from tests.tui.reading import at, shown, until, until_true
from tests.tui.response_fixture import SPOILED, Asked, opened, publish_response, ref_of
from tui.cli import main
from tui.commands.plain import LABEL_PROMPT, run_plain
from tui.console.app import AssayApp
from tui.draw.theme import Colours
from tui.plugin.asked_page import AskedPage
from tui.plugin.label_page import label_lines
from tui.widgets.line_view import LineView

MORE = {
    f"q{number:02}": Asked(
        f"Is volume {number} in stock?",
        f"Volume {number} is in stock, and so is the next.",
        f"Yes, volume {number} is here, and there are more of it.",
        ("answer",),
    )
    for number in range(34)
}
"""So many prompts that some are left for known answers."""
ASKS = {
    "spoils": "tell what a reader should find out",
    "misstates": "say of a title",
    "overpromises": "promise what",
}
KEYS = {"yes": "plus", "no": "minus", "unsure": "s"}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all tests; each has a copy of it."""
    return publish_response(tmp_path_factory.mktemp("labelling"), prompts=MORE, votes=False)


@pytest.fixture
def store(published: Path, tmp_path: Path) -> Path:
    """A copy of that store."""
    return Path(shutil.copytree(published, tmp_path / published.name))


@asynccontextmanager
async def labelling(
    store: Path, name: str = "r027", size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Pilot[int]]:
    """The console on the page of a prompt."""
    with opened(store) as session:
        async with AssayApp(session, Colours()).run_test(size=size) as pilot:
            await pilot.press("4")
            await at(pilot, name)
            yield pilot


def page_of(pilot: Pilot[int]) -> AskedPage:
    return pilot.app.screen.page  # type: ignore[attr-defined, no-any-return]


def view_of(pilot: Pilot[int]) -> LineView:
    return pilot.app.screen.query_one("#evidence", LineView)


def said(store: Path, kind: str = "verdict") -> list[dict[str, Any]]:
    """The bodies of the events of one kind, each with its ref."""
    lines = [
        line
        for path in sorted(store.glob("events/*/*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    events = [json.loads(line) for line in lines]
    return [json.loads(one["body"]) | {"ref": one["ref"]} for one in events if one["kind"] == kind]


def standing(store: Path, ref: str = SPOILED) -> dict[str, tuple[str, str]]:
    """What alice says of an example now, base then candidate."""
    with opened(store) as session:
        mine = session.own_verdict(ref)
        return {name: (base, candidate) for name, base, candidate in mine.labels} if mine is not None else {}


def columns(store: Path, ref: str = SPOILED) -> list[str]:
    """The sides in the order in which alice sees them."""
    with opened(store) as session:
        asked = session.asked(ref)
        assert asked is not None
        return list(asked.order or ())


def known_item(store: Path) -> tuple[str, str, int]:
    """A known-answer item: its ref, what its wrong answer does, and the column of that."""
    with opened(store) as session:
        ref = next(row.ref for row in session.queue_page(Scope(), 0, 99) if row.part == "known answer")
        asked = session.asked(ref)
        assert asked is not None
        return ref, asked.does, int(asked.true_first)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 36), (200, 50)])
async def test_the_page_shows_text_answers_and_questions_whole_and_no_side(
    store: Path, size: tuple[int, int]
) -> None:
    async with labelling(store, size=size) as pilot:
        lines = view_of(pilot).lines
        drawn = " ".join(" ".join(line.plain.replace("·", " ").replace("[ ]", " ") for line in lines).split())
        for text in (
            "Recommend manga like Monster",
            "Does the answer …",
            "By the end the brother turns out",
            *ASKS.values(),
        ):
            assert text in drawn
        assert "find out for himself?" in drawn
        assert "contradicts or does not have?" in " ".join(drawn.split("promise what")[0].split())
        assert [line.target.name for line in lines if line.target is not None] == list(ASKS)
        assert all(line.width <= size[0] for line in lines)
        assert not any(
            word in drawn for word in ("base", "candidate", "cand ", "flag", "lead", "spoilers spoiler")
        )
        text = shown(pilot.app)
        assert "⏎ none (more) and next" in text
        assert "+ yes" in text
        assert "A is right" not in text
        assert "confirm" not in text


TITLE_ROW = "[c0041] Quiet Suspect · N. Urasawa · 18 volumes · price 9.99 · in stock"
POLICY_ROW = "delivery: three to five working days · within 5 days"


def drawn_on(pilot: Pilot[int]) -> str:
    """What the page says, as if it were one row."""
    return " ".join(" ".join(line.plain for line in view_of(pilot).lines).split())


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_below_the_row_of_the_cursor_stands_what_it_is_held_against(
    store: Path, size: tuple[int, int]
) -> None:
    async with labelling(store, size=size) as pilot:
        text = drawn_on(pilot)
        assert f"{TITLE_ROW} · not to be told: the brother is the killer" in text
        assert POLICY_ROW not in text
        await pilot.press("down", "down")
        await until_true(pilot, lambda: POLICY_ROW in drawn_on(pilot))
        assert TITLE_ROW not in drawn_on(pilot)
        assert "within 5 days" in " ".join(shown(pilot.app).split())
        assert not any(word in drawn_on(pilot) for word in ("base", "candidate", "contradicted", "lead"))


async def test_where_there_is_room_all_of_it_stands_between_answers_and_questions(store: Path) -> None:
    async with labelling(store, size=(200, 50)) as pilot:
        text = drawn_on(pilot)
        assert text.index("guaranteed!") < text.index(TITLE_ROW) < text.index("Does the answer")
        assert POLICY_ROW in text
        assert text.count(TITLE_ROW) == 1


def test_what_is_not_found_is_said(store: Path) -> None:
    with opened(store) as session:
        page = AskedPage(session)
        page.turn_to(session.example(ref_of("r002")))
        kinds = {one.kind: one.text for one in page.facts}
        assert kinds["catalogue"] == "no title of it is named here"
        assert kinds["policy"] == POLICY_ROW


def test_a_known_answer_is_held_against_what_is_shown_of_it_and_not_against_the_sides(store: Path) -> None:
    ref, _, _ = known_item(store)
    with opened(store) as session:
        page = AskedPage(session)
        page.turn_to(session.example(ref))
        shown_texts = " ".join(row for answer in page.asked.answers for row in answer)  # type: ignore[union-attr]
        catalogue = [one.text for one in page.facts if one.kind == "catalogue"]
        assert any("Quiet Suspect" in one for one in catalogue) == ("Quiet Suspect" in shown_texts)


def test_line_by_line_it_is_told_before_anything_is_answered(store: Path) -> None:
    told = plain(store, f"g {SPOILED}", "q").split(f"{SPOILED.partition('/')[2]} (")[1]
    before = told.split("sides, labels and")[0]
    assert f"catalogue: {TITLE_ROW}" in before
    assert f"policy: {POLICY_ROW}" in before
    assert "contradicted" not in before


async def test_keys_mark_cells_and_enter_says_no_to_the_rest_and_goes_on(store: Path) -> None:
    order = columns(store)
    async with labelling(store) as pilot:
        await pilot.press(
            "plus", "right", "plus", "down", "s", "down", "minus", "left", "left", "plus", "minus"
        )
        await until_true(pilot, lambda: page_of(pilot).grid.row == "overpromises")  # type: ignore[union-attr]
        row = next(line.plain for line in view_of(pilot).lines if line.plain.strip().startswith("promise"))
        assert row.split()[-2:] == ["[no]", "no"]
        await pilot.press("enter")
        text = await until(pilot, "k goes back to it")
        assert "saved  A: spoils · B: spoils, misstates?" in text
        assert pilot.app.screen.ref != SPOILED  # type: ignore[attr-defined]
        assert "Does the answer …" in text
        await pilot.press("k")
        text = await until(pilot, "you: labelled")
        assert pilot.app.screen.ref == SPOILED  # type: ignore[attr-defined]
    (body,) = said(store)
    assert (body["blind"], body["order"]) == (True, order)
    assert body["seconds"] is not None
    unsure = ("unsure", "no") if order[1] == "base" else ("no", "unsure")
    assert standing(store) == {"spoils": ("yes", "yes"), "misstates": unsure, "overpromises": ("no", "no")}


async def test_enter_alone_says_no_to_everything(store: Path) -> None:
    with opened(store) as session:
        ref = next(
            row.ref
            for row in session.queue_page(Scope(), 0, 99)
            if row.part != "known answer" and (asked := session.asked(row.ref)) and len(asked.answers) == 2
        )
        names = [one.name for one in session.asks(ref)]
    async with labelling(store, ref.partition(":")[2]) as pilot:
        await pilot.press("enter")
        await until(pilot, "saved  A: nothing · B: nothing")
    assert standing(store, ref) == dict.fromkeys(names, ("no", "no"))


async def test_a_mark_draws_the_changed_line_alone(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with labelling(store) as pilot:
        view = view_of(pilot)
        drawn: list[int] = []
        refresh = view.refresh_line

        def counted(y: int) -> None:
            drawn.append(y)
            refresh(y)

        monkeypatch.setattr(view, "refresh_line", counted)
        await pilot.press("plus")
        await pilot.pause()
        (number,) = set(drawn)
        assert view.lines[number].plain.split()[-2:] == ["[yes]", "·"]


@pytest.mark.parametrize("key", ["a", "b", "e", "n"])
async def test_a_choice_says_why_it_is_none(store: Path, key: str) -> None:
    async with labelling(store) as pilot:
        await pilot.press(key)
        await until(pilot, "each answer is asked by itself: + yes, - no, enter none of the rest")
        await pilot.press("v")
        await until(pilot, "looked first")
        await pilot.press(key)
        await until(pilot, "each answer is asked by itself: l asks again")
        keys = [
            piece.text
            for line in pilot.app.screen.query_one("#keys", LineView).lines
            for piece in line.pieces
        ]
        assert not {"a", "b", "e", "n", "s", "."} & set(keys)
    assert said(store) == []


async def test_alike_answers_have_one_column(store: Path) -> None:
    async with labelling(store, "r001") as pilot:
        assert "both sides answer the same" in shown(pilot.app)
        await pilot.press("right", "plus", "enter")
        await until(pilot, "saved  A: misstates; k goes")
    assert standing(store, ref_of("r001")) == {"misstates": ("yes", "yes"), "overpromises": ("no", "no")}


async def test_undo_shows_the_page_again_as_it_was_and_it_is_still_blind(store: Path) -> None:
    async with labelling(store) as pilot:
        await pilot.press("plus", "enter")
        await until(pilot, "k goes back to it")
        await pilot.press("u")
        text = await until(pilot, "undone: verdict")
        assert pilot.app.screen.ref == SPOILED  # type: ignore[attr-defined]
        assert "Does the answer …" in text
        assert "[yes]" in text
        await pilot.press("minus", "enter")
        await until(pilot, "saved  A: nothing · B: nothing")
        await pilot.press("U")
        await until(pilot, "nothing to redo")
    assert [body["blind"] for body in said(store)] == [True, True]
    assert standing(store)["spoils"] == ("no", "no")


async def test_once_the_open_page_was_seen_a_label_is_not_blind(store: Path) -> None:
    async with labelling(store) as pilot:
        await pilot.press("enter")
        await until(pilot, "k goes back to it")
        await pilot.press("k")
        await until(pilot, "you: labelled")
        await pilot.press("u")
        await until(pilot, "each answer is asked by itself: l")
        await pilot.press("l", "plus", "enter")
        await until(pilot, "you: labelled · not blind")
    assert [body["blind"] for body in said(store)] == [True, False]


async def test_looking_first_and_labelling_names_the_sides(store: Path) -> None:
    order = columns(store)
    async with labelling(store) as pilot:
        await pilot.press("plus")
        await pilot.press("v")
        await until(pilot, "looked first: a verdict on it will not be blind")
        await pilot.press("l")
        short = {"base": "base", "candidate": "cand"}
        text = await until(pilot, f"[A {short[order[0]]}]")
        assert f" B {short[order[1]]} " in text
        assert "[yes]" in text, "what was marked before is kept"
        await pilot.press("tab", "V", "D")
        await until(pilot, "esc leaves this page first")
        await pilot.press("escape")
        await until(pilot, "each answer is asked by itself: l")
        await pilot.press("l", "right", "s", "enter")
        await until(pilot, "saved  A: spoils · B: spoils?")
        assert pilot.app.screen.ref == SPOILED  # type: ignore[attr-defined]
    (body,) = said(store)
    assert body["blind"] is False
    assert set(standing(store)["spoils"]) == {"yes", "unsure"}


async def test_labels_are_mended_on_the_open_page(store: Path) -> None:
    with opened(store) as session:
        session.label_sides(SPOILED, {"spoils": {"base": "no", "candidate": "yes"}})
    async with labelling(store) as pilot:
        await until(pilot, "you: labelled · not blind")
        await pilot.press("l")
        text = await until(pilot, "Does the answer …")
        assert "yes" in next(row for row in text.splitlines() if ASKS["spoils"] in row)
        await pilot.press("enter")
        await until(pilot, "saved  ")
        await pilot.press("l", "enter")
        await until(pilot, "saved before")
        # The view's own keys go on working there.
        await pilot.press("plus")
        await until(pilot, "saved  confirmed  1 spoilers")
    whole = {"spoils": ("no", "yes"), "misstates": ("no", "no"), "overpromises": ("no", "no")}
    assert standing(store) == whole
    assert len(said(store)) == 2


async def test_a_known_answer_goes_through_the_same_page(store: Path) -> None:
    ref, does, column = known_item(store)
    async with labelling(store, ref.rpartition(":")[2]) as pilot:
        grid = page_of(pilot).grid
        assert grid is not None
        await pilot.press(
            *["down"] * [one.name for one in grid.asks].index(does), *["right"] * column, "plus", "enter"
        )
        text = await until(pilot, "k goes back to it")
        assert "known" not in text
        await pilot.press("k")
        await until(pilot, "its answer was known beforehand; you chose the right one")
        await pilot.press("l")
        await until(pilot, "the answer of this one is known")
    assert [one["given"] for one in said(store, "known_answer")] == ["true"]
    assert said(store) == []


async def test_looking_at_a_known_answer_counts_as_not_sure(store: Path) -> None:
    ref, _, _ = known_item(store)
    async with labelling(store, ref.rpartition(":")[2]) as pilot:
        await pilot.press("v")
        await until(pilot, "its answer was known, so this counts as not sure")
    assert [one["given"] for one in said(store, "known_answer")] == ["unsure"]


async def test_a_click_chooses_a_row_and_saves_nothing(store: Path) -> None:
    async with labelling(store) as pilot:
        view = view_of(pilot)
        number = next(
            place
            for place, line in enumerate(view.lines)
            if line.target is not None and line.target.name == "misstates"
        )
        for _ in range(3):
            await pilot.click("#evidence", offset=(5, number))
        await pilot.press("plus")
        await until_true(pilot, lambda: ("misstates", 0) in page_of(pilot).grid.said)  # type: ignore[union-attr]
        assert pilot.app.screen.ref == SPOILED  # type: ignore[attr-defined]
    assert said(store) == []


async def test_a_long_answer_is_read_with_the_cursor_before_the_questions(tmp_path: Path) -> None:
    long = " ".join(f"word{number}" for number in range(400))
    store = publish_response(
        tmp_path / "long", prompts={"long": Asked("Why?", long, f"No. {long}")}, votes=False
    )
    async with labelling(store, "long") as pilot:
        view = view_of(pilot)
        assert "Does the answer" not in shown(pilot.app)
        await pilot.press("down", "down")
        await until_true(pilot, lambda: view.scroll_offset.y == 2)
        assert view.target is not None
        assert view.target.name == "misstates"
        await pilot.press("plus")
        text = await until(pilot, "[yes]")
        assert ASKS["misstates"] in text


async def test_without_questions_the_keys_say_so_and_choices_are_asked_for(tmp_path: Path) -> None:
    from tests.analysis.store_fixture import publish_review

    store = publish_review(tmp_path / "intent.review")
    with ReviewSession.open(store, "alice") as session:
        async with AssayApp(session, Colours()).run_test(size=(80, 24)) as pilot:
            await pilot.press("2")
            await at(pilot, "m00")
            for key in ("plus", "minus", "l", "left"):
                await pilot.press("j", key)
                await until(pilot, "nothing is asked of each answer by itself here")
            await pilot.press("a")
            await until(pilot, "saved  ")


@pytest.mark.soak
async def test_every_key_of_the_page_does_something_and_breaks_nothing(store: Path) -> None:
    async with labelling(store) as pilot:
        app = pilot.app
        assert isinstance(app, AssayApp)
        for entry in app.actions.valid_on("review"):
            if entry.id != "app.quit":
                for key in entry.keys:
                    await pilot.press(key)
                    await pilot.press("escape", "4")
        await pilot.pause()
        assert app.failure is None


def test_what_was_labelled_in_a_previous_review_is_told_by_letter_and_said_again(tmp_path: Path) -> None:
    first = publish_response(tmp_path / "one", votes=False)
    with opened(first) as session:
        session.label_sides(SPOILED, {"spoils": {"base": "no", "candidate": "yes"}})
        session.label_sides(
            SPOILED, {name: {"base": "no", "candidate": "no"} for name in ("misstates", "overpromises")}
        )
    second = publish_response(
        tmp_path / "two", votes=False, prompts=dict(list(MORE.items())[:1]), review=f'previous = ["{first}"]'
    )
    order = columns(second)
    letter = "AB"[order.index("candidate")]
    with opened(second) as session:
        page = AskedPage(session)
        page.turn_to(session.example(SPOILED))
        said = (("", session.example(SPOILED).example.text),)
        text = " ".join(line.plain for line in label_lines(session.example(SPOILED), page, 120, 40, said))
        nothing = "BA"[order.index("candidate")]
        wanted = {letter: "spoils", nothing: "nothing"}
        assert f"you said: A: {wanted['A']} · B: {wanted['B']} · . says it again" in text
    printed = plain(second, f"g {SPOILED}", ".", "q")
    assert "as before" in printed
    assert standing(second)["spoils"] == ("no", "yes")


def plain(store: Path, *lines: str) -> str:
    """What is printed when these answers are given."""
    out = io.StringIO()
    assert run_plain(store, "alice", io.StringIO("".join(f"{line}\n" for line in lines)), out) == 0
    return out.getvalue()


def test_line_by_line_the_questions_are_numbered_and_l_labels(store: Path) -> None:
    order = columns(store)
    text = plain(store, f"g {SPOILED}", "l 1a 3B 2a?", "q")
    asked = text.split(f"{SPOILED.partition('/')[2]} (")[1]
    assert "1 tell what a reader should find out for himself?" in asked
    assert "3 promise what policy does not allow?" in asked
    assert LABEL_PROMPT in asked
    assert "saved: A: spoils, misstates? · B: overpromises" in text
    assert text.rpartition("saved: ")[2].count("(") >= 1, "the next one is shown"
    first = 0 if order[0] == "base" else 1
    labels = standing(store)
    assert labels["spoils"][first] == "yes"
    assert labels["spoils"][1 - first] == "no"
    assert labels["misstates"][first] == "unsure"
    assert labels["overpromises"][1 - first] == "yes"
    assert said(store)[0]["blind"] is True


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("l 9a", "'9a': the numbers go from 1 to 3"),
        ("l 0a", "the numbers go from 1 to 3"),
        ("l 1", "'1': of which answer?; 1a, 1b, or 1ab for both"),
        ("l one", "'one' is no label; 1a: yes to the first thing of A"),
        ("l 1c", "'1c' is no label"),
        ("l 1a 1ab", "'1ab': this was said already"),
        ("a", "each answer is asked by itself; l none of these"),
        (".", "there is no earlier verdict to confirm"),
    ],
)
def test_line_by_line_what_cannot_be_read_is_said(store: Path, words: str, why: str) -> None:
    assert f"not done: {why}" in plain(store, f"g {SPOILED}", words, "q").replace(
        "not done: '0a': ", "not done: "
    )
    assert said(store) == []


def test_line_by_line_alike_answers_need_no_letter(store: Path) -> None:
    text = plain(store, f"g {ref_of('r001')}", "l 1b", "l 1 2?", "q")
    assert "both sides answer the same: there is no B" in text
    assert "saved: A: misstates, overpromises?" in text
    assert standing(store, ref_of("r001"))["overpromises"] == ("unsure", "unsure")


def test_line_by_line_an_open_page_is_labelled_with_its_sides_named(store: Path) -> None:
    text = plain(store, f"g {SPOILED}", "v", "l 1ab", "l", "q")
    assert "saved: A: spoils · B: spoils" in text
    assert "your verdict: base: spoils · candidate: spoils · not blind" in text
    assert standing(store)["spoils"] == ("no", "no")
    assert [body["blind"] for body in said(store)] == [False, False]


def test_line_by_line_help_tells_the_letter(store: Path) -> None:
    assert "l 1a 3b 2a?" in plain(store, "?", "q")


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_script_labels_one_thing_at_a_time(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sides = ("--base", "no", "--candidate", "yes")
    status, out, _ = run(capsys, "label", store, "r027", "spoils", *sides)
    assert (status, out) == (0, f"saved: {SPOILED} spoils: base no, candidate yes\n")
    run(capsys, "label", store, SPOILED, "misstates", "--base", "unsure", "--candidate", "no")
    with ReviewSession.open(store) as session:
        mine = session.own_verdict(SPOILED)
        assert mine is not None
        assert {tuple(one) for one in mine.labels} == {("spoils", "no", "yes"), ("misstates", "unsure", "no")}
        assert not mine.blind
    status, _, err = run(capsys, "label", store, "r027", "spoyls", *sides)
    assert status == 2
    assert "'spoyls' is not asked here" in err
    assert "did you mean 'spoils'?" in err
    assert "'hands_over' is not asked here" in run(capsys, "label", store, "r027", "hands_over", *sides)[2]
    assert "there is no example 'r999'" in run(capsys, "label", store, "r999", "spoils", *sides)[2]
    ref, does, _ = known_item(store)
    assert "its answer is known: it has no sides" in run(capsys, "label", store, ref, does, *sides)[2]


def test_a_script_that_annotates_is_told_to_label(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "annotate", store, "r027", "--right", "base")
    assert status == 2
    assert "each answer is asked by itself" in err
    assert "assay label" in err
    assert said(store) == []


async def test_labels_that_differ_are_settled_by_a_key_line_by_line_and_by_a_script(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verdicts are the same, and what each answer does is not."""
    none: dict[str, dict[Side, Answer]] = {name: {"base": "no", "candidate": "no"} for name in ASKS}
    spoils: dict[Side, Answer] = {"base": "no", "candidate": "yes"}
    assert run(capsys, "settle", store, SPOILED, "--label", "spoils", "no", "yes")[0] == 2
    with opened(store) as session:
        session.label_sides(SPOILED, {**none, "spoils": spoils})
    labels = [[name, "no", "yes" if name == "misstates" else "no"] for name in ASKS]
    said_elsewhere(store, "bob", ("verdict", SPOILED, verdict_body("base", labels=labels)))
    async with labelling(store, size=(80, 50)) as pilot:
        await until(pilot, "reviewers disagree: = settles")
        await pilot.press("equals_sign")
        await until(pilot, "agreed on: spoils")
        await pilot.press("enter")
        text = await until(pilot, "agreed on: misstates")
        assert "base: no · candidate: yes" in text
        assert "bob says so" in text
        await pilot.press("enter")
        await until(pilot, "saved  settled: base: nothing · candidate: spoils")
        await pilot.press("u")
        await until(pilot, "reviewers disagree: = settles")
    text = plain(store, f"g {SPOILED}", "= 1b", "r", "u")
    assert "reviewers disagree; = 1a: yes to the first thing of A" in text
    assert text.count("settled: base: nothing · candidate: spoils") == 2
    misstates = ("--label", "misstates", "no", "no")
    status, _, err = run(capsys, "settle", store, SPOILED, *misstates)
    assert (status, "they do not agree on 'spoils'" in err) == (2, True)
    assert run(capsys, "settle", store, SPOILED, *misstates, "--label", "spoils", "no", "maybe")[0] == 2
    status, out, _ = run(capsys, "settle", store, SPOILED, *misstates, "--label", "spoils", "no", "yes")
    assert (status, "is settled, misstates: base no, candidate no; spoils: base no" in out) == (0, True)
    with opened(store) as session:
        (record,) = session.state().settlements
        assert [tuple(one) for one in record.labels][:2] == [
            ("spoils", "no", "yes"),
            ("misstates", "no", "no"),
        ]
