"""The key line: the most used keys of a screen, as many as fit, never cut in the middle."""

from __future__ import annotations

from collections.abc import Callable

from tui.draw.lines import Line
from tui.plugin.actions import action, key_line

ALWAYS = ("app.help", "app.palette")
"""Actions that the key line never leaves out."""


def key_lines(screen: str, width: int, rows: int, unavailable: Callable[[str], str | None]) -> list[Line]:
    """The key line of a screen.

    Args:
        screen: its name in the action table.
        width: cells there are.
        rows: lines there are.
        unavailable: why an action cannot be done now, or None; such actions are drawn faint.

    Returns:
        `rows` lines.
    """
    entries = [
        entry for entry in key_line(screen) if entry.id not in ALWAYS and entry.id != f"screen.{screen}"
    ]
    last = [action(identifier) for identifier in ALWAYS]
    reserved = sum(len(entry.shown_key) + len(entry.title) + 3 for entry in last)
    lines = [Line() for _ in range(rows)]
    number = 0
    for entry in [*entries, *last]:
        blocked = unavailable(entry.id) is not None
        if blocked and entry.track:
            # A key of another track would take the room of one that can be used.
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
