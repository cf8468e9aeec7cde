"""Which messages a verdict decides about: those that the sides answer differently, as gates count them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import ALL
from analysis.base.sql import queries
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.tracks.intent.metric_specs import TRACK
from analysis.tracks.intent.settings import intent_settings

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_SQL = queries(__package__, "contested.sql")


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    import pyarrow as pa

    settings = intent_settings(context.settings)
    routing = {"track": TRACK, "all": ALL, "label": settings.label, "critical": settings.critical}
    found = [
        context.workbench.execute(_SQL["by_slice"], {"track": TRACK}).to_arrow_table(),
        context.workbench.execute(_SQL["by_routing"], routing).to_arrow_table(),
    ]
    return {"contested": pa.concat_tables(found, promote_options="permissive")}


def destinations(connection: duckdb.DuckDBPyConnection, label: str) -> dict[str, tuple[str, int, int]]:
    """By the slice of a class: where most of what only the base has right goes, how many, and of how many.

    Args:
        connection: holds the tables of the track.
        label: name of the column of labels.
    """
    asked = {"track": TRACK, "all": ALL, "label": label}
    return {
        name: (to, n, lost)
        for name, to, n, lost in connection.execute(_SQL["destinations"], asked).fetchall()
    }


CONTESTED = Aggregate("intent.contested", 1, _compute)
