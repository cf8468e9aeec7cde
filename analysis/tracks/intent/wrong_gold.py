"""How many labels of the data are wrong, from the random controls: nobody chose these for what the models said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.gate_records import GateInput
from analysis.base.sql import queries
from analysis.plugin.gate import decided
from analysis.stats.bounds import clopper_pearson

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "report.sql")
CONFIDENCE = 0.95


def wrong_gold(connection: duckdb.DuckDBPyConnection, given: GateInput) -> list[str]:
    """A sentence on the share of wrong labels; none before a control with a label was judged.

    A verdict that says otherwise of either side than the label does says that the label is wrong.
    """
    judged = wrong = 0
    for ref, base, candidate in connection.execute(_SQL["labelled_controls"]).fetchall():
        said = decided(given, ref)
        if said is not None:
            judged += 1
            wrong += (said in ("base", "both"), said in ("candidate", "both")) != (base, candidate)
    if not judged:
        return []
    low, high = clopper_pearson(wrong, judged, CONFIDENCE)
    return [
        f"{wrong} of {judged} random controls were judged otherwise than their label says: "
        f"{wrong / judged:.1%} [{low:.1%}, {high:.1%}] of the labels are wrong (Clopper-Pearson, 95 %)"
    ]
