"""What people looked at, of the queue and of its critical slices."""

from __future__ import annotations

from collections import Counter

from analysis.plugin.gate import judgement
from analysis.plugin.report_fields import INSPECTED
from analysis.report.field import Field
from analysis.report.reviewed import Reviewed


def _sentences(seen: Reviewed) -> list[str]:
    state, queue = seen.given.state, seen.given.queue
    said = {entry.ref: judgement(state, entry.ref) for entry in queue}
    needed = [entry.ref for entry in queue if entry.control or entry.ref in seen.deciding]
    counts = Counter(verdict for verdict in said.values() if verdict != "none")
    told = "".join(f", {count} {SPOKEN[verdict]}" for verdict, count in sorted(counts.items()))
    return [
        *seen.told.get(INSPECTED, ()),
        f"{sum(1 for ref in needed if said[ref] != 'none')} of {len(needed)} examples that decide a gate or are random "
        "controls have a verdict",
        f"{counts.total()} of {len(queue)} queued examples have one{told}",
    ]


SPOKEN = {
    "candidate": "for the candidate",
    "base": "for the base",
    "both": "for both sides",
    "neither": "for neither",
    "unsure": "not sure",
    "disagreement": "disputed",
}
"""What a verdict says, in words."""

FIELD = Field(INSPECTED, 60, _sentences)
