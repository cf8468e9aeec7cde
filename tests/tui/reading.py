"""What is on the screen of a console under test."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual import events
from textual.app import App
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input

from tui.screens.example import ExampleScreen


def shown(app: App[int]) -> str:
    """The text of every visible widget without children, as it is drawn."""
    rows: list[str] = []
    for widget in app.screen.walk_children(Widget):
        if widget.region and widget.display and not list(widget.children) and widget.size.height:
            rows += [strip.text for strip in widget.render_lines(Region(0, 0, *widget.size))]
    return "\n".join(rows)


async def until(pilot: Pilot[int], text: str, seconds: float = 90.0) -> str:
    """Wait until some text is on the screen, and return the whole screen."""
    await until_true(pilot, lambda: text in shown(pilot.app), seconds)
    return shown(pilot.app)


async def until_true(pilot: Pilot[int], condition: Callable[[], bool], seconds: float = 90.0) -> None:
    """Wait until something is so; `pilot.pause` alone ends after a second, on a busy machine before all is drawn."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain:\n{shown(pilot.app)}"
        await pilot.pause(0.02)


async def at(pilot: Pilot[int], name: str, *, look: bool = False) -> str:
    """Go to an example by its id; `look` opens a page that is still closed. Returns the screen."""
    await pilot.press("g", *name, "enter")
    text = await until(pilot, f":{name}")
    if look:
        await pilot.press("v")
        text = await until(pilot, "looked first")
    return text


async def look(pilot: Pilot[int]) -> None:
    """Open the page of the example that is shown, if it is still closed."""
    await pilot.pause()
    screen = pilot.app.screen
    if isinstance(screen, ExampleScreen) and screen.page.closed:
        await pilot.press("v")
        await until(pilot, "looked first")


async def paste(pilot: Pilot[int], text: str) -> None:
    """Paste into the field that has the keys."""
    focused = pilot.app.focused
    assert isinstance(focused, Input)
    focused.post_message(events.Paste(text))
    await pilot.pause()
