"""The table of actions: complete, without clashes, and the only source of keys."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from textual.binding import Binding

from tui.console.screens import screens_of
from tui.plugin.action import Action, ActionTable
from tui.plugin.frame_actions import FRAME_ACTIONS
from tui.plugin.key_table import markdown_table
from tui.plugin.registry import action_table, built_in, digits_of, view_of, views_of
from tui.plugin.view import View
from tui.screens.base import BaseScreen, opens_track
from tui.screens.form import FormScreen, OptionField
from tui.screens.key_bar import key_lines
from tui.screens.mark import MarkScreen
from tui.screens.pick import PickScreen, TextScreen
from tui.widgets.entry import Entry, SafeInput

VIEWS = views_of(built_in())
TABLE = action_table(FRAME_ACTIONS, VIEWS)
SCREENS = screens_of(VIEWS.values())
UNSAFE = {
    "ctrl+m",
    "ctrl+h",
    "ctrl+i",
    "ctrl+j",
    "ctrl+left_square_bracket",
    "shift+enter",
    "ctrl+s",
    "ctrl+a",
    "ctrl+b",
}


def class_of(screen: str) -> type[BaseScreen]:
    module, _, name = SCREENS[screen].partition(":")
    found = getattr(importlib.import_module(module), name)
    assert issubclass(found, BaseScreen)
    assert screen == found.NAME
    return found


def test_ids_are_unique_and_say_area_and_verb() -> None:
    identifiers = [entry.id for entry in TABLE]
    assert len(set(identifiers)) == len(identifiers)
    assert all(identifier.count(".") == 1 for identifier in identifiers)


def test_every_action_names_screens_that_there_are() -> None:
    assert {name for entry in TABLE for name in entry.screens} <= set(SCREENS)


SHARED = {
    ("review", "plus"): ["label.yes", "span.confirm"],
    ("review", "minus"): ["label.no", "span.refute"],
}
"""Keys of two actions of which one at most can be done at a time: a page asks of each answer, or of a span."""


@pytest.mark.parametrize("screen", SCREENS)
def test_no_key_means_two_things_on_one_screen(screen: str) -> None:
    keys = [key for entry in TABLE.valid_on(screen) for key in entry.keys]
    for key in {key for key in keys if keys.count(key) > 1}:
        found = [entry.id for entry in TABLE.valid_on(screen) if key in entry.keys]
        assert found == SHARED.get((screen, key)), key
    assert not set(keys) & UNSAFE
    assert not any(key.startswith("alt+") for key in keys)


DIALOGUES = (Entry, FormScreen, MarkScreen, OptionField, PickScreen, SafeInput, TextScreen)
"""What has keys of its own beside the table."""


def test_a_letter_means_one_thing_on_every_screen() -> None:
    meanings: dict[str, set[str]] = {}
    for entry in TABLE:
        for key in entry.keys:
            if len(key) == 1 or key.endswith("_bracket"):
                meanings.setdefault(key, set()).add(entry.meaning)
    for kind in DIALOGUES:
        for binding in kind.BINDINGS:
            assert isinstance(binding, Binding)
            for key in binding.key.split(","):
                if len(key) == 1:
                    meanings.setdefault(key, set()).add(
                        DIALOGUE_WORDS.get(binding.description, binding.description)
                    )
    assert {key: found for key, found in meanings.items() if len(found) > 1} == {}
    assert {"a", "b", "e", "n", "s", "i", "c", "w", "u", "v", "m", "q", "j", "S", "X"} <= set(meanings)


DIALOGUE_WORDS = {"down": "next", "up": "previous", "leave": "quit"}
"""What the keys of a dialogue are called there: q leaves it, as it leaves the console."""


@pytest.mark.parametrize("screen", SCREENS)
def test_every_action_has_its_method_on_the_screen_or_in_its_view(screen: str) -> None:
    kind = class_of(screen)
    for entry in TABLE.valid_on(screen):
        if not opens_track(entry):
            doer = kind if hasattr(kind, entry.method) or not entry.track else VIEWS[entry.track]
            assert callable(getattr(doer, entry.method)), entry.id
    assert len(TABLE.bindings(screen)) == len(TABLE.valid_on(screen))


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_key_line_fits_and_always_shows_help(screen: str, width: int) -> None:
    rows = class_of(screen).KEY_ROWS
    lines = key_lines(TABLE.key_line(screen), width, rows, lambda identifier: None)
    assert len(lines) == rows
    assert all(line.width <= width for line in lines)
    assert "? help" in " ".join(line.plain for line in lines)


def test_at_80_cells_no_key_row_is_crowded() -> None:
    for screen in SCREENS:
        for line in key_lines(TABLE.key_line(screen), 80, class_of(screen).KEY_ROWS, lambda identifier: None):
            assert len([piece for piece in line.pieces if piece.style == "key"]) <= 8


def test_the_most_used_keys_come_first() -> None:
    assert [entry.shown_key for entry in TABLE.key_line("review")[:5]] == ["a", "b", "e", "n", "s"]


def test_the_key_line_leaves_out_what_a_view_cannot_do_now() -> None:
    def blocked(identifier: str) -> str | None:
        return "not here" if identifier in ("span.next", "verdict.first") else None

    text = " ".join(line.plain for line in key_lines(TABLE.key_line("review"), 200, 2, blocked))
    assert "next span" not in text
    assert "A is right" in text


def test_the_table_of_keys_has_every_action() -> None:
    table = markdown_table()
    for entry in TABLE:
        assert entry.tooltip in table
        assert f"`{entry.shown_key}`" in table
    assert table.startswith("| key | does | where | id |\n|---|---|---|---|\n")
    assert markdown_table().strip() in (Path(__file__).parents[2] / "docs" / "keys.md").read_text("utf-8")


def test_an_unknown_action_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        TABLE["example.teleport"]


def view(track: str, key: str = "") -> View:
    made = View.__new__(View)
    made.track, made.key, made.name, made.tooltip = track, key, track, f"Examples of {track}."
    return made


def test_a_track_without_a_key_gets_the_first_that_is_free() -> None:
    assert digits_of([view("a"), view("b", "2"), view("c"), view("d")]) == {"b": "2", "a": "3", "c": "4"}
    assert digits_of([view("a", "3"), view("b", "3")]) == {"a": "3", "b": "2"}
    table = action_table((), {name: view(name) for name in "abcd"})
    assert [entry.keys for entry in table] == [("2",), ("3",), ("4",), ()]
    assert table.bindings("review")[-1].id == "track.c"


def test_two_actions_may_share_a_key_and_know_it() -> None:
    first = Action("one.do", ("p",), "one", "The first.", ("review",), track="a", about_example=True)
    second = Action("two.do", ("p",), "two", "The second.", ("review",), track="b", about_example=True)
    table = ActionTable([first, second, Action("three.do", ("q",), "three", "Another.")])
    assert table.sharing(first, "review") == [first, second]
    assert table.sharing(table["three.do"], "review") == [table["three.do"]]


def test_the_views_of_this_program_say_what_they_are() -> None:
    for track in built_in():
        own = view_of(track)
        assert (own.track, own.key) == (track, digits_of(VIEWS.values())[track])
        assert own.tooltip.endswith(".")
