"""Two lines that most screens begin with: what is under review, and what may be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.draw.gate_lines import counts_of, verdict_of
from tui.draw.lines import Line, rule

if TYPE_CHECKING:
    from analysis.review.session import ReviewSession


def review_head(session: ReviewSession, width: int) -> list[Line]:
    """Two lines on what is under review and what may be done with it, and a rule."""
    review = session.description["review"]
    first = Line().add(" ").add(review["name"], "strong")
    first.add(f"   base {review['base_version']} → candidate {review['candidate_version']}", "dim")
    first.end(f"run {session.run[:6]} · {session.reviewer}", width - 1, "dim")
    gates = session.gates()
    verdict, style = verdict_of(gates)
    inspected, total = session.progress()
    second = Line().add(" ").add(f" {verdict} ", style).add("  ").add(counts_of(gates), "text")
    second.end(f"{inspected}/{total} seen", width - 1, "number")
    return [first, second, rule(width)]
