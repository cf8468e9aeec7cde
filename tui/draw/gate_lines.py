"""How gates and the verdict of a review are written, wherever they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.base.gate_records import URGENCY
from tui.draw.lines import Line, Target, wrap
from tui.draw.number_text import IMPROVEMENT_MARKS, PLAIN_UNITS, improvement, interval, plural, value_text
from tui.draw.safe_text import fit

if TYPE_CHECKING:
    from analysis.base.gate_records import GateResult
    from analysis.base.review_records import DecisionRecord
    from analysis.review.causes import Folded, FoldedCause
    from analysis.review.queries import ExampleEvidence

GATE_MARKS = {
    "fail": ("✗", "bad"),
    "unknown": ("?", "warn"),
    "warn": ("!", "warn"),
    "waived": ("≈", "warn"),
    "undecided": ("◌", "warn"),
    "pass": ("✓", "good"),
    "off": ("○", "dim"),
    "n/a": ("–", "faint"),
}
"""Mark and style of each gate verdict."""


def by_urgency(gates: Sequence[GateResult]) -> list[GateResult]:
    """Gates with what blocks first."""
    return sorted(gates, key=lambda gate: (URGENCY.index(gate.verdict), not gate.blocking))


def flagged_gate(evidence: ExampleEvidence, gates: Sequence[GateResult]) -> str | None:
    """Key of the most urgent gate that an example is flagged for; None where there is none."""
    flagged = {flag.gate for flag in evidence.flags}
    return next((gate.key for gate in by_urgency(gates) if gate.key in flagged), None)


def state_words(state: str, decision: str | None, *, gates_allow: bool) -> tuple[str, str]:
    """The state of a review, in the same words on every screen and in `assay status`: a word, and what it means.

    Args:
        state: as `analysis.review.evaluate.state_of` has it.
        decision: what was decided; None where nothing was.
        gates_allow: whether the gates allow promotion.
    """
    if state == "decided":
        return f"DECIDED: {decision}", ""
    if state == "waiting":
        said = "the gates allow promotion, not decided yet" if gates_allow else "verdicts or data are missing"
        return "WAITING", said
    return state.upper(), {"blocked": "do not promote"}.get(state, "")


def verdict_of(
    gates: Sequence[GateResult], decision: DecisionRecord | None = None
) -> tuple[tuple[str, str], str]:
    """What may be done with the candidate, as `state_words`, and the style of it."""
    from analysis.review.evaluate import allow, state_of

    if not gates:
        return ("NO GATES", ""), "banner.warn"
    state, allowed = state_of(gates, decision), allow(gates)
    words = state_words(state, decision.decision if decision is not None else None, gates_allow=allowed)
    good = state == "promotable" or (state == "waiting" and allowed)
    return words, "banner.bad" if state == "blocked" else "banner.good" if good else "banner.warn"


def counts_of(gates: Sequence[GateResult]) -> str:
    """`2 gates fail, 1 unknown, 14 pass`."""
    parts: list[str] = []
    for verdict in URGENCY:
        count = sum(1 for gate in gates if gate.verdict == verdict)
        if count:
            noun = plural(count, "gate") if not parts else str(count)
            word = {"fail": "fails" if count == 1 and not parts else "fail"}.get(verdict, verdict)
            parts.append(f"{noun} {word}")
    return ", ".join(parts)


def gate_value(gate: GateResult) -> str:
    """The value of a gate as its metric is declared: a change with its sign, a count as a count, with its unit."""
    text = value_text(gate.value, gate.measures)
    plain = gate.value is None or gate.unit in PLAIN_UNITS
    return text if plain else f"{text} {gate.unit}"


def gate_improvement(gate: GateResult) -> tuple[str, str, str]:
    """`better`, `worse` or nothing for the change that a gate's value is, with its glyph and style."""
    said = improvement(gate.value, gate.better) if gate.measures == "change" else ""
    return said, *IMPROVEMENT_MARKS[said]


NUMBER_CELLS = 25
"""Cells of a gate's value with its interval."""
VALUE_CELLS = 10
"""Cells of a gate's value without its interval, where there is no room for that."""
INTERVAL_FROM = 70
"""Cells from which the interval stands beside the value."""
COUNT_CELLS = 8
"""Cells of the number of examples."""
LIMIT_FROM = 110
"""Cells from which the limit stands in the same line."""


def number_cells(width: int) -> int:
    """Cells of a gate's value in a line of `width` cells."""
    return NUMBER_CELLS if width >= INTERVAL_FROM else VALUE_CELLS


