"""What a report says of examples that are not independent of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import ALL
from analysis.base.sql import queries

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__ or "", "clusters.sql")


def cluster_sentences(
    connection: duckdb.DuckDBPyConnection, track: str, what: str, slice_name: str = ALL
) -> list[str]:
    """One sentence on how many examples share clusters; none where the set has no example.

    Args:
        connection: has the run attached as `evidence`.
        track: whose examples.
        what: they are, in the plural.
        slice_name: the set of examples.
    """
    given = {"track": track, "slice": slice_name}
    n, shared, clusters = connection.execute(_SQL["shared"], given).fetchone() or (0, 0, 0)
    if not n:
        return []
    if not shared:
        return [f"none of the {n} {what} shares a cluster with another: each counts by itself"]
    return [
        f"{shared} of {n} {what} share a cluster with another (nearly the same text, or one group), "
        f"{clusters} clusters in all: tests and intervals of paired counts take a cluster as one"
    ]
