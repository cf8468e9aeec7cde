"""The screens by name; each is imported when it is first shown, so that opening the console stays light."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from tui.screens.base import BaseScreen

CLASSES = {
    "overview": "tui.screens.overview:OverviewScreen",
    "review": "tui.screens.review:ReviewScreen",
    "gates": "tui.screens.gates:GatesScreen",
    "whatif": "tui.whatif.screen:WhatIfScreen",
    "probes": "tui.tracks.intent.probes_screen:ProbesScreen",
    "maps": "tui.tracks.retrieval.maps_screen:MapsScreen",
    "signoff": "tui.screens.signoff:SignoffScreen",
}


def make_screen(name: str) -> BaseScreen:
    """A new screen of that name. Raises KeyError."""
    module, _, kind = CLASSES[name].partition(":")
    return cast("BaseScreen", getattr(importlib.import_module(module), kind)())
