"""A second candidate beside the one under review: what its review says, gate by gate, wherever there is room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.review.compare import compared, what_differs
from tui.draw.gate_lines import GATE_MARKS, gate_value, verdict_of
from tui.draw.lines import Line, wrapped
from tui.draw.number_text import interval, places_of, value_text

if TYPE_CHECKING:
    from analysis.base.gate_records import GateResult
    from analysis.review.session import ReviewSession

VALUES_FROM = 70
"""Cells of a list of gates from which the other's value stands beside its mark."""
MARK_CELLS, VALUE_CELLS = 4, 14
"""Cells of the other's mark alone, and with its value."""


@dataclass(frozen=True)
class OtherCandidate:
    """The review of another candidate, as it was when the console was opened.

    Args:
        version: of the candidate.
        state: what may be done with it, in a word and what that means.
        cause: the first thing that went wrong; empty where no cause is told.
        differences: why the numbers of both are no comparison of the candidates; none where they are.
        gates: by key.
        differing: how many gates have another verdict in each review.
    """

    version: str
    state: str
    cause: str
    differences: tuple[str, ...]
    gates: Mapping[str, GateResult]
    differing: int

    @classmethod
    def of(cls, session: ReviewSession, other: ReviewSession) -> OtherCandidate:
        """What another review says, beside the one that is open.

        Args:
            session: the review that is open.
            other: the other one.
        """
        gates = other.gates()
        (word, meaning), _ = verdict_of(gates, other.gate_input().state.decision)
        causes = other.causes().causes
        described = (one.description["determined_by"] for one in (session, other))
        return cls(
            str(other.description["review"]["candidate_version"]),
            f"{word}: {meaning}" if meaning else word,
            causes[0].cause.sentence if causes else "",
            tuple(what_differs(*described)),
            {gate.key: gate for gate in gates},
            sum(row.differs for row in compared(session.gates(), gates)),
        )


def column_cells(other: OtherCandidate | None, width: int) -> int:
    """Cells that the other candidate takes of a list of gates that is `width` cells wide."""
    if other is None:
        return 0
    return VALUE_CELLS if width >= VALUES_FROM else MARK_CELLS


def with_other(lines: Iterable[Line], other: OtherCandidate | None, width: int) -> list[Line]:
    """Lines of a list of gates, each with what the other candidate's review says of that gate at its end.

    Args:
        lines: drawn for `width` less `column_cells`.
        other: the other candidate; without one the lines are as they were.
        width: cells there are.
    """
    lines = list(lines)
    if other is None:
        return lines
    cells = column_cells(other, width)
    for line in lines:
        if line.target is not None and line.target.kind == "gate":
            gate = other.gates.get(line.target.name)
            mark, style = GATE_MARKS[gate.verdict] if gate is not None else ("", "faint")
            line.to(width - cells).add(" │ ", "rule").add(mark, style)
            if gate is not None and gate.value is not None and cells == VALUE_CELLS:
                line.add(" ").column(value_text(gate.value, gate.measures), cells - 5, "number")
    return lines


def other_lines(other: OtherCandidate | None, width: int) -> list[Line]:
    """What Overview says of the other candidate; nothing where there is none."""
    if other is None:
        return []
    lines = [Line().add(f" BESIDE IT: {other.version}", "title").add(f"  {other.state}", "strong")]
    if other.cause:
        lines += wrapped("", other.cause, width, indent=3)
    for said in other.differences:
        lines += wrapped("", f"no comparison: {said}", width, indent=3, style="warn")
    said = f"{other.differing} of its gates say something else: see the last column of the gates"
    return lines + wrapped("", said, width, indent=3, style="dim")


def detail_of_other(gate: GateResult, other: OtherCandidate | None, width: int, indent: int) -> list[Line]:
    """What the detail of a gate says of the other candidate; nothing where there is none."""
    if other is None:
        return []
    found = other.gates.get(gate.key)
    if found is None:
        return wrapped(" beside", f"{other.version}: no such gate", width, indent=indent, style="dim")
    mark, style = GATE_MARKS[found.verdict]
    value = f"{gate_value(found)} {interval(found.low, found.high, places_of(found.value))}".strip()
    said = f"{other.version}: {mark} {found.verdict}" + (f" {value}" if found.value is not None else "")
    return wrapped(" beside", said, width, indent=indent, style=style)
