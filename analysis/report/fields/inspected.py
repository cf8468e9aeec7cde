"""What people looked at, of the queue and of its critical slices."""

from __future__ import annotations

from collections import Counter

from analysis.plugin.gate import judgement
from analysis.plugin.report_fields import INSPECTED
from analysis.report.field import Field
from analysis.report.reviewed import Reviewed, listed


def _sentences(seen: Reviewed) -> list[str]:
    state, queue = seen.given.state, seen.given.queue
    said = {entry.ref: judgement(state, entry.ref) for entry in queue}
    critical = [entry.ref for entry in queue if entry.critical_slices]
    counts = Counter(verdict for verdict in said.values() if verdict != "none")
    sentences = [
        *seen.told.get(INSPECTED, ()),
        f"{sum(1 for ref in critical if said[ref] != 'none')} of {len(critical)} queued examples "
        "in critical slices have a verdict",
        f"{counts.total()} of {len(queue)} queued examples have a verdict"
        + "".join(f", {count} {verdict}" for verdict, count in sorted(counts.items())),
    ]
    unacceptable = [ref for ref in critical if said[ref] == "unacceptable"]
    if unacceptable:
        sentences.append("unacceptable in a critical slice: " + listed(unacceptable))
    return sentences


FIELD = Field(INSPECTED, 60, _sentences)
