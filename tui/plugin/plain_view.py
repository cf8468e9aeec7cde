"""The view of a track that has none of its own: everything that was stored of an example, whatever its columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tui.draw.lines import Line, rule, text_line, wrapped
from tui.draw.number_text import figure, signed
from tui.plugin.attributed_text import attributed_lines
from tui.plugin.attributions import attribution_pairs, words_of
from tui.plugin.common import INDENT, annotation_lines, flag_lines, flag_reasons, metadata_text
from tui.plugin.licence import licence_numbers
from tui.plugin.options import ViewOptions

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence

PAYLOAD_INDENT = 14
"""Cells of the labels where stored values are listed."""


def example_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Text, gold label and flags of an example, what its track stored of it, and what was said of it."""
    width = options.width
    lines = wrapped(" gold", evidence.example.gold or "not given", width, indent=INDENT, style="strong")
    flags = flag_reasons(evidence)
    lines += wrapped(" flags", flags, width, indent=INDENT, style="number") if flags else []
    lines += attributed_lines(evidence, options)
    stored = payload_lines(evidence, width)
    lines += [rule(width), *stored] if stored else []
    return [*lines, rule(width), *annotation_lines(evidence, options)]


def payload_lines(evidence: ExampleEvidence, width: int) -> list[Line]:
    """Each row of the track's payload tables on one example, whatever its columns."""
    lines: list[Line] = []
    for table, rows in evidence.payload.items():
        title = table.removeprefix(f"{evidence.example.track}_").replace("_", " ")
        for number, row in enumerate(rows):
            label = f" {title}" if number == 0 else ""
            lines += wrapped(label, row_text(row), width, indent=PAYLOAD_INDENT)
    return lines


def row_text(row: Mapping[str, Any]) -> str:
    """A row of a payload table in words: column and value of all but its ref, the side first where it has one."""
    named = {name: value for name, value in row.items() if name not in ("ref", "side") and value is not None}
    parts = [f"{name.replace('_', ' ')} {_cell(value)}" for name, value in named.items()]
    side = row.get("side")
    return ": ".join(part for part in (side, " · ".join(parts)) if part)


def _cell(value: Any) -> str:
    return figure(value) if isinstance(value, float) else str(value)


def number_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Every stored value of an example."""
    width = options.width
    lines = [text_line(f" {evidence.example.ref}", "title")]
    lines += wrapped(" text", evidence.example.text, width, indent=PAYLOAD_INDENT)
    lines += wrapped(" sha256", evidence.example.sha256, width, indent=PAYLOAD_INDENT, style="dim")
    for key, value in evidence.metadata.items():
        lines += wrapped(f" {key}", metadata_text(value), width, indent=PAYLOAD_INDENT)
    lines += wrapped(" slices", ", ".join(evidence.slices) or "none", width, indent=PAYLOAD_INDENT)
    lines += flag_lines(evidence, width, PAYLOAD_INDENT)
    lines += payload_lines(evidence, width)
    for name, rows in evidence.context.items():
        for row in rows:
            lines += wrapped(f" {name.replace('_', ' ')}", row_text(row), width, indent=PAYLOAD_INDENT)
    for pair in attribution_pairs(evidence.attributions, evidence.methods):
        for entry in (pair.base, pair.candidate):
            if entry is not None:
                scored = "  ".join(
                    f"{evidence.example.text[word.start : word.end]} {signed(word.score)}"
                    for word in words_of(entry)
                )
                head = f"{entry.side}, {pair.name} of {entry.target}: {entry.status}"
                lines += wrapped(" scores", f"{head}; {scored}", width, indent=PAYLOAD_INDENT)
                lines += licence_numbers(entry, evidence.licences, width)
    return lines


def summary(evidence: ExampleEvidence) -> list[str]:
    """An example in plain sentences, with what its track stored of it."""
    rows = [f"text: {evidence.example.text}", f"gold: {evidence.example.gold or 'not given'}"]
    rows += [f"flags: {flag_reasons(evidence)}"] if evidence.flags else []
    for table, found in evidence.payload.items():
        title = table.removeprefix(f"{evidence.example.track}_").replace("_", " ")
        rows += [f"{title}, {row_text(row)}" for row in found]
    return rows
