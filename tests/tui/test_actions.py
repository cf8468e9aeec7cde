"""The action table: complete, without clashes, and the only source of keys."""

from __future__ import annotations

import pytest

from tui.plugin.actions import ACTIONS, SCREENS, action, bindings, key_line, markdown_table, valid_on
from tui.screens.base import BaseScreen
from tui.screens.gates import GatesScreen
from tui.screens.key_bar import key_lines
from tui.screens.overview import OverviewScreen
from tui.screens.review import ReviewScreen
from tui.screens.signoff import SignoffScreen
from tui.tracks.intent.probes_screen import ProbesScreen
from tui.tracks.retrieval.maps_screen import MapsScreen
from tui.whatif.screen import WhatIfScreen

CLASSES: dict[str, type[BaseScreen]] = {
    "overview": OverviewScreen,
    "review": ReviewScreen,
    "gates": GatesScreen,
    "signoff": SignoffScreen,
    "probes": ProbesScreen,
    "whatif": WhatIfScreen,
    "maps": MapsScreen,
}
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


def test_ids_are_unique_and_say_area_and_verb() -> None:
    identifiers = [entry.id for entry in ACTIONS]
    assert len(set(identifiers)) == len(identifiers)
    assert all(identifier.count(".") == 1 for identifier in identifiers)


@pytest.mark.parametrize("screen", SCREENS)
def test_no_key_means_two_things_on_one_screen(screen: str) -> None:
    keys = [key for entry in valid_on(screen) for key in entry.keys]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & UNSAFE
    assert not any(key.startswith("alt+") for key in keys)


@pytest.mark.parametrize("screen", SCREENS)
def test_every_action_has_its_method(screen: str) -> None:
    for entry in valid_on(screen):
        assert callable(getattr(CLASSES[screen], entry.method)), entry.id
    assert len(bindings(screen)) == len(valid_on(screen))


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_key_line_fits_and_always_shows_help(screen: str, width: int) -> None:
    rows = CLASSES[screen].KEY_ROWS
    lines = key_lines(screen, width, rows, lambda identifier: None)
    assert len(lines) == rows
    assert all(line.width <= width for line in lines)
    assert "? help" in " ".join(line.plain for line in lines)


def test_at_80_cells_no_key_row_is_crowded() -> None:
    for screen in SCREENS:
        for line in key_lines(screen, 80, CLASSES[screen].KEY_ROWS, lambda identifier: None):
            assert len([piece for piece in line.pieces if piece.style == "key"]) <= 8


def test_the_most_used_keys_come_first() -> None:
    assert [entry.shown_key for entry in key_line("review")[:4]] == ["a", "x", "s", "l"]


def test_the_markdown_table_has_every_action() -> None:
    table = markdown_table()
    for entry in ACTIONS:
        assert entry.tooltip in table
        assert f"`{entry.shown_key}`" in table
    assert table.startswith("| key | does | where |\n|---|---|---|\n")


def test_an_unknown_action_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        action("example.teleport")
