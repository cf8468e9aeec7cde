"""Which messages a verdict decides about: those that the sides answer differently, as gates count them."""

from __future__ import annotations

from collections.abc import Sequence
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


def contested(
    connection: duckdb.DuckDBPyConnection, label: str, critical: Sequence[str], threshold: float | None = None
) -> pa.Table:
    """Rows of the table `contested`.

    Args:
        connection: holds the tables of the track.
        label: name of the column of labels.
        critical: the critical classes, of which routing counts as well.
        threshold: the confidence from which the assistant acts; None where none is declared.
    """
    import pyarrow as pa

    routing = {"track": TRACK, "all": ALL, "label": label, "critical": list(critical)}
    found = [
        connection.execute(_SQL["by_slice"], {"track": TRACK}).to_arrow_table(),
        connection.execute(_SQL["by_routing"], routing).to_arrow_table(),
    ]
    if threshold is not None:
        asked = {"track": TRACK, "threshold": threshold}
        found.append(connection.execute(_SQL["by_threshold"], asked).to_arrow_table())
    return pa.concat_tables(found, promote_options="permissive")


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    settings = intent_settings(context.settings)
    return {"contested": contested(context.workbench, settings.label, settings.critical, settings.threshold)}


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
