"""The SQL of the stages, by name, and counts by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.sql import queries

if TYPE_CHECKING:
    import duckdb

QUERIES = queries(__package__ or "", "stages.sql")


def count(connection: duckdb.DuckDBPyConnection, name: str, **given: str) -> int:
    """The number that a query of one row counts.

    Args:
        connection: the workbench.
        name: of the query.
        given: its parameters.
    """
    row = connection.execute(QUERIES[name], given).fetchone()
    return int(row[0]) if row else 0
