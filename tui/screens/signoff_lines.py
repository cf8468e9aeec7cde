"""The sign-off as lines: the report's fields a row each, what blocks, the findings, and the decision that stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.base.gate_records import GateResult
from analysis.base.people import shown_as
from analysis.base.review_records import DECISIONS, Decision
from analysis.plugin.report_fields import NINE
from analysis.review.evaluate import allow, blocking
from tui.draw.gate_lines import GATE_MARKS, by_urgency
from tui.draw.lines import Line, Target, first_rows, rule, text_line, wrapped, written
from tui.draw.number_text import plural

if TYPE_CHECKING:
    from analysis.base.review_records import FindingRecord

NAME_CELLS = 32
"""Cells of the names of the report's fields: the longest is never cut."""
NO_REASON = "not given yet: i writes it"
LABEL_CELLS = 12
DECISION_ROWS = 7
"""Rows of the decision, which are always on the screen."""
READING = "…"
"""Stands for what a field says while that is still read."""


@dataclass(frozen=True)
class Deciding:
    """What was chosen and written so far.

    Args:
        decision: None until one is chosen.
        reason: empty until one is written.
        recorded: whether exactly this is on the record.
        folder: name of the latest report of what is on the record; empty where there is none.
        signed_by: who signed the report of what is on the record.
        required: how many must.
        checked: what the last check of the report said; None where it was not checked.
    """

    decision: Decision | None
    reason: str
    recorded: bool
    folder: str
    signed_by: Sequence[str]
    required: int
    checked: bool | None

    @property
    def steps(self) -> list[tuple[str, str, bool]]:
        """Key, word and whether it is done, for each step to a report that is signed and checked."""
        return [
            ("p h r", self.decision or "decide", self.decision is not None),
            ("i", "reason", bool(self.reason.strip())),
            ("X", "export", self.recorded and bool(self.folder)),
            ("S", "sign", self.recorded and len(self.signed_by) >= self.required),
            ("C", "check", self.checked is True),
        ]


def field_lines(
    fields: Mapping[str, Sequence[str]] | None, opened: frozenset[str], shown: int, width: int
) -> list[Line]:
    """The fields of the report but the decision: number, name, what it says first, and how much it says.

    Args:
        fields: their sentences, the weightiest first; None while they are read.
        opened: the fields that are unfolded.
        shown: sentences of a folded field that there is room for, one at least.
        width: cells there are.
    """
    lines: list[Line] = []
    for number, name in enumerate(NINE[:-1], start=1):
        sentences = [READING] if fields is None else list(fields.get(name, ()))
        line = (
            Line(Target("choice", name)).add(f" {number} ", "dim").column(name, NAME_CELLS, "strong").add(" ")
        )
        count = f"{len(sentences)} ⏎"
        if name in opened:
            lines.append(line.end(count, width - 1, "key"))
            lines += [row for one in sentences for row in wrapped("   •", one, width, indent=5)]
            continue
        room = max(width - line.width - len(count) - 2, 1)
        lines.append(line.column(sentences[0] if sentences else "", room).end(count, width - 1, "key"))
        for one in sentences[1:shown]:
            lines.append(Line().to(NAME_CELLS + 4).column(one, max(width - NAME_CELLS - 6, 1), "dim"))
    return lines


def blocking_lines(gates: Sequence[GateResult], width: int) -> list[Line]:
    """The gates that keep the candidate back, each leading to itself."""
    against = by_urgency(blocking(gates))
    lines = [Line().add(" WHAT BLOCKS", "title").add(f"  {plural(len(against), 'gate')}", "number")]
    for gate in against:
        mark, style = GATE_MARKS[gate.verdict]
        line = Line(Target("gate", gate.key)).add("   ").add(mark, style).add(" ")
        lines.append(line.column(gate.key, max(width - 9, 10), "text").end("⏎", width - 1, "key"))
    return lines


