"""What a reviewer is asked of a message: which of two labels is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import ALL
from analysis.base.sql import queries
from analysis.plugin.question import KnownAnswer, Question
from analysis.store.keys import ref_key
from analysis.tracks.intent.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "questions.sql")
_KNOWN = queries(__package__, "known_answers.sql")


def question(connection: duckdb.DuckDBPyConnection, ref: str, text: str) -> Question | None:
    """The label of each side, below the question in words; None where a side has none."""
    row = connection.execute(_SQL["labels"], {"key": ref_key(connection, ref)}).fetchone()
    return None if row is None else Question(text, (row[0],), (row[1],))


def known_answers(workbench: duckdb.DuckDBPyConnection) -> list[KnownAnswer]:
    """Messages that both sides have right with a wide margin, each beside a plausible wrong label."""
    found = workbench.execute(_KNOWN["known_answers"], {"all": ALL, "track": TRACK}).fetchall()
    return [KnownAnswer(TRACK, ref, (gold,), (wrong,)) for ref, gold, wrong in found]
