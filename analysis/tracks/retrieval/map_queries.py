"""Reading the maps of a run, by SQL alone: places, what colours them, neighbours, and their quality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.base.records import Metric, Side
from analysis.tracks.retrieval.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

TABLES = ("retrieval_map", "retrieval_map_quality")
OTHER = "other"
"""Stands for the values beyond the most frequent ones."""
NONE = "none"
"""Stands for items without the attribute."""
QUARTERS = ("lowest quarter", "second quarter", "third quarter", "highest quarter")
"""Names of the quarters of a numeric attribute."""


@dataclass(frozen=True, slots=True)
class MapSummary:
    """The maps of one method: how they were made, whether they may be drawn, and their four measures.

    `metrics` are by name and side; `why` says why the maps are withheld, '' where they are drawn.
    """

    method: str
    drawn: bool
    why: str
    items: int
    of_items: int
    k: int
    rearranged: bool
    parameters: str
    metrics: dict[tuple[str, str], Metric]


@dataclass(frozen=True, slots=True)
class MapPoint:
    """An item on both maps; `places` are (x, y) by side, in units of the base map's radius."""

    ref: str
    title: str
    places: dict[Side, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class MovedItem:
    """An item with the share of its nearest that both sides have in common."""

    ref: str
    title: str
    overlap: float


def map_summaries(connection: duckdb.DuckDBPyConnection) -> list[MapSummary]:
    """The maps of each method, drawn or withheld; empty where the run has none.

    Args:
        connection: has the run's evidence attached as `evidence`.
    """
    if not _has(connection, *TABLES):
        return []
    metrics: dict[str, dict[tuple[str, str], Metric]] = {}
    for row in connection.execute(
        "SELECT * FROM evidence.metric WHERE track = ? AND starts_with(name, 'map_') ORDER BY name, side",
        [TRACK],
    ).fetchall():
        one = Metric(*row)
        metrics.setdefault(one.method, {})[one.name, one.side] = one
    rows = connection.execute(
        "SELECT method, drawn, why, items, of_items, k, rearranged, parameters FROM evidence.retrieval_map_quality "
        "ORDER BY method"
    ).fetchall()
    return [MapSummary(*(*row, metrics.get(row[0], {}))) for row in rows]


def map_points(connection: duckdb.DuckDBPyConnection, method: str) -> list[MapPoint]:
    """The items on the maps of a method, sorted by ref; empty where these are withheld."""
    rows = connection.execute(
        "SELECT m.ref, coalesce(i.title, e.id), m.base_x, m.base_y, m.candidate_x, m.candidate_y "
        "FROM evidence.retrieval_map m JOIN evidence.example e USING (ref) "
        "LEFT JOIN evidence.retrieval_item i USING (ref) WHERE m.method = ? ORDER BY m.ref",
        [method],
    ).fetchall()
    return [MapPoint(ref, title, {"base": (a, b), "candidate": (c, d)}) for ref, title, a, b, c, d in rows]


def map_attributes(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, bool]]:
    """Attributes of the items and whether each is wanted, wanted ones first."""
    return connection.execute(
        "SELECT attribute, bool_or(wanted) AS wanted FROM evidence.retrieval_attribute GROUP BY attribute "
        "ORDER BY wanted DESC, attribute"
    ).fetchall()


def map_values(
    connection: duckdb.DuckDBPyConnection, attribute: str, most: int
) -> tuple[dict[str, str], list[str]]:
    """The group of each item by one attribute.

    A number is grouped by quarters; of several labels the most frequent one counts.

    Args:
        connection: has the run's evidence attached as `evidence`.
        attribute: its name.
        most: groups that are told apart; the rest becomes `OTHER`.

    Returns:
        Group by ref, for items that have the attribute, and the groups, the largest first, `OTHER` last.
    """
    rows = connection.execute(
        """
        WITH one AS (SELECT ref, kind, labels, number FROM evidence.retrieval_attribute WHERE attribute = $attribute),
        label AS (SELECT ref, unnest(labels) AS label FROM one WHERE kind <> 'numeric'),
        size AS (SELECT label, count(*) AS n FROM label GROUP BY label),
        chosen AS (
            SELECT ref, label FROM label JOIN size USING (label)
            QUALIFY row_number() OVER (PARTITION BY ref ORDER BY n DESC, label) = 1),
        quarter AS (SELECT ref, ntile(4) OVER (ORDER BY number) AS place FROM one WHERE number IS NOT NULL)
        SELECT ref, label, NULL AS place FROM chosen UNION ALL SELECT ref, NULL, place FROM quarter ORDER BY ref
        """,
        {"attribute": attribute},
    ).fetchall()
    if any(place is not None for _, _, place in rows):
        return {ref: QUARTERS[place - 1] for ref, _, place in rows if place is not None}, list(QUARTERS)
    sizes: dict[str, int] = {}
    for _, label, _ in rows:
        sizes[label] = sizes.get(label, 0) + 1
    ordered = sorted(sizes, key=lambda label: (-sizes[label], label))
    named = ordered if len(ordered) <= most else ordered[: most - 1]
    known = set(named)
    groups = [*named, OTHER] if len(named) < len(ordered) else named
    return {ref: label if label in known else OTHER for ref, label, _ in rows}, groups


def map_neighbours(connection: duckdb.DuckDBPyConnection, ref: str, k: int) -> dict[Side, list[str]]:
    """The k nearest items of an item or query by its vectors, on each side; the map has no say in it."""
    rows = connection.execute(
        "SELECT side, neighbours[1:$k] FROM evidence.retrieval_side WHERE ref = $ref", {"ref": ref, "k": k}
    ).fetchall()
    return dict(rows)


def item_attributes(connection: duckdb.DuckDBPyConnection, ref: str) -> list[tuple[str, bool, str]]:
    """Attribute, whether it is wanted, and its values in words, of one item; wanted ones first."""
    return connection.execute(
        "SELECT attribute, wanted, CASE WHEN kind = 'numeric' THEN format('{:g}', number) "
        "ELSE array_to_string(labels, ', ') END FROM evidence.retrieval_attribute WHERE ref = ? "
        "ORDER BY wanted DESC, attribute",
        [ref],
    ).fetchall()


def most_moved(connection: duckdb.DuckDBPyConnection, limit: int) -> list[MovedItem]:
    """Items whose neighbours changed most: what the maps would show, where they are withheld."""
    if not _has(connection, "retrieval_shift"):
        return []
    rows = connection.execute(
        "SELECT s.ref, coalesce(i.title, e.id), s.overlap FROM evidence.retrieval_shift s "
        "JOIN evidence.example e USING (ref) LEFT JOIN evidence.retrieval_item i USING (ref) "
        "WHERE s.overlap IS NOT NULL ORDER BY s.overlap, s.ref LIMIT ?",
        [limit],
    ).fetchall()
    return [MovedItem(*row) for row in rows]


def _has(connection: duckdb.DuckDBPyConnection, *tables: str) -> bool:
    """Whether the run has all of these tables."""
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'evidence' "
        "AND list_contains(?::VARCHAR[], table_name)",
        [list(tables)],
    ).fetchone()
    return found is not None and found[0] == len(tables)
