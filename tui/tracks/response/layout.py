"""Room on the page of a prompt: where labels end, what counts as tall, and how what is too long is cut."""

from __future__ import annotations

from tui.draw.lines import Line

INDENT = 11
"""Cells of the labels at the left."""
TALL = 30
"""Rows from which passages and rates are shown whole."""


def cut(lines: list[Line], most: int) -> list[Line]:
    """At most so many lines, with a mark where some are left out; they leave two cells for it."""
    if len(lines) > most:
        lines[most - 1].add(" …", "dim")
    return lines[:most]
