"""Figures of the intent track: reliability, risk and coverage, drift by layer, and the dose of an adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import ALL, SIDES
from analysis.base.sql import queries
from analysis.plots.figure import Curve, Figure, Plot
from analysis.plugin.change_evidence import dose_figure
from analysis.tracks.intent.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "figures.sql")

BINS = 10
"""Bins of a reliability curve, each with a tenth of the messages."""
STEPS = 10
"""Points of a risk-coverage curve."""
LEAST = 20
"""Labelled messages from which such curves are drawn."""


def figures(connection: duckdb.DuckDBPyConnection) -> dict[str, Figure]:
    """Name -> figure, for what the run has the numbers of; `connection` has the run attached as `evidence`."""
    found = {
        "intent-reliability": _reliability(connection),
        "intent-risk-coverage": _risk_coverage(connection),
        "intent-drift": _drift(connection),
        "intent-dose": dose_figure(connection, TRACK, "messages", "answer"),
    }
    return {name: figure for name, figure in found.items() if figure is not None}


def _reliability(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    rows = connection.execute(_SQL["reliability"], {"track": TRACK, "all": ALL, "bins": BINS}).fetchall()
    if sum(n for _, side, n, _, _ in rows if side == SIDES[0]) < LEAST:
        return None
    at = {(bin_, side): (n, sure, right) for bin_, side, n, sure, right in rows}
    bins = sorted({bin_ for bin_, _ in at})
    curves = [Curve(side, [at[bin_, side][1:] for bin_ in bins if (bin_, side) in at]) for side in SIDES]
    table = []
    for bin_ in bins:
        cells = [f"{bin_}"]
        for side in SIDES:
            n, sure, right = at.get((bin_, side), (0, 0.0, 0.0))
            cells += [f"{n}", f"{sure:.3f}", f"{right:.3f}"] if n else ["0", "–", "–"]
        table.append(cells)
    header = ["tenth", *(f"{side} {what}" for side in SIDES for what in ("n", "confidence", "right"))]
    return Figure(
        "How sure the classifier is, and how often it is right",
        [Plot("", curves=curves, x="mean confidence", y="share right", diagonal=True)],
        notes=[
            "On the line it is as sure as it is right; below it, it is surer. Each point is a tenth of the messages."
        ],
        header=header,
        rows=table,
    )


def _risk_coverage(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    rows = connection.execute(_SQL["risk_coverage"], {"track": TRACK, "all": ALL, "steps": STEPS}).fetchall()
    at = {(step, side): (int(n), int(wrong)) for step, side, n, wrong in rows}
    steps = sorted({step for step, _ in at})
    if not steps or at[steps[-1], SIDES[0]][0] < LEAST:
        return None
    curves = [
        Curve(
            side,
            [(step / STEPS, at[step, side][1] / at[step, side][0]) for step in steps if (step, side) in at],
        )
        for side in SIDES
    ]
    table = [
        [f"{step / STEPS:.0%}", *(f"{at[step, side][1]} of {at[step, side][0]}" for side in SIDES)]
        for step in steps
        if all((step, side) in at for side in SIDES)
    ]
    return Figure(
        "Errors among the messages that each side is surest of",
        [Plot("", curves=curves, x="share of messages acted on", y="share wrong of these")],
        notes=["From left to right, less and less sure messages are acted on."],
        header=["acted on", *(f"{side} wrong" for side in SIDES)],
        rows=table,
    )


def _drift(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    rows = connection.execute(_SQL["drift"], {"track": TRACK, "all": ALL}).fetchall()
    slices = list(dict.fromkeys(name for name, *_ in rows))
    if not slices:
        return None
    curves = [
        Curve(name, [(float(layer), value) for one, layer, value, _, _ in rows if one == name])
        for name in slices
    ]
    floor = [(float(layer), least) for one, layer, _, least, _ in rows if one == ALL and least is not None]
    if floor:
        curves.append(Curve("what noise alone leaves", floor))
    table = [
        [name, f"{layer}", f"{value:.3f}", "–" if least is None else f"{least:.3f}", f"{n}"]
        for name, layer, value, least, n in rows
    ]
    return Figure(
        "How alike both sides see a message, by layer",
        [Plot("", curves=curves, x="layer, from the embeddings on", y="cosine")],
        notes=["1 is alike. It says where to look, and judges nothing."],
        header=["slice", "layer", "cosine", "noise alone", "n"],
        rows=table,
    )
