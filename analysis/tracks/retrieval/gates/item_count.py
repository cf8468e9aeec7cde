"""The row that the gates of grouping have in common: how many items have the attribute."""

from __future__ import annotations

from analysis.base.gate_records import Criterion, GateVerdict
from analysis.base.records import Metric
from analysis.plugin.gate import number_row
from analysis.tracks.retrieval.changes import MIN_ITEMS


def item_count(change: Metric | None, what: str) -> Criterion:
    """Whether a change of grouping rests on enough items.

    Args:
        change: of a lift; None where the run has it not.
        what: the items that are counted.
    """
    n = (change.n or 0) if change is not None else 0
    verdict: GateVerdict = "pass" if n >= MIN_ITEMS else "unknown"
    return number_row(what, n, "count", f"at least {MIN_ITEMS}", verdict)
