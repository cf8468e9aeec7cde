"""The key line: the most used keys of a screen, as many as fit, never cut in the middle."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.draw.lines import Line
from tui.plugin.action import Action

ALWAYS = ("app.help", "app.palette")
"""Actions that the key line never leaves out."""


def key_lines(
    actions: Sequence[Action], width: int, rows: int, unavailable: Callable[[str], str | None]
) -> list[Line]:
    """The key line of a screen.

    Args:
        actions: those that it may show, most used first.
        width: cells there are.
        rows: lines there are.
        unavailable: why an action cannot be done now, or None; such actions are drawn faint, and those of a view not
            at all, so that they take no room of one that can be used.

    Returns:
        `rows` lines.
    """
    last = [entry for entry in actions if entry.id in ALWAYS]
    reserved = sum(len(entry.shown_key) + len(entry.title) + 3 for entry in last)
    lines = [Line() for _ in range(rows)]
    number = 0
    for entry in [*(one for one in actions if one not in last), *last]:
        blocked = unavailable(entry.id) is not None
        if blocked and entry.track:
            continue
        cells = len(entry.shown_key) + len(entry.title) + 3
        final = entry in last
        room = width - (reserved if number == rows - 1 and not final else 0)
        if lines[number].width + cells > room:
            if number < rows - 1:
                number += 1
            elif not final:
                continue
        lines[number].add(" ").add(entry.shown_key, "faint" if blocked else "key")
        lines[number].add(f" {entry.title} ", "faint" if blocked else "dim")
    return lines
