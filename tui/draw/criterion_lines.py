"""What a gate looks at, row by row: a number, the limit that it is held against, and what follows of it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.draw.gate_lines import GATE_MARKS
from tui.draw.lines import Line, wrap
from tui.draw.number_text import value_with_interval

if TYPE_CHECKING:
    from analysis.base.gate_records import GateResult

VALUE_CELLS = 22
"""Cells of a number with its interval."""
NARROW = 76
"""Cells below which the limit stands under its row."""


def criterion_lines(gate: GateResult, width: int) -> list[Line]:
    """The criteria of a gate, one a row of `width` cells, each wrapped beneath itself where it is long."""
    lines: list[Line] = []
    for row in gate.criteria:
        mark, style = GATE_MARKS[row.verdict]
        value = value_with_interval(row.value, row.low, row.high, row.measures)
        wide = width >= NARROW
        limit_cells = max((width - VALUE_CELLS - 5) * 2 // 5, 14) if wide else 0
        cells = max(width - VALUE_CELLS - limit_cells - 6, 12)
        what = wrap(row.what, cells)
        limits = wrap(row.limit, limit_cells - 1) if wide and row.limit else []
        for number in range(max(len(what), len(limits))):
            first = number == 0
            line = Line().add(" ").add(mark if first else " ", style).add(" ")
            line.column(what[number] if number < len(what) else "", cells, "text").add(" ")
            line.column(value if first else "", VALUE_CELLS, "number").add(" ")
            lines.append(line.add(limits[number] if number < len(limits) else "", "dim"))
        if not wide and row.limit:
            lines += [Line().add("   ").add(part, "dim") for part in wrap(f"limit: {row.limit}", width - 4)]
    return lines


def criterion_sentences(gate: GateResult) -> list[str]:
    """The criteria of a gate as plain sentences."""
    said = []
    for row in gate.criteria:
        value = value_with_interval(row.value, row.low, row.high, row.measures)
        limit = f"; limit: {row.limit}" if row.limit else ""
        said.append(f"{row.verdict}: {row.what} {value}{limit}")
    return said
