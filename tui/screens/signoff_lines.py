"""The parts of the sign-off below the report's fields: the decision, what was recorded of it, and the findings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.base.gate_records import GateResult
from analysis.base.people import shown_as
from analysis.base.review_records import DECISIONS, Decision
from analysis.review.evaluate import allow
from tui.draw.gate_lines import GATE_MARKS
from tui.draw.lines import Line, Target, text_line, wrapped
from tui.draw.number_text import plural

if TYPE_CHECKING:
    from analysis.review.session import ReviewSession

INDENT = 23
"""Cells of the names of the report's fields."""
NO_REASON = "not given yet"


def decision_lines(
    gates: Sequence[GateResult], decision: Decision | None, reason: str, width: int
) -> list[Line]:
    """The three decisions, which of them is possible and chosen, what blocks promotion, and the reason."""
    line = Line().column(" Release decision", INDENT, "dim")
    for name in DECISIONS:
        possible = name != "promote" or allow(gates)
        if name == decision:
            line.add(f"[▸{name}]", "banner.good" if name == "promote" else "banner.bad")
        else:
            line.add(f"[ {name}]", "text" if possible else "faint")
        line.add("  ")
    lines = [line.end("p h r", width - 1, "key")]
    if not allow(gates):
        blocking = [gate for gate in gates if gate.blocking and not allow([gate])]
        target = Target("gate", blocking[0].key)
        text = f"promote is not possible: {plural(len(blocking), 'gate')} block"
        lines.append(Line(target).add(" ").add(text, "bad").end("gates ⏎", width - 1, "key"))
        for gate in blocking[:6]:
            mark, style = GATE_MARKS[gate.verdict]
            lines.append(
                Line().add("   ").add(mark, style).add(" ").column(gate.key, max(width - 8, 10), "dim")
            )
        if len(blocking) > 6:
            lines.append(text_line(f"     and {len(blocking) - 6} more", "dim"))
    return lines + wrapped(
        " reason", reason or NO_REASON, width, indent=9, style="text" if reason else "warn"
    )


def finding_lines(session: ReviewSession, width: int) -> list[Line]:
    """The findings that move a gate, and apart from them those that move none."""
    blocking = {gate.key for gate in session.gates() if gate.blocking}
    findings = session.gate_input().state.findings
    lines: list[Line] = []
    for title, moves in (("Findings that move a gate", True), ("Findings that move no gate", False)):
        listed = [finding for finding in findings if (finding.gate in blocking) is moves]
        lines.append(Line().add(f" {title}", "title").add(f"  {len(listed)}", "number"))
        for finding in listed:
            target = Target("examples", finding.event_id, finding.refs) if finding.refs else None
            head = Line(target).add("   ").add(f"{finding.severity} ", "warn")
            head.column(finding.gate or "no gate", max(width - head.width - 14, 10), "strong")
            lines.append(head.end(f"{len(finding.refs)} ex. ⏎", width - 1, "key"))
            said = f"“{finding.text}” {shown_as(finding.actor, finding.reviewer)}"
            said += f"; evidence: {finding.evidence or 'none named'}"
            lines += wrapped("", said, width, indent=5)
    return lines


def state_lines(session: ReviewSession, folder: Path | None, width: int) -> list[Line]:
    """What was decided last, who signed it, and where its report is."""
    given = session.gate_input()
    signed_by = session.status()["signed_by"]
    required = session.description["review"].get("signers_required") or 1
    lines: list[Line] = []
    if given.state.decision is not None:
        decided = given.state.decision
        lines += wrapped(
            " decided",
            f"{decided.decision} by {shown_as(decided.actor, decided.reviewer)}: {decided.reason}",
            width,
            indent=10,
        )
    names = ", ".join(signed_by) if signed_by else "UNSIGNED"
    lines += wrapped(
        " signed",
        f"{names} ({len(signed_by)} of {required})",
        width,
        indent=10,
        style="text" if signed_by else "warn",
    )
    if folder is not None:
        lines += wrapped(" report", str(folder), width, indent=10)
    return lines
