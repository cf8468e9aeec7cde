"""What people agree on of single answers, for the leads of the next run to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.review_records import SaidOfAnswer
from analysis.base.sql import queries
from analysis.tracks.response.heard import heard

if TYPE_CHECKING:
    import duckdb

    from analysis.base.gate_records import GateInput

_TEXTS = queries(__package__, "questions.sql")["texts"]


def said_of_answers(given: GateInput, connection: duckdb.DuckDBPyConnection) -> list[SaidOfAnswer]:
    """A row for each answer and behaviour of which people say yes or no, when asked or by their words on its spans."""
    known = heard(given)
    asked = [one.name for one in known.behaviours if not one.any_of]
    return [
        SaidOfAnswer(ref, side, name, said, sha256)
        for ref, side, sha256 in connection.execute(_TEXTS).fetchall()
        for name in asked
        if (said := known.said_of(ref, name, side)) in ("yes", "no")
    ]
