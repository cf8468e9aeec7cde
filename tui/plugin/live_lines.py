"""What both models answer to one text, of whatever kind their answers are: numbers and labels by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.base.records import SIDES, Side
from tui.draw.lines import Line, wrapped
from tui.draw.number_text import figure, signed

Outputs = Mapping[Side, Mapping[str, Any]]
"""By side, what the track's `live_output` names."""
SHORT_SIDES: Mapping[Side, str] = {"base": "base", "candidate": "cand"}
INDENT = 10
"""Cells of the labels at the left."""


def answer_lines(outputs: Outputs, before: Outputs | None, width: int) -> list[Line]:
    """One paragraph for each side: every number and label of its answer, a number with its change.

    Args:
        outputs: what both sides answer.
        before: what they answered to the text before it was changed.
        width: cells there are.
    """
    lines: list[Line] = []
    for side in SIDES:
        said = " · ".join(
            f"{name.replace('_', ' ')} {_value(value, None if before is None else before[side].get(name))}"
            for name, value in outputs[side].items()
        )
        changed = before is not None and before[side] != outputs[side]
        lines += wrapped(
            f" {SHORT_SIDES[side]}", said, width, indent=INDENT, style="warn" if changed else "text"
        )
    return lines


def change_sentence(before: Outputs, after: Outputs) -> tuple[str, str]:
    """What became of both answers: which sides say something else, and what the candidate says now."""
    changed = [side for side in SIDES if before[side] != after[side]]
    if not changed:
        return "both answer as before", "text"
    sentence = "both answers change" if len(changed) > 1 else f"the {changed[0]}'s answer changes"
    moves = [
        f"{SHORT_SIDES[side]} {output_text(before[side])} → {output_text(after[side])}" for side in changed
    ]
    return f"{sentence}: {', '.join(moves)}", "warn"


def output_text(output: Mapping[str, Any]) -> str:
    """One side's answer in a word or two: the first label of it, else its first number."""
    values = list(output.values())
    label = next((value for value in values if isinstance(value, str)), None)
    return label if label is not None else _value(values[0], None) if values else "–"


def _value(value: Any, before: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value is None else str(value)
    moved = isinstance(before, int | float) and not isinstance(before, bool) and before != value
    return f"{figure(value)} ({signed(value - before)})" if moved else figure(value)
