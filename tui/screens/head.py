"""Two lines that most screens begin with: what is under review, and what may be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.people import shown_as
from tui.draw.gate_lines import counts_of, verdict_of
from tui.draw.lines import Line, rule
from tui.draw.safe_text import cells, fit

if TYPE_CHECKING:
    from analysis.review.session import ReviewSession

NARROW, WIDE = 80, 100
"""Cells below which the progress is told in figures alone, and from which it is told in full."""


def review_head(session: ReviewSession, width: int) -> list[Line]:
    """Two lines on what is under review and what may be done with it, and a rule."""
    review = session.description["review"]
    first = Line().add(" ").add(review["name"], "strong")
    first.add(f"   base {review['base_version']} → candidate {review['candidate_version']}", "dim")
    first.end(f"run {session.run[:6]} · {shown_as(session.actor, session.reviewer)}", width - 1, "dim")
    gates = session.gates()
    (verdict, meaning), style = verdict_of(gates, session.gate_input().state.decision)
    progress, counts = progress_text(session, width), counts_of(gates)
    whole = f"{verdict}: {meaning}" if meaning else verdict
    # What the word means stands with it where nothing else has to give way.
    fits = sum(map(cells, (whole, progress, counts))) + 9 <= width
    second = Line().add(" ").add(f" {whole if fits else verdict} ", style).add("  ")
    room = width - second.width - cells(progress) - 3
    if room > 0:
        second.add(_whole(counts, room), "text")
    second.end(progress, width - 1, "number")
    return [first, second, rule(width)]


def _whole(counts: str, room: int) -> str:
    """As many of the counts as there is room for, what keeps the candidate back first."""
    if cells(counts) <= room:
        return counts
    parts = counts.split(", ")
    shorter = (", ".join([*parts[:number], "…"]) for number in range(len(parts) - 1, 0, -1))
    return next((text for text in shorter if cells(text) <= room), fit(counts, room))


def progress_text(session: ReviewSession, width: int) -> str:
    """How many verdicts decide, and how much of what must be judged is, for such a screen.

    How much this reviewer has answered stands behind, where that is another number: some answers are of what need not
    be judged, some are not heard yet, and one of several people's does not judge alone.
    """
    decides, found, (mine, _) = session.parts().decides, session.inspection(), session.progress()
    noun = "" if width < NARROW else " verdict" if decides == 1 else " verdicts"
    deciding = f"{decides:,}{noun} {'decides' if decides == 1 else 'decide'}"
    if width >= WIDE:
        must = f"{found.inspected:,} of {found.total:,} that must be judged are"
    else:
        must = f"{found.inspected:,}/{found.total:,} judged"
    own = "" if mine == found.inspected else f" · {mine:,} by you"
    return f"{deciding} · {must}{own}"
