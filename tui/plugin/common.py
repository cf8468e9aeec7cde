"""What the views of all tracks share: why an example is listed, what was said of it, and what was marked in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analysis.base.people import shown_as
from analysis.base.records import VARIANT
from tui.draw.lines import Line, first_rows, wrapped, written
from tui.draw.number_text import figure
from tui.draw.right_words import RIGHT_MARKS, verdict_words
from tui.plugin.options import ViewOptions

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence

INDENT = 7
"""Cells of the labels at the left."""
NO_VERDICT = "a variant takes no verdict: its example does"
"""Why what a run made of an example is not judged."""


def metadata_text(value: object) -> str:
    """A value of an example's metadata as it is read: a list by its parts, and `–` where there is none."""
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(map(metadata_text, value)) or "–"
    return str(value).lower() if isinstance(value, bool) else str(value)


def takes_verdict(evidence: ExampleEvidence) -> bool:
    """Whether an example can be judged: of the texts that a run made of others, those alone that it flagged itself.

    Such a one has its place in the queue, and a gate may ask for its cause; every other is judged with its example.
    """
    return evidence.example.kind != VARIANT or evidence.example.parent_ref is None or bool(evidence.flags)


def flag_reasons(evidence: ExampleEvidence) -> str:
    """Why the example is in the queue; that it was drawn as a control is no reason, and is not shown."""
    return " · ".join(dict.fromkeys(flag.reason for flag in evidence.flags if not flag.control))


def annotation_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """My verdict, those of others after it, and where the example belongs."""
    width, mine = options.width, evidence.mine
    line = Line().column(" mine", INDENT, "dim")
    if not takes_verdict(evidence):
        line.add(NO_VERDICT, "faint")
    elif mine is None:
        line.add("–", "faint")
    else:
        mark, tone = RIGHT_MARKS[mine.right]
        line.add(f"{mark} {verdict_words(mine)}", tone)
        if mine.cause:
            line.add("   cause ", "dim").add(mine.cause)
    agreement, style = options.agreement
    if not takes_verdict(evidence):
        pass
    elif mine is None:
        line.end("others: after you decide", width - 1, "faint")
    elif agreement:
        line.end(agreement, width - 1, style)
    elif not evidence.others:
        line.end("others: none yet", width - 1, "faint")
    lines = [line]
    for other in evidence.others:
        said = f"{shown_as(other.actor, other.reviewer)}: {verdict_words(other)}"
        said += f" · {other.cause}" if other.cause else ""
        said += f" · {other.note}" if other.note else ""
        lines += written(" other", said, width, indent=INDENT)
    if mine is not None and mine.note:
        lines += written(" note", mine.note, width, indent=INDENT)
    if options.height >= 30:
        known = {key: value for key, value in evidence.metadata.items() if value is not None}
        about = " · ".join(f"{key} {metadata_text(value)}" for key, value in known.items())
        lines += wrapped(" about", about, width, indent=INDENT, style="dim") if about else []
    slices = ", ".join(evidence.critical) or ", ".join(
        evidence.slices[:4] + ("…",) * (len(evidence.slices) > 4)
    )
    mark = "◆ " if evidence.critical else ""
    belongs = wrapped(" in", mark + slices, width, indent=INDENT, style="dim") if slices else []
    return lines + first_rows(belongs, 3, width)


def flag_lines(evidence: ExampleEvidence, width: int, indent: int) -> list[Line]:
    """Every flag with its number and the gate that it bears on."""
    lines: list[Line] = []
    for flag in (one for one in evidence.flags if not one.control):
        number = "" if flag.value is None else f" {figure(flag.value)}"
        gate = f" → {flag.gate}" if flag.gate else ""
        lines += wrapped(" flag", f"{flag.reason}{number}{gate}", width, indent=indent, style="number")
    return lines


def marked_spans(evidence: ExampleEvidence) -> list[tuple[int, int]]:
    """Stretches of the text that a reviewer marked last."""
    undone: set[str | None] = set()
    for event in reversed(evidence.history):
        if event.kind == "undo":
            undone.add(event.target)
        elif event.kind == "redo":
            undone.discard(event.target)
        elif event.kind == "tokens" and event.event_id not in undone:
            marks = json.loads(event.body).get("tokens")
            if marks is not None:
                return [(start, end) for _, start, end in marks]
    return []
