"""What a reviewer is asked of a query, a hard-negative pair or an item: which list, or which order, is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.base.sql import queries
from analysis.plugin.question import Fact, KnownAnswer, Question
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
PAIR_CHARACTERS, LIST_CHARACTERS = 300, 160
"""Of an item's text beside the titles of a pair, and beside those of lists."""
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


def facts(connection: duckdb.DuckDBPyConnection, titles: Sequence[str]) -> tuple[Fact, ...]:
    """What the items are that are listed on a page by their titles alone, each in so many characters.

    Args:
        connection: has the run attached as `evidence`.
        titles: as they stand on the page.
    """
    named = list(dict.fromkeys(titles))
    rows = connection.execute(_SQL["texts_of"], {"titles": named}).fetchall()
    most = PAIR_CHARACTERS if len(named) <= 2 else LIST_CHARACTERS
    found = []
    for title, text in sorted(rows, key=lambda row: named.index(row[0])):
        short = text if len(text) <= most else f"{text[:most].rstrip()}…"
        found.append(Fact("item", f"{title}: {short}"))
    return tuple(found)


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