def key_cells(width: int) -> int:
    """Cells of a gate's key in a line of `width` cells."""
    room = width - 5 - number_cells(width) - COUNT_CELLS
    return room if width < LIMIT_FROM else min(46, room // 2)


def gate_head(title: str, width: int) -> Line:
    """The head of a list of gates."""
    line = Line().add(f" {title}", "title").to(key_cells(width) + 6)
    line.column("value", number_cells(width) - 2, "dim")
    if width >= LIMIT_FROM:
        line.add("limit", "dim")
    return (
        line.column("examples", max(width - line.width, 4), "dim", right=True)
        if width < LIMIT_FROM
        else line.end("examples", width, "dim")
    )


def gate_line(gate: GateResult, width: int) -> Line:
    """One gate as a line of a list, `width` cells wide."""
    mark, style = GATE_MARKS[gate.verdict]
    quiet = gate.verdict in ("pass", "n/a", "off")
    line = Line(Target("gate", gate.key)).add(" ").add(mark, style).add(" ")
    name = gate.key if gate.blocking else f"{gate.key} (advisory)"
    line.column(name, key_cells(width), "text" if quiet else "strong").add(" ")
    said, glyph, tone = gate_improvement(gate)
    line.add(f"{glyph} " if said else "  ", tone)
    numbers = value_text(gate.value, gate.measures)
    if width >= INTERVAL_FROM:
        numbers = f"{numbers} {interval(gate.low, gate.high, 2)}".strip()
    line.column(numbers, number_cells(width) - 2, style if gate.verdict == "fail" else "number")
    if width >= LIMIT_FROM:
        line.column(gate.threshold, max(width - line.width - COUNT_CELLS, 6), "dim")
    return line.column(f"{len(gate.refs):,}" if gate.refs else "", COUNT_CELLS, "number", right=True)


def reason_lines(gate: GateResult, width: int) -> list[Line]:
    """Why a gate says what it says, in a line or two."""
    rows = wrap(gate.why, max(width - 7, 20)) if gate.why else []
    most = 1 if width < 100 else 2
    shown = rows[:most]
    if len(rows) > most:
        shown[-1] = fit(f"{shown[-1]} {rows[most]}", width - 7)
    return [Line().add("     ").add(row, "dim") for row in shown]


def cause_lines(one: FoldedCause, width: int) -> list[Line]:
    """A cause: what it is, leading to its examples, and how many gates it stands for, leading to the first of them."""
    mark, style = GATE_MARKS[one.verdict]
    refs = one.cause.refs
    count = f"{len(refs):,} ⏎"
    rows = wrap(one.cause.sentence, max(width - 6 - len(count), 20))
    lines: list[Line] = []
    for number, row in enumerate(rows):
        target = Target("examples", one.cause.shared, refs) if number == 0 and refs else None
        line = Line(target).add(" ").add(mark if number == 0 else " ", style).add(" ")
        line.add(row, "strong" if number == 0 else "text")
        lines.append(line.end(count, width - 1, "key") if number == 0 and refs else line)
    said = Line(Target("gate", one.gates[0].key)).add("   ").add(counts_under(one), "number")
    lines.append(said.end("first gate ⏎", width - 1, "key"))
    return lines


def counts_under(one: FoldedCause) -> str:
    """`it stands for 4 gates: 3 fail, 1 unknown`."""
    from analysis.review.causes import counts_of as counts_under_cause

    return f"it stands for {counts_under_cause(one.gates)}"


def folded_gates(folded: Folded, width: int) -> list[Line]:
    """The gates as a list: under each cause those that rest on it, then those that rest on none, by urgency."""
    lines: list[Line] = []
    for one in folded.causes:
        head = Line().add(" ").add(one.cause.shared, "title").add(f"  {one.cause.outcome}", "dim")
        lines.append(head.end(counts_under(one), width - 1, "dim"))
        lines += [gate_line(gate, width) for gate in by_urgency(one.gates)]
    if folded.causes and folded.rest:
        lines.append(Line().add(" under no cause", "title"))
    return lines + [gate_line(gate, width) for gate in by_urgency(folded.rest)]


def in_listed_order(folded: Folded) -> list[GateResult]:
    """The gates in the order of `folded_gates`."""
    listed = [gate for one in folded.causes for gate in by_urgency(one.gates)]
    return [*listed, *by_urgency(folded.rest)]
