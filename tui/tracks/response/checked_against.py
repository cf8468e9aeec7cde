"""What the answers to a prompt were checked against: rows of the catalogue, promises of policy, retrieved passages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.tracks.response.reference_words import passage_text, promise_text, title_text
from tui.draw.lines import Line, rule, wrapped
from tui.tracks.response.layout import INDENT, TALL, cut

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence
    from tui.plugin.options import ViewOptions


def against_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Each on a row or two, whole where there is room."""
    width, tall = options.width, options.height >= TALL
    known = (
        (" catalogue", [title_text(row) for row in evidence.context.get("catalogue", ())], 2),
        (" policy", [promise_text(row) for row in evidence.context.get("promises", ())], 2),
        (" passages", [passage_text(row) for row in evidence.context.get("passages", ())], 3),
    )
    lines: list[Line] = []
    for label, rows, most in known:
        for number, text in enumerate(rows):
            own = wrapped("" if number else label, text, width - 2, indent=INDENT)
            lines += cut(own, most if tall else 1)
    return [rule(width), *lines] if lines else []
