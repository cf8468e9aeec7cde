"""What a reviewer is asked of a text: which of two waits is right."""

from __future__ import annotations

import duckdb

from analysis.base.sql import queries
from analysis.plugin.question import KnownAnswer, Question

SQL = queries("assay_toy", "queries.sql")
TEXT = "How long may this customer wait?"


def question(connection: duckdb.DuckDBPyConnection, ref: str) -> Question | None:
    """The hours of each side; None where a side has none."""
    row = connection.execute(SQL["hours_of_example"], {"ref": ref}).fetchone()
    return None if row is None else Question(TEXT, (_hours(row[0]),), (_hours(row[1]),))


def known_answers(workbench: duckdb.DuckDBPyConnection) -> list[KnownAnswer]:
    """Texts that both sides answer in the hours in which they were due, each beside three times as many."""
    found = workbench.execute(SQL["both_right"]).fetchall()
    return [KnownAnswer("toy", ref, (_hours(due),), (_hours(3 * due),)) for ref, due in found]


def _hours(value: float) -> str:
    return f"{value:.0f} hours"
