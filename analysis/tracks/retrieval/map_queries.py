"""Reading the maps of a run, by SQL alone: places, what colours them, neighbours, and their quality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.base.records import Metric, Side
from analysis.base.sql import queries
from analysis.tracks.retrieval.grouping_sentences import QUARTERS
from analysis.tracks.retrieval.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

QUERIES = queries(__package__ or "", "maps.sql")
METHODS = {"tsne": "t-SNE", "umap": "UMAP"}
OTHER = "other"
"""Stands for the values beyond the most frequent ones."""


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

    @property
    def title(self) -> str:
        """The method as it is written out."""
        return METHODS.get(self.method, self.method)


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
    """The maps of each method, drawn or withheld; there is at least one.

    Args:
        connection: has the run's evidence attached as `evidence`.
    """
    metrics: dict[str, dict[tuple[str, str], Metric]] = {}
    for row in connection.execute(QUERIES["metrics"], {"track": TRACK}).fetchall():
        one = Metric(*row)
        metrics.setdefault(one.method, {})[one.name, one.side] = one
    rows = connection.execute(QUERIES["summaries"]).fetchall()
    return [MapSummary(*(*row, metrics.get(row[0], {}))) for row in rows]


def map_points(connection: duckdb.DuckDBPyConnection, method: str) -> list[MapPoint]:
    """The items on the maps of a method, sorted by ref; empty where these are withheld."""
    rows = connection.execute(QUERIES["points"], {"method": method}).fetchall()
    return [MapPoint(ref, title, {"base": (a, b), "candidate": (c, d)}) for ref, title, a, b, c, d in rows]


def map_attributes(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, bool]]:
    """Attributes of the items and whether each is wanted, wanted ones first."""
    return connection.execute(QUERIES["attributes"]).fetchall()


def moved_attributes(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, bool]]:
    """The same, those by which the grouping changed most first."""
    return connection.execute(QUERIES["moved_attributes"], {"track": TRACK}).fetchall()


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
    rows = connection.execute(QUERIES["values"], {"attribute": attribute}).fetchall()
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
    rows = connection.execute(QUERIES["neighbours"], {"ref": ref, "k": k}).fetchall()
    return dict(rows)


def item_attributes(connection: duckdb.DuckDBPyConnection, ref: str) -> list[tuple[str, bool, str]]:
    """Attribute, whether it is wanted, and its values in words, of one item; wanted ones first."""
    return connection.execute(QUERIES["item_attributes"], {"ref": ref}).fetchall()


def most_moved(connection: duckdb.DuckDBPyConnection, limit: int) -> list[MovedItem]:
    """Items whose neighbours changed most: what the maps would show, where they are withheld."""
    rows = connection.execute(QUERIES["most_moved"], {"limit": limit}).fetchall()
    return [MovedItem(*row) for row in rows]
