"""Digest of what a reviewer is shown of an example: a verdict counts wherever the same is shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from analysis.store.run import identifier

ATTRIBUTION = "attribution"


@dataclass(frozen=True, slots=True)
class EvidenceTables:
    """Names of a run's tables and views; `payload` are the tables by ref and side beside the core tables."""

    names: frozenset[str]
    payload: tuple[str, ...]


def evidence_tables(connection: duckdb.DuckDBPyConnection) -> EvidenceTables:
    """The tables of the evidence that is attached as `evidence`."""
    rows = connection.execute(
        "SELECT t.table_name, count(*) FILTER (c.column_name IN ('ref', 'side')) FROM duckdb_tables() t "
        "JOIN duckdb_columns() c ON c.database_name = t.database_name AND c.table_name = t.table_name "
        "WHERE t.database_name = 'evidence' GROUP BY t.table_name ORDER BY t.table_name"
    ).fetchall()
    views = connection.execute(
        "SELECT view_name FROM duckdb_views() WHERE database_name = 'evidence' AND NOT internal"
    ).fetchall()
    core = (ATTRIBUTION, "span")
    return EvidenceTables(
        frozenset(name for name, *_ in (*rows, *views)),
        tuple(name for name, keys in rows if keys == 2 and name not in core),
    )


def models_digest(description: Mapping[str, Any]) -> str:
    """SHA-256 over the digests of both models of every track of a run."""
    models = description["determined_by"].get("models", {})
    return _digest(
        {track: {side: one["digest"] for side, one in sides.items()} for track, sides in models.items()}
    )


def shown_digest(
    content: str,
    tables: Mapping[str, Iterable[Mapping[str, Any]]],
    critical: Iterable[str],
    models: str,
) -> str:
    """Digest of the evidence shown of one example.

    Args:
        content: digest of the example's content.
        tables: rows of each payload table and of `attribution`, as column -> value; empty tables do not count.
        critical: the critical slices that the example is in.
        models: digest of both models.
    """
    evidence = {name: sorted(_encode(row) for row in rows) for name, rows in tables.items()}
    return _digest(
        {
            "content": content,
            "critical_slices": sorted(critical),
            "evidence": {name: rows for name, rows in evidence.items() if rows},
            "models": models,
        }
    )


def shown_digests(
    connection: duckdb.DuckDBPyConnection, tables: EvidenceTables, models: str, refs: Sequence[str]
) -> dict[str, str]:
    """Digest of the evidence shown, by ref, of those examples that the run has.

    Args:
        connection: a session's connection, with the evidence attached and the table `critical`.
        tables: the run's tables.
        models: digest of both models.
        refs: the examples in question.
    """
    match, given = (
        ("ref = ?", [refs[0]]) if len(refs) == 1 else ("ref IN (SELECT unnest(?::VARCHAR[]))", [list(refs)])
    )
    contents = connection.execute(f"SELECT ref, sha256 FROM evidence.example WHERE {match}", given).fetchall()
    critical = dict(connection.execute(f"SELECT ref, slices FROM critical WHERE {match}", given).fetchall())
    found: dict[str, dict[str, list[dict[str, Any]]]] = {ref: {} for ref, _ in contents}
    for name in (*tables.payload, ATTRIBUTION):
        result = connection.execute(f"SELECT * FROM evidence.{identifier(name)} WHERE {match}", given)
        columns = [column[0] for column in result.description or ()]
        for row in result.fetchall():
            values = dict(zip(columns, row, strict=True))
            found[values["ref"]].setdefault(name, []).append(values)
    return {
        ref: shown_digest(content, found[ref], critical.get(ref, ()), models) for ref, content in contents
    }


def _encode(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _digest(value: Any) -> str:
    return hashlib.sha256(_encode(value).encode("utf-8", "surrogatepass")).hexdigest()
