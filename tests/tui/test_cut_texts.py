"""A text that is cut, and search in texts as they are read: in any width, case and form, marks and signs aside."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.plugin.registry import get
from analysis.plugin.report_fields import INSPECTED
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from analysis.text.searched import search_form
from tests.analysis.store_fixture import publish_review, ref_of
from tests.tui.reading import until
from tui.console.app import AssayApp
from tui.draw.highlight import HIT, highlighted, hits
from tui.draw.lines import Line
from tui.draw.theme import Colours
from tui.plugin.options import ViewOptions
from tui.plugin.registry import view_of

TEXTS = {
    1: "message 1 about escalation " + "message " * 70,
    3: unicodedata.normalize("NFD", "message 3 about escalation in a Café Noir"),
    5: "message 5 about escalation in a CAFÉ",
    7: "मुझे मदद message 7 about escalation",
    9: "担当者と話したい 9",
    11: "message 11 about Ｔｏｆｕ Wars",
    13: "message 13 about **Tofu** Wars",
    15: "message 15 about TOFU&nbsp;WARS",
    17: "message 17 about to\u200bfu wars",
    19: "message 19 about STRASSE",
    21: "message 21 about straße and ﬁgures",
}

TOFU = (11, 13, 15, 17)


@pytest.fixture
def cut(tmp_path: Path) -> Iterator[ReviewSession]:
    store = publish_review(tmp_path / "cut.review", texts=TEXTS)
    with ReviewSession.open(store, "alice") as opened:
        yield opened


def drawn(session: ReviewSession, number: int, width: int, height: int) -> str:
    lines = view_of("intent").example(session.example(ref_of(number)), ViewOptions(width, height, Colours()))
    assert all(line.width <= width for line in lines)
    return "\n".join(line.plain for line in lines)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 40), (160, 50)])
def test_a_cut_text_says_so(cut: ReviewSession, width: int, height: int) -> None:
    assert " cut   at 64 of 76 tokens on both sides" in drawn(cut, 1, width, height).splitlines()
    assert "of 76 tokens" not in drawn(cut, 3, width, height)


def test_the_summary_the_slice_and_the_report_say_so(cut: ReviewSession) -> None:
    summary = view_of("intent").summary(cut.example(ref_of(1)))
    assert "text: cut at 64 of 76 tokens on both sides" in summary
    assert [row.ref for row in cut.queue_page(Scope(slice="cut=yes", everything=True), 0, 9)] == [ref_of(1)]
    inspected = get("intent").report_sections(cut.connection, cut.gate_input())[INSPECTED]
    assert "messages cut at the 64 tokens that are read: 1 (base 1, candidate 1)" in inspected


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("written", ["Café", "café", "CAFÉ"])
def test_search_finds_accents_in_either_form(cut: ReviewSession, form: str, written: str) -> None:
    search = unicodedata.normalize(form, written)
    rows = cut.queue_page(Scope(search=search, everything=True), 0, 9)
    assert [row.ref for row in rows] == [ref_of(3), ref_of(5)]


def test_attributed_words_begin_with_letters(cut: ReviewSession) -> None:
    for number, least in ((7, 6), (9, 9)):
        evidence = cut.example(ref_of(number))
        text = evidence.example.text
        for entry in evidence.attributions:
            words = [text[start:end] for start, end in zip(entry.starts, entry.ends, strict=True)]
            assert len(words) <= least
            assert not [one for one in words if unicodedata.category(one[0]).startswith("M")]


async def test_search_finds_texts_as_they_are_read_and_shows_where(cut: ReviewSession) -> None:
    wanted = {
        "tofu wars": TOFU,
        "ＴＯＦＵ": TOFU,
        "Tofu  Wars".replace("  ", "\u00a0"): TOFU,
        "strasse": (19, 21),
        "figures": (21,),
        "**Tofu**": TOFU,
        "m11": (11,),
        "&nbsp;": (15,),
        "~~~": (),
    }
    for search, numbers in wanted.items():
        rows = cut.queue_page(Scope(search=search, everything=True), 0, 99)
        assert {row.ref for row in rows} >= {ref_of(number) for number in numbers}, search
        if numbers != (15,):
            assert len(rows) == len(numbers), search
    app = AssayApp(cut, Colours())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "slash", *"tofu w", "enter")
        await until(pilot, "“tofu w”")
        view = app.screen.query_one("#evidence")
        styled = [
            piece.text
            for line in view.lines  # type: ignore[attr-defined]
            for piece in line.pieces
            if piece.style == HIT
        ]
        assert styled
        assert search_form("".join(styled[:1])).startswith("tofu")


def test_hits_are_places_in_what_was_written() -> None:
    for text, search, found in (
        ("Ｔｏｆｕ Wars", "tofu", "Ｔｏｆｕ"),
        ("a **b**c", "bc", "b**c"),
        ("x STRAẞE", "strasse", "STRAẞE"),
        ("ﬁne", "i", "ﬁ"),
    ):
        ((start, end),) = hits(text, search_form(search))
        assert text[start:end] == found
    line = highlighted([Line().add(" base ", "dim").add("to the base")], "base")[0]
    assert [(piece.text, piece.style) for piece in line.pieces] == [
        (" base ", "dim"),
        ("to the ", "text"),
        ("base", HIT),
    ]
