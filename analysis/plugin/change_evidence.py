"""What a run holds of where the change of a track's models lives: its rows, and the dose of an adapter as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.base.sql import dictionaries, queries
from analysis.plots.figure import Curve, Figure, Plot

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "change_parts.sql")


def stored_parts(connection: duckdb.DuckDBPyConnection, track: str) -> list[dict[str, Any]]:
    """A track's rows of `change_part`; `connection` has the run attached as `evidence`."""
    return list(dictionaries(connection, _SQL["stored"], {"track": track}))


def dose_figure(
    connection: duckdb.DuckDBPyConnection, track: str, examples: str, outcome: str
) -> Figure | None:
    """Flips with the base's outcome by the strength of a track's adapter; None where it was not scaled.

    Args:
        connection: has the run attached as `evidence`.
        track: whose adapter.
        examples: what flipped, in the plural: `messages`.
        outcome: what comes back: `answer`.
    """
    rows = [row for row in connection.execute(_SQL["doses"], {"track": track}).fetchall() if row[1]]
    if not rows:
        return None
    shares = [(float(scale), restored / n) for scale, n, restored, _, _ in rows]
    table = [
        [
            f"{scale:g}",
            f"{restored} of {n}",
            "–" if low is None or high is None else f"[{low:.2f}, {high:.2f}]",
        ]
        for scale, n, restored, low, high in rows
    ]
    return Figure(
        f"Flipped {examples} that get the base's {outcome} back, by the adapter's strength",
        [Plot("", curves=[Curve("restored", shares)], x="scale of the adapter", y="share restored")],
        header=["scale", "restored", "interval"],
        rows=table,
    )
