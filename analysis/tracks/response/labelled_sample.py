"""The order in which people label prompts: drawn once the candidate is known, before any score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from analysis.base.seeds import shuffled
from analysis.base.sql import queries
from analysis.plugin.stage import Aggregate, PlanContext

if TYPE_CHECKING:
    import duckdb

_ANSWERED = queries(__package__, "stages.sql")["answered"]


def drawn_order(workbench: duckdb.DuckDBPyConnection, drawn: str) -> pa.Table:
    """Rows of `response_drawn`: every prompt that a side answered, in random order.

    Args:
        workbench: holds both answers.
        drawn: what the order is drawn by; it holds the digest of the candidate.
    """
    same: dict[str, bool] = dict(workbench.execute(_ANSWERED).fetchall())
    order = shuffled(list(same), drawn)
    return pa.table(
        {
            "ref": pa.array(order, pa.string()),
            "place": pa.array(range(len(order)), pa.int32()),
            "same": pa.array([same[ref] for ref in order], pa.bool_()),
        }
    )


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    return {"response_drawn": drawn_order(context.workbench, context.drawn)}


DRAW = Aggregate("response.labelled_sample", 1, _compute)
