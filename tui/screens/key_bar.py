"""The key line: the most used keys of a screen, as many as fit, never cut in the middle; a click does what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.draw.lines import Line
from tui.draw.safe_text import cells
from tui.plugin.action import Action

ALWAYS = ("app.help", "app.palette")
"""Actions that the key line never leaves out."""


def key_rows(
    actions: Sequence[Action], width: int, rows: int, unavailable: Callable[[str], str | None]
) -> list[list[Action]]:
    """The actions of each row of the key line.

    Args:
        actions: those that it may show, most used first.
        width: cells there are.
        rows: lines there are.
        unavailable: why an action cannot be done now, or None; such actions of a view are left out, so that they take
            no room of one that can be used.
    """
    last = [entry for entry in actions if entry.id in ALWAYS]
    reserved = sum(_cells(entry) for entry in last)
    placed: list[list[Action]] = [[] for _ in range(rows)]
    number = 0
    for entry in [*(one for one in actions if one not in last), *last]:
        if entry.track and unavailable(entry.id) is not None:
            continue
        final = entry in last
        room = width - (reserved if number == rows - 1 and not final else 0)
        if sum(map(_cells, placed[number])) + _cells(entry) > room:
            if number < rows - 1:
                number += 1
            elif not final:
                continue
        placed[number].append(entry)
    return placed


def key_lines(
    actions: Sequence[Action], width: int, rows: int, unavailable: Callable[[str], str | None]
) -> list[Line]:
    """The key line of a screen, `rows` lines of it; what cannot be done now is drawn faint. Arguments as `key_rows`."""
    lines = []
    for placed in key_rows(actions, width, rows, unavailable):
        line = Line()
        for entry in placed:
            blocked = unavailable(entry.id) is not None
            line.add(" ").add(entry.shown_key, "faint" if blocked else "key")
            line.add(f" {entry.title} ", "faint" if blocked else "dim")
        lines.append(line)
    return lines


def action_at(placed: Sequence[Sequence[Action]], x: int, y: int) -> Action | None:
    """The action that is written at a cell of the key line; None where there is none."""
    end = 0
    for entry in placed[y] if 0 <= y < len(placed) else ():
        end += _cells(entry)
        if x < end:
            return entry
    return None


def _cells(entry: Action) -> int:
    return cells(entry.shown_key) + cells(entry.title) + 3
