"""What will be served says to a prompt, where that is not what the candidate says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.draw.lines import Line, wrapped
from tui.draw.number_text import figure
from tui.tracks.response.layout import INDENT, TALL, cut

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence
    from tui.plugin.options import ViewOptions


def deployed_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """The candidate's greedy answer and that of each form that answers otherwise; nothing where none does."""
    most = 4 if options.height >= TALL else 1
    lines: list[Line] = []
    for row in evidence.context.get("deployed", ()):
        apart = "" if row["gap"] is None else f", {figure(row['gap'], 2)} nats a token apart"
        lines += wrapped(
            f" {row['form']}", f"answers otherwise than the candidate{apart}:", options.width, indent=INDENT
        )
        for what, text in (("candidate", row["candidate"]), (row["form"], row["deployed"])):
            said = wrapped(f" {what}", text or "(nothing)", options.width - 2, indent=INDENT, style="text")
            lines += cut(said, most)
    return lines
