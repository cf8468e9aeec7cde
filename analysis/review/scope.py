"""Which examples a reviewer walks through, and in which order: pages, neighbours and positions in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from analysis.base.records import ReviewVerdict
from analysis.store.run import identifier


@dataclass(frozen=True, slots=True)
class Scope:
    """A choice of examples.

    The queue in order of rank, unless `everything` asks for all evaluation examples or `refs` names some;
    then narrowed by what else is given. `gate` means examples flagged for that gate key, `reason` examples
    flagged with that reason, `search` text that the message, the id or, where it has one, the title
    contains, in any case, and `undecided` those without a verdict of this reviewer.
    """

    track: str | None = None
    slice: str | None = None
    gate: str | None = None
    reason: str | None = None
    search: str | None = None
    undecided: bool = False
    everything: bool = False
    refs: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the list of examples; `rank` is None outside the queue, `title` where there is none."""

    ref: str
    id: str
    rank: int | None
    text: str
    gold: str | None
    reasons: tuple[str, ...]
    control: bool
    verdict: ReviewVerdict | None
    critical_slices: tuple[str, ...]
    kind: str
    title: str | None = None


TABLES = """
CREATE TABLE queue AS
SELECT f.ref, min(f.rank) AS rank, list(DISTINCT f.reason ORDER BY f.reason) AS reasons,
       bool_and(f.control) AS control, any_value(e.track) AS track
FROM evidence.flag f JOIN evidence.example e ON e.ref = f.ref
WHERE f.rank IS NOT NULL GROUP BY f.ref ORDER BY rank, f.ref;
CREATE TABLE critical AS
SELECT m.ref, list(m.slice ORDER BY m.slice) AS slices
FROM evidence.membership m JOIN evidence.slice s ON s.slice = m.slice AND s.track = m.track
WHERE s.critical GROUP BY m.ref;
CREATE TABLE verdict_now AS SELECT * FROM verdict_of('');
"""
"""Tables that a session makes at its start, after the evidence is attached as `evidence`,
beside those of the events."""

_TITLED = """
SELECT table_name FROM duckdb_columns()
WHERE database_name = 'evidence' AND column_name IN ('ref', 'title') AND data_type = 'VARCHAR'
GROUP BY table_name HAVING count(*) = 2 ORDER BY table_name
"""
"""Tables of the evidence that know titles of examples."""

