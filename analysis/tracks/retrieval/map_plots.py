"""The maps of a run as a picture for the inspection report; none where they are withheld."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import SIDES
from analysis.plots.scatter_svg import FILLS, Figure, Plot, scatter_svg
from analysis.tracks.retrieval.map_limits import QUALITIES, share_text
from analysis.tracks.retrieval.map_queries import (
    MapSummary,
    map_attributes,
    map_points,
    map_summaries,
    map_values,
)

if TYPE_CHECKING:
    import duckdb

    from analysis.base.gate_records import GateInput


def plots(connection: duckdb.DuckDBPyConnection, given: GateInput) -> dict[str, bytes]:
    """File name -> SVG of both maps, for each method that is drawn and the first wanted and unwanted attribute.

    Args:
        connection: has the run's evidence attached as `evidence`.
        given: what the gates are computed from; not needed.
    """
    found: dict[str, bytes] = {}
    for summary in map_summaries(connection):
        if not summary.drawn:
            continue
        attributes = map_attributes(connection)
        chosen = [
            next((name for name, is_wanted in attributes if is_wanted is one), None) for one in (True, False)
        ]
        for kind, attribute in zip(("wanted", "unwanted"), chosen, strict=True):
            if attribute is not None:
                found[f"retrieval-map-{summary.method}-{kind}.svg"] = _picture(connection, summary, attribute)
        if not any(chosen):
            found[f"retrieval-map-{summary.method}.svg"] = _picture(connection, summary, None)
    return found


def _picture(connection: duckdb.DuckDBPyConnection, summary: MapSummary, attribute: str | None) -> bytes:
    of, names = map_values(connection, attribute, len(FILLS)) if attribute is not None else ({}, [])
    number = {name: place for place, name in enumerate(names)}
    points = map_points(connection, summary.method)
    plots = [
        Plot(
            side,
            [
                (point.title, *point.places[side], number[of[point.ref]] if point.ref in of else None)
                for point in points
            ],
        )
        for side in SIDES
    ]
    by = f" by {attribute}" if attribute is not None else ""
    title = f"{summary.title} of {summary.items:,} of {summary.of_items:,} items{by}"
    notes = ["Gaps and sizes mean nothing. How far neighbours can be believed, base and candidate:"]
    for quality in QUALITIES:
        values = [summary.metrics.get((quality.metric, side)) for side in SIDES]
        shown = ", ".join(
            "unknown" if one is None or one.value is None else share_text(one.value) for one in values
        )
        notes.append(f"{quality.title} {shown} (drawn from {share_text(quality.limit)})")
    if summary.rearranged:
        notes.append("The candidate's map is a new arrangement: compare neighbours, not places.")
    return scatter_svg(Figure(title, plots, names, notes))
