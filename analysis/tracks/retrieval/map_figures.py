"""The maps of a run as figures for the inspection report; none where they are withheld."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import SIDES
from analysis.plots.figure import Figure, Plot
from analysis.plots.svg_elements import FILLS
from analysis.tracks.retrieval.map_limits import QUALITIES, share_text
from analysis.tracks.retrieval.map_queries import (
    MapSummary,
    map_points,
    map_summaries,
    map_values,
    moved_attributes,
)

if TYPE_CHECKING:
    import duckdb


PLACES = 3
"""Decimals of a place on a map, in units of its radius: more than a picture shows."""


def figures(connection: duckdb.DuckDBPyConnection) -> dict[str, Figure]:
    """Name -> both maps, for each method that is drawn, by the wanted and unwanted attribute that moved most.

    Args:
        connection: has the run's evidence attached as `evidence`.
    """
    found: dict[str, Figure] = {}
    for summary in map_summaries(connection):
        if not summary.drawn:
            continue
        attributes = moved_attributes(connection)
        chosen = [
            next((name for name, is_wanted in attributes if is_wanted is one), None) for one in (True, False)
        ]
        for kind, attribute in zip(("wanted", "unwanted"), chosen, strict=True):
            if attribute is not None:
                found[f"retrieval-map-{summary.method}-{kind}"] = _picture(connection, summary, attribute)
        if not any(chosen):
            found[f"retrieval-map-{summary.method}"] = _picture(connection, summary, None)
    return found


def _picture(connection: duckdb.DuckDBPyConnection, summary: MapSummary, attribute: str | None) -> Figure:
    of, names = map_values(connection, attribute, len(FILLS)) if attribute is not None else ({}, [])
    number = {name: place for place, name in enumerate(names)}
    points = map_points(connection, summary.method)
    plots = []
    for side in SIDES:
        placed = []
        for point in points:
            x, y = point.places[side]
            group = number[of[point.ref]] if point.ref in of else None
            placed.append((point.title, round(x, PLACES), round(y, PLACES), group))
        plots.append(Plot(side, placed))
    by = f" by {attribute}" if attribute is not None else ""
    title = f"{summary.title} of {summary.items:,} of {summary.of_items:,} items{by}"
    rows = []
    for quality in QUALITIES:
        values = [summary.metrics.get((quality.metric, side)) for side in SIDES]
        shown = ["unknown" if one is None or one.value is None else share_text(one.value) for one in values]
        rows.append([quality.title, *shown, share_text(quality.limit)])
    notes = ["Gaps and sizes mean nothing. The numbers say how far neighbours on it can be believed."]
    if summary.rearranged:
        notes.append("The candidate's map is a new arrangement: compare neighbours, not places.")
    return Figure(title, plots, names, notes, ["quality", *SIDES, "drawn from"], rows)
