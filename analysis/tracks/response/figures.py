"""Figures of the response track: how long answers are, and what the adapter's strength does to what leads see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.base.records import SIDES
from analysis.base.sql import queries
from analysis.plots.figure import Curve, Figure, Plot

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "figures.sql")

BINS = 12
"""Most bins of the lengths."""
SHOWN = 6
"""Leads whose dose is drawn: those that it changes most; the numbers are of all."""


def figures(connection: duckdb.DuckDBPyConnection) -> dict[str, Figure]:
    """Name -> figure, for what the run has the numbers of; `connection` has the run attached as `evidence`."""
    found = {"response-lengths": _lengths(connection), "response-dose": _doses(connection)}
    return {name: figure for name, figure in found.items() if figure is not None}


def _lengths(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    rows = connection.execute(_SQL["lengths"]).fetchall()
    lengths = {side: np.asarray([n for one, n in rows if one == side], dtype=np.int64) for side in SIDES}
    if any(not len(some) for some in lengths.values()):
        return None
    longest = max(int(some.max()) for some in lengths.values())
    width = max(1, -(-(longest + 1) // BINS))
    edges = np.arange(0, longest + width + 1, width)
    counts = {side: np.histogram(some, edges)[0] for side, some in lengths.items()}
    curves = [
        Curve(
            side,
            [
                (float(start) + width / 2, float(count) / len(lengths[side]))
                for start, count in zip(edges, counts[side], strict=False)
            ],
        )
        for side in SIDES
    ]
    table = [
        [f"{start} to {start + width - 1}", *(f"{counts[side][place]}" for side in SIDES)]
        for place, start in enumerate(edges[:-1].tolist())
    ]
    return Figure(
        "How long the answers are",
        [Plot("", curves=curves, x="words", y="share of answers")],
        header=["words", *(f"{side} answers" for side in SIDES)],
        rows=table,
    )


def _doses(connection: duckdb.DuckDBPyConnection) -> Figure | None:
    rows = connection.execute(_SQL["doses"]).fetchall()
    rates: dict[str, list[tuple[float, float]]] = {}
    for scale, detector, rate, *_ in rows:
        rates.setdefault(detector, []).append((float(scale), float(rate)))
    if not rates:
        return None
    spread = {
        name: max(rate for _, rate in some) - min(rate for _, rate in some) for name, some in rates.items()
    }
    shown = sorted(rates, key=lambda name: (-spread[name], list(rates).index(name)))[:SHOWN]
    table = [
        [detector, f"{scale:g}", f"{rate:.2f}", f"[{low:.2f}, {high:.2f}]", f"{n}"]
        for scale, detector, rate, low, high, n in rows
    ]
    return Figure(
        "What leads see in answers, by the adapter's strength",
        [
            Plot(
                "",
                curves=[Curve(name, rates[name]) for name in shown],
                x="scale of the adapter (0 is the base, 1 the candidate)",
                y="share of flagged prompts",
            )
        ],
        header=["lead", "scale", "rate", "interval", "n"],
        rows=table,
    )
