"""What the leads of each behaviour say together of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.sql import queries
from analysis.plugin.stage import Aggregate, PlanContext

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

HIT = 0.5
"""Score from which an answer counts as a hit of its leads."""
_SQL = queries(__package__, "stages.sql")


def behaviour_scores(workbench: duckdb.DuckDBPyConnection) -> pa.Table:
    """Rows of `response_score`: for each response and behaviour the highest score of its leads that read it."""
    return workbench.execute(_SQL["behaviour_scores"], {"hit": HIT}).to_arrow_table()


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    return {"response_score": behaviour_scores(context.workbench)}


SCORES = Aggregate("response.scores", 1, _compute)