def finding_lines(findings: Sequence[FindingRecord], gates: Sequence[GateResult], width: int) -> list[Line]:
    """The findings that move a gate, and apart from them those that move none."""
    keys = {gate.key for gate in gates if gate.blocking}
    lines: list[Line] = []
    for title, moves in (("Findings that move a gate", True), ("Findings that move no gate", False)):
        listed = [finding for finding in findings if (finding.gate in keys) is moves]
        lines.append(Line().add(f" {title}", "title").add(f"  {len(listed)}", "number"))
        for finding in listed:
            target = Target("examples", finding.event_id, finding.refs) if finding.refs else None
            head = Line(target).add("   ").add(f"{finding.severity} ", "warn")
            head.column(finding.gate or "no gate", max(width - head.width - 20, 10), "strong")
            lines.append(head.end(f"{plural(len(finding.refs), 'example')} ⏎", width - 1, "key"))
            said = f"“{finding.text}” {shown_as(finding.actor, finding.reviewer)}"
            said += f"; evidence: {finding.evidence or 'none named'}"
            lines += written("", said, width, indent=5)
    return lines


def decision_lines(
    gates: Sequence[GateResult], findings: Sequence[FindingRecord], made: Deciding, width: int
) -> list[Line]:
    """The decision, its reason, the report of it, and which step comes next: `DECISION_ROWS` rows."""
    against = blocking(gates)
    line = Line().add(f" {len(NINE)} ", "dim").column(NINE[-1], NAME_CELLS if width >= 76 else 17, "strong")
    for name in DECISIONS:
        possible = name != "promote" or allow(gates)
        if name == made.decision:
            line.add(f"[▸{name}]", "banner.good" if name == "promote" else "banner.bad")
        else:
            line.add(f"[ {name}]", "text" if possible else "faint")
        line.add(" ")
    lines = [rule(width), line.end("p h r", width - 1, "key")]
    counts = [
        f"{sum(one.verdict == verdict for one in against)} {verdict}"
        for verdict in ("fail", "unknown")
        if any(one.verdict == verdict for one in against)
    ]
    said = f"promote is not possible: {', '.join(counts)}" if against else "the gates allow promotion"
    lines.append(Line().add("   ").add(said, "bad" if against else "good"))
    style = "text" if made.reason.strip() else "warn"
    reason = written("   reason", made.reason.strip() or NO_REASON, width, indent=LABEL_CELLS, style=style)
    lines += first_rows(reason, 1, width)
    moving = sum(finding.gate in {gate.key for gate in gates if gate.blocking} for finding in findings)
    said = f"{moving} {'moves' if moving == 1 else 'move'} a gate, {len(findings) - moving} move none"
    lines.append(Line().column("   findings", LABEL_CELLS, "dim").add(said))
    names = ", ".join(made.signed_by) if made.recorded and made.signed_by else "UNSIGNED"
    report = Line().column("   report", LABEL_CELLS, "dim")
    if made.recorded:
        report.add(made.folder or "of this decision: none yet, X writes it")
        signers = f"  {names} ({len(made.signed_by)} of {made.required})"
        report.add(signers, "text" if made.signed_by else "warn")
    else:
        kept = made.decision or made.reason
        report.add("a draft: kept, not on the record; X records it" if kept else "not written", "warn")
    lines.append(report)
    return [*lines, _steps_line(made, width)]


def _steps_line(made: Deciding, width: int) -> Line:
    """The steps with their keys, and which one comes next."""
    steps = made.steps
    following = next((number for number, (_, _, done) in enumerate(steps, start=1) if not done), None)
    said = f"step {following} of {len(steps)}" if following else "all done"
    line = Line().add("─ ", "rule").add(said, "strong").add(" ─ ", "rule")
    for key, word, done in steps:
        sign, style = (" ✓ ", "good") if done else (" · ", "dim")
        line.add(f"{key} ", "key").add(word, "good" if done else "text").add(sign, style)
    return line.add("─" * (width - line.width), "rule")


def check_lines(results: Sequence[tuple[str, bool]], width: int) -> list[Line]:
    """What the last export, signature or check said, line by line."""
    if not results:
        return []
    lines = [rule(width), text_line(" LAST DONE", "title")]
    for text, ok in results:
        lines += wrapped("", text, width, indent=2, style="text" if ok else "bad")
    return lines
