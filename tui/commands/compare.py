"""`assay compare`: two candidates side by side, gate by gate."""

from __future__ import annotations

import argparse
import textwrap
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tui.commands.common import DONE, Add, open_session, say
from tui.draw.gate_lines import gate_value
from tui.draw.safe_text import cells, fit, printable

if TYPE_CHECKING:
    from analysis.base.gate_records import GateResult
    from analysis.review.session import ReviewSession

WIDTH = 100
MOST_KEY_CELLS = 44
LEAST_KEY_CELLS = 16


def add(to: Add) -> None:
    """Add the command."""
    compare = to("compare", _compare, "two candidates, gate by gate; what differs first")
    compare.add_argument("first", metavar="STORE", type=Path)
    compare.add_argument("second", metavar="STORE", type=Path)


def _compare(arguments: argparse.Namespace) -> int:
    with ExitStack() as opened:
        sessions = [
            opened.enter_context(open_session(store, read_only=True))
            for store in (arguments.first, arguments.second)
        ]
        for line in comparison_lines(sessions[0], sessions[1]):
            say(line)
    return DONE


def comparison_lines(first: ReviewSession, second: ReviewSession) -> list[str]:
    """Both reviews as lines: state and first cause of each, why they may not be compared, and the gates."""
    from analysis.review.compare import compared, what_differs

    lines: list[str] = []
    for letter, session in zip("AB", (first, second), strict=True):
        status = session.status()
        review = session.description["review"]
        lines.append(
            f"{letter}  {status['review']}  {review['candidate_version']} against {review['base_version']}  "
            f"run {status['run']}: {status['state'].upper()}"
        )
        causes = status["causes"][:1]
        said = causes[0]["said"] if causes else "no cause is told"
        lines += textwrap.wrap(printable(said), WIDTH, initial_indent="   ", subsequent_indent="   ")
    differences = what_differs(*(one.description["determined_by"] for one in (first, second)))
    if differences:
        lines += ["", "the numbers stand beside each other and are no comparison:"]
        lines += [f"   {said}" for said in differences]
    rows = compared(first.gates(), second.gates())
    keys = [cells(printable(row.key)) for row in rows]
    width = max(LEAST_KEY_CELLS, min(MOST_KEY_CELLS, max(keys, default=0)))
    half = (WIDTH - width - 4) // 2
    lines += ["", f"  {fit('', width)}  {fit('A', half)}B"]
    for row in rows:
        one, two = (_gate(gate, half) for gate in row.gates)
        lines.append(f"{'≠' if row.differs else ' '} {fit(printable(row.key), width)}  {one}{two}".rstrip())
    same = sum(not row.differs for row in rows)
    lines.append(f"{len(rows) - same} of {len(rows)} gates differ (≠)")
    return lines


def _gate(gate: GateResult | None, width: int) -> str:
    if gate is None:
        return fit("no such gate", width)
    return fit(gate.verdict if gate.value is None else f"{gate.verdict} {gate_value(gate)}", width)
