"""What a reviewer is asked of a prompt: which of two answers may be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.sql import queries
from analysis.plugin.question import KnownAnswer, Question
from analysis.tracks.response.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "questions.sql")
_KNOWN = queries(__package__, "known_answers.sql")


def question(connection: duckdb.DuckDBPyConnection, ref: str, text: str) -> Question | None:
    """The whole answer of each side, below the question in words; None where a side has none."""
    row = connection.execute(_SQL["answers"], {"ref": ref}).fetchone()
    return None if row is None else Question(text, (row[0],), (row[1],))


def known_answers(workbench: duckdb.DuckDBPyConnection) -> list[KnownAnswer]:
    """Prompts with the base's own answer, and with its answer to another prompt, which answers nothing."""
    found = workbench.execute(_KNOWN["known_answers"]).fetchall()
    return [KnownAnswer(TRACK, ref, (text,), (other,)) for ref, text, other in found]
