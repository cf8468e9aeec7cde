"""What the views of all tracks share, and the view of a track that has none of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.draw.lines import Line, rule, text_line, wrap, wrapped
from tui.plugin.registry import ViewOptions

if TYPE_CHECKING:
    from analysis.attribution.licences import FindingEvidence
    from analysis.review.queries import ExampleEvidence

INDENT = 7
"""Cells of the labels at the left."""


def flag_words(evidence: ExampleEvidence) -> str:
    """Why the example is in the queue; that it was drawn as a control, too, comes last."""
    flags = sorted(evidence.flags, key=lambda flag: flag.control)
    return " · ".join(dict.fromkeys(flag.reason for flag in flags))


def annotation_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """My verdict, those of others after it, and where the example belongs."""
    width, mine = options.width, evidence.mine
    line = Line().column(" mine", INDENT, "dim")
    if mine is None:
        line.add("–", "faint")
    else:
        line.add(mine.verdict, {"acceptable": "good", "unacceptable": "bad"}.get(mine.verdict, "warn"))
        if mine.cause:
            line.add("   cause ", "dim").add(mine.cause)
    if mine is None:
        line.end("others: after you decide", width - 1, "faint")
    elif not evidence.others:
        line.end("others: none yet", width - 1, "faint")
    lines = [line]
    for other in evidence.others:
        said = f"{other.reviewer}: {other.verdict}" + (f" · {other.cause}" if other.cause else "")
        said += f" · {other.note}" if other.note else ""
        lines += wrapped(" other", said, width, indent=INDENT)
    if mine is not None and mine.note:
        lines += wrapped(" note", mine.note, width, indent=INDENT)
    if options.height >= 30:
        known = {key: value for key, value in evidence.metadata.items() if value is not None}
        about = " · ".join(
            f"{key} {str(value).lower() if value in (True, False) else value}" for key, value in known.items()
        )
        lines += wrapped(" about", about, width, indent=INDENT, style="dim") if about else []
    slices = ", ".join(evidence.critical) or ", ".join(evidence.slices[:4])
    mark = "◆ " if evidence.critical else ""
    rows = wrap(mark + slices, max(width - INDENT - 1, 10)) if slices else []
    for number, row in enumerate(rows[:3]):
        lines.append(Line().column("" if number else " in", INDENT, "dim").add(row, "dim"))
    return lines


def example_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Text, gold label and flags of an example, and what was said of it."""
    width = options.width
    lines = wrapped(" gold", evidence.example.gold or "not given", width, indent=INDENT, style="strong")
    lines += wrapped(" flags", flag_words(evidence), width, indent=INDENT, style="number")
    lines += wrapped(" text", evidence.example.text, width, indent=INDENT)
    return [*lines, rule(width), *annotation_lines(evidence, options)]


def number_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Every stored value of an example."""
    width = options.width
    lines = [text_line(f" {evidence.example.ref}", "title")]
    lines += wrapped(" text", evidence.example.text, width, indent=14)
    lines += wrapped(" sha256", evidence.example.sha256, width, indent=14, style="dim")
    for key, value in evidence.metadata.items():
        lines += wrapped(f" {key}", "–" if value is None else str(value), width, indent=14)
    for table, rows in evidence.payload.items():
        for row in rows:
            lines += wrapped(f" {row['side']}", f"{table}: {row}", width, indent=14)
    return lines


def no_evidence(evidence: ExampleEvidence, options: ViewOptions) -> list[FindingEvidence]:
    """A track without a view of its own draws no attribution."""
    return []


def summary(evidence: ExampleEvidence) -> list[str]:
    """An example in plain sentences."""
    rows = [f"text: {evidence.example.text}", f"gold: {evidence.example.gold or 'not given'}"]
    return [*rows, f"flags: {flag_words(evidence)}"] if evidence.flags else rows
