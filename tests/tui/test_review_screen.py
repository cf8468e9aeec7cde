"""The review screen: what is recorded, what is said, and what is never lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from analysis.base.errors import AssayError
from analysis.base.records import Attribution, Flag, MethodSpec
from analysis.plugin.flag import RANDOM_CONTROL
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import ref_of, said_elsewhere
from tests.tui.conftest import OpenConsole
from tests.tui.reading import at, shown, until
from tui.draw.theme import Colours
from tui.plugin.attributions import attribution_pairs, difference
from tui.plugin.common import flag_reasons
from tui.plugin.options import ViewOptions
from tui.plugin.registry import view_of
from tui.plugin.view import View
from tui.screens.review import gone_on
from tui.widgets.token_view import Word, token_lines


def events(store: Path) -> list[dict[str, object]]:
    """Every journal line, in order."""
    lines = [
        line for path in sorted(store.glob("events/*/*.jsonl")) for line in path.read_text().splitlines()
    ]
    return [json.loads(line) for line in lines]


async def test_it_never_says_saved_when_it_is_not(
    console: OpenConsole, session: ReviewSession, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssayError("the journal cannot be written: no space left", hint="free some space")

    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        monkeypatch.setattr(session, "verdict", refuse)
        monkeypatch.setattr(session, "cause", refuse)
        await pilot.press("a")
        text = await until(pilot, "no space left")
        assert "saved" not in text
        assert "hidden until you have answered" in text
        await pilot.press("c", *"titles", "enter")
        await until(pilot, "no space left")
        assert pilot.app.screen.query_one(Input).value == "titles"
        assert events(store) == []


async def test_undo_and_redo_say_what_they_did(console: OpenConsole, session: ReviewSession) -> None:
    needed = session.progress()[1]
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        await pilot.press("n", "u")
        text = await until(pilot, "undone: ")
        assert "verdict neither" in text
        assert session.progress() == (0, needed)
        await pilot.press("U")
        await until(pilot, "redone: ")
        assert session.progress() == (1, needed)
        await pilot.press("U")
        await until(pilot, "nothing to redo")


async def test_j_k_visit_all_and_capitals_only_the_undecided(
    console: OpenConsole, session: ReviewSession
) -> None:
    order = [row.id for row in session.queue_page(Scope(), 0, 4)]
    async with console() as pilot:
        await pilot.press("2", "j")
        await until(pilot, f":{order[1]}")
        session.answer(f"intent/message:{order[1]}", "unsure")
        await pilot.press("k")
        await until(pilot, f":{order[0]}")
        await pilot.press("J")
        assert "3/" in await until(pilot, f":{order[2]}")
        await pilot.press("K")
        await until(pilot, f":{order[0]}")
        await pilot.press("k")
        await until(pilot, "no earlier example")


async def test_cause_and_note_are_saved_and_shown(console: OpenConsole, store: Path) -> None:
    async with console(size=(80, 50)) as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        await pilot.press("n", "c", *"title names", "enter")
        await until(pilot, "saved  cause")
        await pilot.press("i", *"look again", "enter")
        text = await until(pilot, "saved  note")
        assert "cause title names" in text
        assert "look again" in text
        kinds = [event["kind"] for event in events(store)]
        assert [kind for kind in kinds if kind != "session"] == ["verdict", "cause", "note"]


async def test_escape_keeps_the_draft_and_the_next_i_goes_on(console: OpenConsole, store: Path) -> None:
    async with console() as pilot:
        await pilot.press("2", "i", *"half", "escape")
        await pilot.pause()
        assert [event for event in events(store) if event["kind"] == "note"] == []
        await pilot.press("j", "k")
        assert "draft" in await until(pilot, "half")
        await pilot.press("i")
        await pilot.pause()
        assert pilot.app.screen.query_one(Input).value == "half"


async def test_q_does_not_leave_while_text_is_unsaved(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("2", "i", *"quick")
        await pilot.pause()
        assert pilot.app.screen.query_one(Input).value == "quick"
        assert pilot.app.return_value is None


async def test_others_are_hidden_until_my_own_verdict(
    console: OpenConsole, store: Path, session: ReviewSession
) -> None:
    said = {"base": "right", "candidate": "wrong", "cause": "bobs cause"}
    said_elsewhere(store, "bob", ("verdict", ref_of(0), said))
    session.poll()
    async with console(size=(80, 50)) as pilot:
        await pilot.press("2")
        text = await at(pilot, "m00", look=True)
        assert "others: after you decide" in text
        assert "bob" not in text
        await pilot.press("s")
        await until(pilot, "bob (merged from elsewhere): base is right · not blind · bobs cause")


async def test_a_disagreement_is_settled_by_a_key_and_undone(
    console: OpenConsole, store: Path, session: ReviewSession
) -> None:
    async with console(size=(80, 50)) as pilot:
        await pilot.press("2")
        await at(pilot, "m00", look=True)
        await pilot.press("equals_sign")
        await until(pilot, "give your own verdict first")
        await pilot.press("n", "equals_sign")
        await until(pilot, "reviewers do not disagree on this example")
        said_elsewhere(store, "bob", ("verdict", ref_of(0), {"base": "wrong", "candidate": "right"}))
        session.poll()
        await pilot.press("j", "k")
        await until(pilot, "reviewers disagree: = settles")
        assert {gate.key: gate.verdict for gate in session.gates()}["review.findings"] == "unknown"
        await pilot.press("equals_sign")
        await until(pilot, "neither is right, bob: candidate is right)")
        await pilot.press(*"candidate", "enter")
        await until(pilot, "saved  settled  candidate is right")
        assert "settled: candidate is right" in shown(pilot.app)
        assert {gate.key: gate.verdict for gate in session.gates()}["review.findings"] == "pass"
        await pilot.press("u")
        await until(pilot, "reviewers disagree: = settles")
        assert session.state().settled == {}


async def test_the_question_of_the_track_is_asked_until_it_is_answered(console: OpenConsole) -> None:
    async with console(size=(80, 50)) as pilot:
        await pilot.press("2")
        await at(pilot, "m00", look=True)
        assert "Which label is right for this message?" in shown(pilot.app)
        await pilot.press("a")
        text = await until(pilot, "others: none yet")
        assert "Which label is right" not in text


async def test_brackets_walk_the_slices(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("2", "right_square_bracket")
        await until(pilot, "label=escalation ◆")
        await pilot.press("left_square_bracket")
        await until(pilot, "the queue")


async def test_search_filter_and_escape(console: OpenConsole, session: ReviewSession) -> None:
    total = session.queue_count(Scope())
    found = session.queue_count(Scope(search="small talk"))
    async with console() as pilot:
        await pilot.press("2", "slash", *"small talk", "enter")
        assert f"1/{found}" in await until(pilot, "“small talk”")
        await pilot.press("escape")
        assert f"/{total}" in await until(pilot, "the queue")
        await pilot.press("f")
        answered, needed = session.progress()
        text = await until(pilot, f"{needed - answered} must be answered")
        assert "decides a gate" in text
        assert "worth a look" in text
        assert RANDOM_CONTROL not in text
        await pilot.press(*"decides", "enter")
        assert f"1/{session.parts().decides}" in await until(pilot, "decides a gate  ")


def test_what_was_saved_is_told_before_the_way_back() -> None:
    remark = "what must be judged here is judged"
    assert gone_on("saved  A: spoils", "", 78) == "saved  A: spoils; k goes back to it"
    assert gone_on("saved  A: spoils", remark, 78) == f"saved  A: spoils; k goes back to it; {remark}"
    assert gone_on("saved  A: spoils · B: nothing", remark, 78) == f"saved  A: spoils · B: nothing; {remark}"
    cut = gone_on("saved  " + "A: misstates, " * 9, remark, 78)
    assert cut.startswith("saved  A: misstates")
    assert len(cut) == 78


async def test_escape_returns_to_the_screen_that_led_here_and_not_to_an_older_list(
    console: OpenConsole,
) -> None:
    async with console() as pilot:
        await pilot.press("2", "slash", *"small talk", "enter")
        await until(pilot, "“small talk”")
        await pilot.press("1")
        await until(pilot, "WHAT CHANGED")
        await pilot.press("g", *"m14", "enter")
        await until(pilot, "message:m14")
        await pilot.press("escape")
        await until(pilot, "WHAT CHANGED")


async def test_a_search_without_a_hit_leaves_a_way_back(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("2", "slash", *"zzzz", "enter")
        await until(pilot, "no example in this scope")
        await pilot.press("a")
        await until(pilot, "there is no example here")
        await pilot.press("escape")
        await until(pilot, "hidden until you have answered")


async def test_the_list_and_the_slice_popup_at_80_columns(
    console: OpenConsole, session: ReviewSession
) -> None:
    first, second = (row.id for row in session.queue_page(Scope(), 0, 2))
    async with console() as pilot:
        await pilot.press("2", "o")
        text = await until(pilot, second)
        assert first in text
        await pilot.press("down", "enter")
        await until(pilot, f"message:{second}")
        await pilot.press("t")
        await until(pilot, "names a title")
        await pilot.press(*"names", "enter")
        await until(pilot, "names a title  ")


async def test_tree_list_and_evidence_stand_side_by_side_at_200_columns(console: OpenConsole) -> None:
    async with console(size=(200, 50)) as pilot:
        await pilot.press("2")
        text = await until(pilot, "declared slices")
        assert "m23" in text
        assert "hidden until you have answered" in text
        lefts = [pilot.app.screen.query_one(f"#{name}").region.x for name in ("tree", "list", "evidence")]
        assert lefts == sorted(set(lefts))


async def test_marked_words_are_saved_as_character_offsets(console: OpenConsole, store: Path) -> None:
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        await pilot.press("m")
        await until(pilot, "mark words for the candidate")
        await pilot.press("space", "space", "enter")
        await until(pilot, "saved  marked words")
        (event,) = [event for event in events(store) if event["kind"] == "tokens"]
        assert json.loads(str(event["body"]))["tokens"] == [["candidate", 0, len("message 0")]]


async def test_a_finding_is_tied_to_the_gate_of_the_example(console: OpenConsole, store: Path) -> None:
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00", look=True)
        await pilot.press("F")
        text = await until(pilot, "moves gate")
        assert "intent.critical_recall[escalation]" in text
        await pilot.press("enter", "enter", "enter", "enter")
        await until(pilot, "a finding needs a sentence")
        await pilot.press("up", "up", "up", *"titles alone", "enter", "enter", "right", "enter", "enter")
        await until(pilot, "saved  finding")
        (event,) = [event for event in events(store) if event["kind"] == "finding"]
        body = json.loads(str(event["body"]))
        assert (body["text"], body["gate"], body["refs"], body["severity"]) == (
            "titles alone",
            "intent.critical_recall[escalation]",
            [ref_of(0)],
            "minor",
        )


async def test_enter_on_a_counterfactual_opens_it_and_escape_returns(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00", look=True)
        await until(pilot, "counterfactuals: p(escalation)")
        await pilot.press("enter")
        assert "variant:m00~" in await until(pilot, "a variant of intent")
        await pilot.press("escape")
        await until(pilot, "message:m00")


async def test_numbers_show_every_value_with_its_definition(console: OpenConsole) -> None:
    async with console(size=(100, 160)) as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        await pilot.press("space")
        text = await until(pilot, "COUNTERFACTUALS")
        for wanted in (
            "limit: completeness delta at most 5 %",
            "layer-wise relevance",
            "limit: p at most .10",
        ):
            assert wanted in text
        await pilot.press("space")
        await until(pilot, "gold")


async def test_side_and_method_keys_change_what_is_drawn(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00", look=True)
        await pilot.press("V")
        await until(pilot, "side: base")
        await pilot.press("V", "V")
        assert "diff" in await until(pilot, "side: difference")


def _attribution(side: str, method: str, target: str, scores: list[float]) -> Attribution:
    return Attribution(
        "r",
        side,
        method,
        target,
        [0, 4],
        [3, 7],
        scores,
        None,
        None,
        None,
        None,
        None,
        "ok",
        "",
        "{}",  # type: ignore[arg-type]
    )


def test_attributions_pair_by_method_and_target() -> None:
    rows = [
        _attribution("base", "occlusion", "returns", [0.5, 0.0]),
        _attribution("candidate", "occlusion", "escalation", [0.1, 0.9]),
        _attribution("base", "integrated_gradients", "returns", [0.5, 0.25]),
        _attribution("candidate", "integrated_gradients", "returns", [0.75, -0.25]),
    ]
    methods = {name: MethodSpec(name, name, "") for name in ("integrated_gradients", "occlusion")}
    first, second = attribution_pairs(rows, methods)
    assert (first.method, first.comparable, second.method, second.comparable) == (
        "integrated_gradients",
        True,
        "occlusion",
        False,
    )
    assert difference(first) == [Word(0, 3, 0.25), Word(4, 7, -0.5)]
    assert second.scale == 0.9


def test_what_a_method_refused_comes_last_whatever_its_place() -> None:
    refused = replace(
        _attribution("base", "lrp", "returns", [0.0, 0.0]), status="not interpretable", why="deberta"
    )
    rows = [
        refused,
        _attribution("candidate", "lrp", "returns", [0.5, 0.2]),
        *(_attribution(side, "occlusion", "returns", [0.5, 0.1]) for side in ("base", "candidate")),
    ]
    methods = {name: MethodSpec(name, name, "") for name in ("lrp", "occlusion")}
    assert [pair.method for pair in attribution_pairs(rows, methods)] == ["occlusion", "lrp"]
    assert [pair.method for pair in attribution_pairs(rows[1:], methods)] == ["lrp", "occlusion"]


@pytest.mark.parametrize("depth", ["truecolor", "256", "16", "none"])
def test_signs_are_marks_in_every_colour_mode(depth: str) -> None:
    colours = Colours(depth)  # type: ignore[arg-type]
    lines = token_lines(
        "bad day", [Word(0, 3, -0.9), Word(4, 7, 0.5)], 0.9, colours, label="", indent=2, width=40
    )
    assert lines[0].plain == "  bad day"
    assert lines[1].plain == "  −9  +6"


def test_wide_and_hostile_words_keep_their_marks_in_place() -> None:
    lines = token_lines(
        "漫画\x1b好", [Word(0, 2, 1.0), Word(3, 4, -1.0)], 1.0, Colours(), label="", indent=0, width=30
    )
    assert lines[0].plain == "漫画␛好"
    assert lines[1].plain == "+9   −9"


def test_long_texts_wrap_and_nothing_is_lost(session: ReviewSession) -> None:
    text = " ".join(f"word{number}" for number in range(60))
    words = [Word(match, match + 4, 0.1) for match in range(0, 200, 7)]
    lines = token_lines(text, words, 1.0, Colours(), label="x", indent=7, width=60)
    joined = "".join(line.plain[7:] for line in lines if "word" in line.plain)
    assert joined.replace(" ", "") == text.replace(" ", "")
    assert all(line.width <= 60 for line in lines)


def test_a_view_that_says_nothing_for_itself_shows_all_that_is_stored(session: ReviewSession) -> None:
    evidence = session.example(ref_of(0))
    lines = [line.plain for line in View("intent").example(evidence, ViewOptions(119, 40, Colours()))]
    assert any(evidence.example.text in line for line in lines)
    assert any("base: label escalation" in line for line in lines)
    assert any("grey, not licensed" in line for line in lines)
    assert "side, candidate: label returns" in " ".join(View("intent").summary(evidence))


def test_the_example_fits_24_rows(session: ReviewSession) -> None:
    for row in session.queue_page(Scope(), 0, 20):
        lines = view_of("intent").example(session.example(row.ref), ViewOptions(79, 20, Colours()))
        assert len(lines) <= 20
        assert all(line.width <= 80 for line in lines)


async def test_copy_without_a_terminal_writes_a_file(
    console: OpenConsole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with console() as pilot:
        await pilot.press("2")
        await at(pilot, "m00")
        await pilot.press("y")
        await until(pilot, "written to")
        (file,) = tmp_path.glob("assay-*.txt")
        assert file.read_text().startswith(ref_of(0))
        assert "written to" in shown(pilot.app)


def test_that_an_example_is_a_control_is_no_reason(session: ReviewSession) -> None:
    evidence = session.example(ref_of(0))
    drawn = Flag(ref_of(0), RANDOM_CONTROL, None, 1, None, control=True)
    words = flag_reasons(replace(evidence, flags=(drawn, *evidence.flags)))
    assert words == flag_reasons(evidence)
    assert evidence.flags[0].reason in words
