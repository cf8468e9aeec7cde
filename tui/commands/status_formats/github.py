"""`assay status --format github`: a summary of at most forty lines, for `$GITHUB_STEP_SUMMARY`.

Where GitHub names a file by `GITHUB_OUTPUT`, the outputs of the step are appended to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.commands.status_format import StatusFormat
from tui.commands.status_formats.dotenv import write as outputs
from tui.commands.status_markdown import causes, facts, heading, table
from tui.commands.status_words import keeps_back, ordered

LINES = 40
CAUSES = 3
"""Causes that the summary names."""


def write(status: Mapping[str, Any]) -> str:
    """The summary: state, causes, and the gates that keep the candidate back, as many as there is room for."""
    against = [gate for gate in ordered(status) if keeps_back(gate)]
    lines = [*heading(status), *facts(status)]
    lines += ["", *causes(status, CAUSES)] if status["causes"] else []
    # A blank line and two of the table's head before, a blank line and how many there are more after.
    room = max(LINES - len(lines) - 5, 0)
    shown = table(against[:room])
    lines += ["", *shown] if shown else []
    lines += ["", f"and {len(against) - room} more that keep it back"] if len(against) > room else []
    return "\n".join(lines)


FORMAT = StatusFormat("github", write, {"GITHUB_OUTPUT": outputs})
