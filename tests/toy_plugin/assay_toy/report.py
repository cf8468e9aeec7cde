"""What the report says of both estimators, and when such a review matters."""

from __future__ import annotations

import duckdb

from analysis.base.gate_records import GateInput, Trigger
from analysis.base.records import ALL, SIDES
from analysis.base.sql import queries
from analysis.plots.figure import Figure, Plot
from analysis.plugin.gate import metric_of
from analysis.plugin.trigger import clear, count, flagged, trigger

FIELD = "Reply time findings"


def triggers(given: GateInput) -> list[Trigger]:
    """Whether the mean error moved, and whether texts came late."""
    error, late = metric_of(given, "toy", "error", ALL), metric_of(given, "toy", "late", ALL)
    if error is None or late is None:
        return []
    worse = (error.value or 0.0) > 0
    broken = count(given, "toy", "broken", ALL)
    refs = flagged(given, "toy.error")
    moved = f"the mean error changed by {error.value or 0.0:+.1f} hours"
    came = f"{broken} texts are newly late"
    return [
        trigger("toy", "the mean error moved", moved, clear(error), error, refs, worse=worse),
        trigger("toy", "texts came late", came, broken > 0, late, refs),
    ]


def report_sections(connection: duckdb.DuckDBPyConnection, given: GateInput) -> dict[str, list[str]]:
    """Which words move the candidate's estimates, and how many texts are late."""
    words = connection.execute(queries("assay_toy", "queries.sql")["words_that_move"]).fetchall()
    late = count(given, "toy", "broken", ALL)
    return {
        FIELD: [
            f"{late} texts are newly late, {count(given, 'toy', 'fixed', ALL)} no longer",
            "estimates of the candidate are moved most by " + ", ".join(f"{word} ({n})" for word, n in words),
        ]
    }


def figures(connection: duckdb.DuckDBPyConnection) -> dict[str, Figure]:
    """Each text at the hours that base (across) and candidate (upwards) estimate."""
    rows = connection.execute(queries("assay_toy", "queries.sql")["both_estimates"]).fetchall()
    points = [(name, base, candidate, None) for name, base, candidate in rows]
    numbers = [[name, f"{base:.1f}", f"{candidate:.1f}"] for name, base, candidate in rows]
    plot = Plot("base, candidate", points)
    return {"toy-hours": Figure("Hours until a reply", [plot], header=["text", *SIDES], rows=numbers)}
