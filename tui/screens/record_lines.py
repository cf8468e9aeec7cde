"""What is wrong with the record, as lines: it stands first wherever something is decided on it."""

from __future__ import annotations

from collections.abc import Sequence

from tui.draw.lines import Line, wrapped


def record_lines(alarms: Sequence[str], width: int) -> list[Line]:
    """What is missing, set aside, or accepted as lost, each whole."""
    return [line for one in alarms for line in wrapped(" record", one, width, indent=8, style="bad")]