_RANKLESS = 2**31 - 1


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of a session, after the evidence is attached as `evidence`.

    `titled` holds the titles of examples, from whatever table of the evidence has columns ref and title.
    """
    connection.execute(TABLES)
    sources = [
        f"SELECT ref, title FROM evidence.{identifier(name)}"
        for (name,) in connection.execute(_TITLED).fetchall()
    ]
    nothing = "SELECT NULL::VARCHAR AS ref, NULL::VARCHAR AS title WHERE false"
    connection.execute(f"CREATE VIEW titled AS {' UNION ALL '.join(sources) or nothing}")


def _source(scope: Scope) -> tuple[str, list[Any]]:
    """SQL of (ref, place) of the examples that the scope starts from, before it is narrowed."""
    if scope.refs is not None:
        return (
            "SELECT r.ref, r.place FROM (SELECT unnest(?::VARCHAR[]) AS ref, "
            "generate_subscripts(?::VARCHAR[], 1) AS place) r JOIN evidence.example e ON e.ref = r.ref",
            [list(scope.refs), list(scope.refs)],
        )
    if scope.everything:
        return "SELECT ref, 0 AS place FROM evidence.example WHERE kind <> 'variant'", []
    return "SELECT ref, rank AS place FROM queue", []


def _scoped(scope: Scope, actor: str) -> tuple[str, list[Any]]:
    """SQL of (ref, place) of the examples in the scope."""
    source, given = _source(scope)
    conditions: list[str] = []
    if scope.track is not None:
        conditions.append("EXISTS (SELECT 1 FROM evidence.example e WHERE e.ref = b.ref AND e.track = ?)")
        given.append(scope.track)
    if scope.slice is not None:
        track = "" if scope.track is None else " AND m.track = ?"
        conditions.append(f"b.ref IN (SELECT m.ref FROM evidence.membership m WHERE m.slice = ?{track})")
        given.extend([scope.slice] if scope.track is None else [scope.slice, scope.track])
    for column, value in (("gate", scope.gate), ("reason", scope.reason)):
        if value is not None:
            conditions.append(f"b.ref IN (SELECT f.ref FROM evidence.flag f WHERE f.{column} = ?)")
            given.append(value)
    if scope.search:
        conditions.append(
            "EXISTS (SELECT 1 FROM evidence.example e WHERE e.ref = b.ref AND "
            "(contains(lower(e.text), lower(?)) OR contains(lower(e.id), lower(?)) OR e.ref IN "
            "(SELECT t.ref FROM titled t WHERE contains(lower(t.title), lower(?)))))"
        )
        given.extend([scope.search] * 3)
    if scope.undecided:
        conditions.append("b.ref NOT IN (SELECT ref FROM verdict_now WHERE actor = ?)")
        given.append(actor)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT b.ref, b.place FROM ({source}) b{where}", given


def count(connection: duckdb.DuckDBPyConnection, scope: Scope, actor: str) -> int:
    """Number of examples in a scope."""
    scoped, given = _scoped(scope, actor)
    row = connection.execute(f"SELECT count(*) FROM ({scoped})", given).fetchone()
    return int(row[0]) if row else 0


def page(
    connection: duckdb.DuckDBPyConnection, scope: Scope, actor: str, offset: int, limit: int
) -> list[QueueRow]:
    """Some rows of a scope, in its order."""
    scoped, given = _scoped(scope, actor)
    rows = connection.execute(
        f"WITH p AS (SELECT ref, place FROM ({scoped}) ORDER BY place, ref LIMIT ? OFFSET ?) "
        "SELECT e.ref, e.id, q.rank, e.text, e.gold, q.reasons, coalesce(q.control, false), v.verdict, c.slices, "
        "e.kind, (SELECT min(t.title) FROM titled t WHERE t.ref = p.ref) "
        "FROM p JOIN evidence.example e ON e.ref = p.ref LEFT JOIN queue q ON q.ref = p.ref "
        "LEFT JOIN critical c ON c.ref = p.ref "
        "LEFT JOIN verdict_now v ON v.ref = p.ref AND v.actor = ? ORDER BY p.place, p.ref",
        [*given, limit, offset, actor],
    ).fetchall()
    return [
        QueueRow(*[*row[:5], tuple(row[5] or ()), *row[6:8], tuple(row[8] or ()), *row[9:]]) for row in rows
    ]


def _place(connection: duckdb.DuckDBPyConnection, ref: str, scope: Scope) -> int:
    """The sort key of an example, also of one that the scope's filters leave out."""
    source, given = _source(scope)
    row = connection.execute(f"SELECT place FROM ({source}) WHERE ref = ?", [*given, ref]).fetchone()
    return int(row[0]) if row else _RANKLESS


def neighbour(
    connection: duckdb.DuckDBPyConnection, ref: str | None, scope: Scope, actor: str, step: int
) -> str | None:
    """The next (`step` > 0) or previous example of a scope; its first or last where `ref` is None."""
    scoped, given = _scoped(scope, actor)
    operator, direction = (">", "") if step > 0 else ("<", " DESC")
    beyond = ""
    if ref is not None:
        beyond = f" WHERE (place, ref) {operator} (?, ?)"
        given.extend([_place(connection, ref, scope), ref])
    row = connection.execute(
        f"SELECT ref FROM ({scoped}){beyond} ORDER BY place{direction}, ref{direction} LIMIT 1", given
    ).fetchone()
    return str(row[0]) if row else None


def position(connection: duckdb.DuckDBPyConnection, ref: str, scope: Scope, actor: str) -> int | None:
    """Place of an example in a scope, from 0; None where it is not in it."""
    scoped, given = _scoped(scope, actor)
    place = _place(connection, ref, scope)
    row = connection.execute(
        f"SELECT count(*) FILTER ((place, ref) < (?, ?)), bool_or(ref = ?) FROM ({scoped})",
        [place, ref, ref, *given],
    ).fetchone()
    return int(row[0]) if row and row[1] else None
