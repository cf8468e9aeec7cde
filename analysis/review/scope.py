"""Which examples a reviewer walks through, and in which order: pages, neighbours and positions in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from analysis.base.records import QueuePart
from analysis.base.review_records import Right
from analysis.base.sql import column, identifier, queries, records
from analysis.store.keys import ref_key, ref_keys, remember_keys
from analysis.text.searched import search_form

_SQL = queries(__package__, "scope.sql")
_SESSION = queries(__package__, "session.sql")


@dataclass(frozen=True, slots=True)
class Scope:
    """A choice of examples.

    The queue in order of rank, unless `everything` asks for all evaluation examples or `refs` names some;
    then narrowed by what else is given. `gate` means examples flagged for that gate key, `reason` examples
    flagged with that reason, `search` text that the message, the id or, where it has one, the title
    contains as it is read (`search_form`), `part` those of one part of the
    queue, `must` what must be judged, and `undecided` those that this reviewer has not answered.
    """

    track: str | None = None
    slice: str | None = None
    gate: str | None = None
    reason: str | None = None
    search: str | None = None
    part: QueuePart | None = None
    must: bool = False
    undecided: bool = False
    everything: bool = False
    refs: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the list of examples; `rank` and `part` are None outside the queue, `title` where there is none.

    `answered` tells whether this reviewer is done with it, `right` what the verdict was.
    """

    ref: str
    ref_key: int
    id: str
    rank: int | None
    text: str
    gold: str | None
    reasons: tuple[str, ...]
    part: QueuePart | None
    answered: bool
    right: Right | None
    critical_slices: tuple[str, ...]
    kind: str
    title: str | None = None


_RANKLESS = 2**31 - 1


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of a session, after the evidence is attached as `evidence`.

    `titled` holds the titles of examples, from whatever table of the evidence has columns ref and title.
    """
    connection.execute(_SESSION["tables"])
    sources = [
        f"SELECT ref_key, title FROM evidence.{identifier(name)}"
        for name in column(connection, _SESSION["titled_tables"])
    ]
    connection.execute(f"CREATE VIEW titled AS {' UNION ALL '.join(sources) or _SESSION['no_titles']}")


def make_searchable(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a session the form in which titles are searched, once it is asked for: DuckDB has no NFKC.

    Not before, for a function of Python imports NumPy, which takes a fifth of the time to the first screen.
    """
    if not column(connection, _SESSION["is_searchable"]):
        connection.create_function("search_form", search_form, ["VARCHAR"], "VARCHAR")


def _source(connection: duckdb.DuckDBPyConnection, scope: Scope) -> tuple[str, dict[str, Any]]:
    """SQL of (ref_key, place) of the examples that the scope starts from, before it is narrowed."""
    if scope.refs is not None:
        return _SQL["named"], {"keys": list(ref_keys(connection, scope.refs))}
    return _SQL["everything" if scope.everything else "queued"], {}


def _scoped(connection: duckdb.DuckDBPyConnection, scope: Scope, actor: str) -> tuple[str, dict[str, Any]]:
    """SQL of (ref_key, place) of the examples in the scope."""
    source, given = _source(connection, scope)
    narrowing = (
        ("of_track", "track", scope.track),
        ("of_slice" if scope.track is None else "of_slice_and_track", "slice", scope.slice),
        ("of_gate", "gate", scope.gate),
        ("of_reason", "reason", scope.reason),
        ("containing", "search", scope.search or None),
        ("of_part", "part", scope.part),
        ("undecided", "actor", actor if scope.undecided else None),
    )
    conditions = []
    if scope.must:
        conditions.append(_SQL["of_must"])
    for condition, name, value in narrowing:
        if value is not None:
            conditions.append(_SQL[condition])
            given[name] = value
    if scope.search:
        make_searchable(connection)
        written = scope.search.casefold()
        # What is nothing but marks is searched as it is written.
        given |= {"search": search_form(scope.search) or written, "written": written}
    return _SQL["scoped"].format(source=source, conditions=" AND ".join(conditions) or "true"), given


def count(connection: duckdb.DuckDBPyConnection, scope: Scope, actor: str) -> int:
    """Number of examples in a scope."""
    scoped, given = _scoped(connection, scope, actor)
    return int(column(connection, _SQL["count"].format(scoped=scoped), given)[0])


def page(
    connection: duckdb.DuckDBPyConnection, scope: Scope, actor: str, offset: int, limit: int
) -> list[QueueRow]:
    """Some rows of a scope, in its order."""
    scoped, given = _scoped(connection, scope, actor)
    place = {"offset": offset, "limit": limit, "reader": actor}
    found = records(connection, QueueRow, _SQL["page"].format(scoped=scoped), {**given, **place})
    remember_keys(connection, {row.ref: row.ref_key for row in found})
    return found


def _place(connection: duckdb.DuckDBPyConnection, ref: str, scope: Scope) -> int:
    """The sort key of an example, also of one that the scope's filters leave out."""
    source, given = _source(connection, scope)
    asked = {**given, "key": ref_key(connection, ref)}
    found = column(connection, _SQL["place"].format(source=source), asked)
    return int(found[0]) if found else _RANKLESS


def neighbour(
    connection: duckdb.DuckDBPyConnection, ref: str | None, scope: Scope, actor: str, step: int
) -> str | None:
    """The next (`step` > 0) or previous example of a scope; its first or last where `ref` is None."""
    scoped, given = _scoped(connection, scope, actor)
    if ref is None:
        query = _SQL["first" if step > 0 else "last"]
    else:
        query = _SQL["next" if step > 0 else "previous"]
        given |= {"place": _place(connection, ref, scope)}
    found = column(connection, query.format(scoped=scoped), given)
    if not found:
        return None
    (near,) = column(connection, _SQL["ref"], {"key": found[0]})
    remember_keys(connection, {near: found[0]})
    return str(near)


def position(connection: duckdb.DuckDBPyConnection, ref: str, scope: Scope, actor: str) -> int | None:
    """Place of an example in a scope, from 0; None where it is not in it."""
    scoped, given = _scoped(connection, scope, actor)
    given |= {"place": _place(connection, ref, scope)}
    row = connection.execute(_SQL["position"].format(scoped=scoped), given).fetchone()
    return int(row[0]) if row and row[1] else None
