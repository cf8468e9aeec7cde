"""Hostile text, cleaned and drawn through real widgets."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Label, Static

from tui.draw.safe_text import LIMIT, cells, fit, printable, printable_map, safe

PAYLOADS = {
    "OSC 52": "a\x1b]52;c;cm0gLXJm\x07b",
    "OSC 8": "a\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\b",
    "title": "a\x1b]0;owned\x07b",
    "clear screen": "a\x1b[2J\x1b[Hb",
    "DCS": "a\x1bP+q544e\x1b\\b",
    "C1 CSI": "a\x9b31mred\x9b0mb",
    "bidi": "a\u202etxt.exe\u202c\u2066b",
    "zero width": "pass\u200bword\u200d\ufeff",
    "tag characters": "a\U000e0001\U000e0041\U000e007fb",
    "NUL": "a\x00b",
    "backspace": "FAIL\b\b\b\bPASS",
    "carriage return": "FAIL\rPASS",
    "open markup": "[bold]a[/bold] [link=http://evil.example]b[/link] [INST]",
    "broken markup": "[/nope] [ [@click=app.quit]x",
    "lone surrogate": "a\ud800b\udfff",
    "line separators": "a\nb\u2028c\u2029d\x85e\x7f",
    "2 MB line": "ab\x1b[31m" * 280_000,
}
CONTROL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_printable_leaves_no_control(payload: str) -> None:
    shown = printable(payload)
    assert not {unicodedata.category(char) for char in shown} & CONTROL
    assert printable(shown, limit=10**7) == shown


def test_printable_shows_what_was_there() -> None:
    assert printable("a\x1b[2J\n\t\x00\x7f\r\b") == "a␛[2J⏎␉␀␡␍␈"
    assert (
        printable("\u202e\x9b\ud800\U000e0041\ue000\u0378")
        == "⟨U+202E⟩⟨U+009B⟩⟨U+D800⟩⟨U+E0041⟩⟨U+E000⟩⟨U+0378⟩"
    )
    assert (
        printable("Pokémon 進撃 \U0001f600 cafe\u0301 \u00a0[x]")
        == "Pokémon 進撃 \U0001f600 cafe\u0301 \u00a0[x]"
    )
    assert printable("") == ""


def test_long_text_is_cut_with_a_count() -> None:
    assert printable("x" * LIMIT) == "x" * LIMIT
    assert printable("abc\x00def", limit=4) == "abc␀… (+3 characters)"
    assert len(printable(PAYLOADS["2 MB line"])) == LIMIT + len("… (+1940000 characters)")


def test_map_places_spans() -> None:
    text = "a\u202eb\x1bc"
    shown, offsets = printable_map(text)
    assert shown == printable(text) == "a⟨U+202E⟩b␛c"
    assert [shown[offsets[i] : offsets[i + 1]] for i in range(len(text))] == ["a", "⟨U+202E⟩", "b", "␛", "c"]
    shown, offsets = printable_map("abc\x00def", limit=4)
    assert shown == printable("abc\x00def", limit=4)
    assert offsets == [0, 1, 2, 3, 4, 4, 4, 4]


@given(st.text(alphabet=st.characters(), max_size=60), st.integers(min_value=0, max_value=70))
def test_map_agrees_with_printable(text: str, limit: int) -> None:
    shown, offsets = printable_map(text, limit)
    assert shown == printable(text, limit)
    assert len(offsets) == len(text) + 1
    pieces = [shown[offsets[i] : offsets[i + 1]] for i in range(min(len(text), limit))]
    assert pieces == [printable(char) for char in text[:limit]]


@given(st.text(alphabet=st.characters(), max_size=40), st.integers(min_value=0, max_value=50))
def test_fit_has_exactly_the_width(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width


def test_fit_pads_cuts_and_respects_wide_characters() -> None:
    assert fit("abc", 5) == "abc  "
    assert fit("abcdef", 4) == "abc…"
    assert fit("進撃の巨人", 6) == "進撃 …"
    assert fit("進撃", 4) == "進撃"
    assert fit("abc", 1) == "…"
    assert fit("abc", 0) == ""
    assert cells("進a\x00") == 4


class Drawn(App[None]):
    """The payload in the widgets that show data: whole, styled, and in a line of fixed width."""

    def __init__(self, payload: str) -> None:
        super().__init__()
        self.payload = payload

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(safe(self.payload), id="static")
            yield Label(safe(self.payload, "bold"), id="label")
            yield Static(Content(fit(self.payload, 30)), id="fitted")


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
async def test_widgets_draw_it_literally(payload: str) -> None:
    app = Drawn(payload)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for name in ("#static", "#label", "#fitted"):
            widget = app.query_one(name)
            drawn = "".join(
                segment.text for line in range(widget.size.height) for segment in widget.render_line(line)
            )
            assert not {unicodedata.category(char) for char in drawn} & CONTROL
            expected = fit(payload, 30) if name == "#fitted" else printable(payload)
            assert re.sub(r"\s", "", drawn) == re.sub(r"\s", "", expected)
        screen = "".join(
            segment.text for strip in app.screen._compositor.render_strips() for segment in strip
        )
        assert not {unicodedata.category(char) for char in screen} & CONTROL


async def test_styles_are_ours() -> None:
    app = Drawn("[red]x[/red]")
    async with app.run_test() as pilot:
        await pilot.pause()
        drawn = [segment for segment in app.query_one("#label").render_line(0) if segment.text.strip()]
        assert [segment.text for segment in drawn] == ["[red]x[/red]"]
        assert drawn[0].style is not None
        assert drawn[0].style.bold
