"""What a reviewer is asked of a query, a hard-negative pair or an item: which list, or which order, is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.sql import queries
from analysis.plugin.question import KnownAnswer, Question
from analysis.store.keys import ref_key
from analysis.tracks.retrieval.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "questions.sql")
_KNOWN = queries(__package__, "known_answers.sql")
PAIR = "Which of the two answers this query?"
TEXTS = {
    "query": "Which list answers this query better?",
    "item": "Which list belongs with this item?",
    "variant": "Which list belongs with this item?",
}
LISTED = 5
"""Titles of a list that are shown before the page opens."""


def question(connection: duckdb.DuckDBPyConnection, ref: str) -> Question | None:
    """The first titles that each side finds, or of a pair which stands first; None where nothing was found."""
    kind = connection.execute(_SQL["kind"], {"ref": ref}).fetchone()
    if kind is None:
        return None
    if kind[0] == "pair":
        return _pair(connection, ref)
    found = dict(connection.execute(_SQL["lists"], {"key": ref_key(connection, ref), "k": LISTED}).fetchall())
    if kind[0] not in TEXTS or len(found) < 2:
        return None
    return Question(TEXTS[kind[0]], tuple(found["base"]), tuple(found["candidate"]))


def _pair(connection: duckdb.DuckDBPyConnection, ref: str) -> Question | None:
    row = connection.execute(_SQL["pair"], {"key": ref_key(connection, ref)}).fetchone()
    if row is None:
        return None
    positive, negative, base, candidate = row
    first = {True: (negative,), False: (positive,)}
    return Question(PAIR, first[bool(base)], first[bool(candidate)])


def known_answers(workbench: duckdb.DuckDBPyConnection) -> list[KnownAnswer]:
    """Pairs that both sides have right; where there are none, probes with the answers of another probe beside."""
    found = [
        KnownAnswer(TRACK, ref, (positive,), (negative,))
        for ref, positive, negative in workbench.execute(_KNOWN["known_pairs"]).fetchall()
    ]
    if found:
        return found
    return [
        KnownAnswer(TRACK, ref, tuple(titles), tuple(others))
        for ref, titles, others in workbench.execute(_KNOWN["known_probes"], {"k": LISTED}).fetchall()
    ]
