"""The maps of a run as the console looks at them: one method and one attribute at a time, each read once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.tracks.retrieval.map_queries import (
    MapPoint,
    MapSummary,
    map_attributes,
    map_points,
    map_summaries,
    map_values,
)

if TYPE_CHECKING:
    import duckdb


class MapReader:
    """Reads the maps of one run, which never changes.

    Args:
        connection: has the run attached as `evidence`.
        groups: values of an attribute that are told apart.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, groups: int) -> None:
        self.connection = connection
        self.summaries = map_summaries(connection)
        self.attributes = map_attributes(connection)
        self._most = groups
        self._method = 0
        self._attribute = 0
        self._points: dict[str, dict[str, MapPoint]] = {}
        self._groups: dict[str, tuple[dict[str, str], list[str]]] = {}

    @property
    def summary(self) -> MapSummary:
        """The maps that are looked at."""
        return self.summaries[self._method % len(self.summaries)]

    @property
    def points(self) -> dict[str, MapPoint]:
        """The items of these maps by ref; empty where they are withheld."""
        method = self.summary.method
        if method not in self._points:
            self._points[method] = {point.ref: point for point in map_points(self.connection, method)}
        return self._points[method]

    @property
    def attribute(self) -> tuple[str, bool] | None:
        """What the points are coloured by, and whether it is wanted; None where no attribute was declared."""
        return self.attributes[self._attribute % len(self.attributes)] if self.attributes else None

    @property
    def groups(self) -> tuple[Mapping[str, str], list[str]]:
        """Group by ref, and the groups in the order of their marks."""
        if self.attribute is None:
            return {}, []
        name = self.attribute[0]
        if name not in self._groups:
            self._groups[name] = map_values(self.connection, name, self._most)
        return self._groups[name]

    def next_method(self) -> None:
        """Look at the maps of the next method."""
        self._method += 1

    def next_attribute(self) -> None:
        """Colour by the next attribute."""
        self._attribute += 1
