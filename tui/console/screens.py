"""The screens of a review by name; each is imported when it is first shown, so that opening the console stays light."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from textual.screen import Screen

from tui.plugin.console import EXAMPLES, GATES, OVERVIEW, SIGNOFF, WHATIF

if TYPE_CHECKING:
    from tui.plugin.action import ActionTable
    from tui.plugin.view import View
    from tui.screens.base import BaseScreen

FRAME_SCREENS = {
    OVERVIEW: "tui.screens.overview:OverviewScreen",
    EXAMPLES: "tui.screens.review:ReviewScreen",
    GATES: "tui.screens.gates:GatesScreen",
    SIGNOFF: "tui.screens.signoff:SignoffScreen",
    WHATIF: "tui.whatif.screen:WhatIfScreen",
}


def screens_of(views: Iterable[View]) -> dict[str, str]:
    """`module:Class` of each screen by name: those of every review, and those that the views bring."""
    return FRAME_SCREENS | {screen.name: screen.where for view in views for screen in view.screens()}


def make_screen(name: str, screens: Mapping[str, str], actions: ActionTable) -> BaseScreen:
    """A new screen of that name, with the keys of its actions. Raises KeyError."""
    module, _, kind = screens[name].partition(":")
    return with_keys(getattr(importlib.import_module(module), kind), actions)()


def with_keys(kind: type[BaseScreen], actions: ActionTable) -> type[BaseScreen]:
    """The class of a screen with the keys of its actions, after which those come that every Textual screen has."""
    bindings = [*actions.bindings(kind.NAME), *Screen.BINDINGS]
    return type(kind.__name__, (kind,), {"BINDINGS": bindings, "__module__": kind.__module__})
