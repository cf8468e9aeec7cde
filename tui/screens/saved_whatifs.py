"""The what-ifs that were saved with an example, a line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.base.records import SIDES
from analysis.review.whatif import saved_whatifs
from tui.draw.edit_sentence import edit_sentence
from tui.draw.lines import Line, wrapped
from tui.draw.safe_text import fit
from tui.plugin.common import INDENT
from tui.plugin.live_lines import SHORT_SIDES

if TYPE_CHECKING:
    from analysis.base.review_records import Event
    from tui.plugin.view import View

LONGEST_CHANGE = 120
"""Cells of a saved change that are shown."""


def saved_lines(history: Sequence[Event], original: str, view: View, width: int) -> list[Line]:
    """What was changed, and what both sides answered to it.

    Args:
        history: events on the example.
        original: its text.
        view: of its track.
        width: cells there are.
    """
    lines: list[Line] = []
    for one in saved_whatifs(history):
        said = ", ".join(f"{SHORT_SIDES[side]} {view.output_text(one.outputs[side])}" for side in SIDES)
        change = fit(edit_sentence(original, one.text), LONGEST_CHANGE).rstrip()
        lines += wrapped(" whatif", f"{change}: {said}", width, indent=INDENT + 1)
    return lines
