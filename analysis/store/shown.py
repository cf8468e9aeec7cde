"""Digest of what a reviewer is shown of an example: a verdict counts wherever the same is shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from analysis.base.sql import column, dictionaries, identifier, queries
from analysis.store.keys import ref_key
from analysis.store.packed import ATTRIBUTION, packed_by_side, packed_columns

SMALL = 20_000
"""Rows up to which the numbers of a table's examples are remembered."""
_SQL = queries(__package__, "shown.sql")


@dataclass(frozen=True, slots=True)
class EvidenceTables:
    """Names of a run's tables and views; `payload` are those by ref and side beside the core tables.

    `by_side` are those of `payload` that are packed (`analysis.store.packed`). `filled` are the other tables that have
    any row, `small` those of them whose examples are few enough to be remembered.
    `pointing` are the tables that only point at what to look at, as leads do: no verdict is on them.
    """

    names: frozenset[str]
    filled: frozenset[str]
    small: frozenset[str]
    payload: tuple[str, ...]
    by_side: tuple[str, ...]
    pointing: frozenset[str]


def evidence_tables(connection: duckdb.DuckDBPyConnection) -> EvidenceTables:
    """The tables of the evidence that is attached as `evidence`."""
    rows = connection.execute(_SQL["tables"]).fetchall()
    views = column(connection, _SQL["views"])
    by_side = packed_by_side(packed_columns(connection))
    return EvidenceTables(
        frozenset((*(name for name, *_ in rows), *views)),
        frozenset(name for name, *_, held in rows if held),
        frozenset(name for name, *_, held in rows if 0 < held <= SMALL),
        tuple(sorted((*(name for name, keys, *_ in rows if keys == 2 and name != "span"), *by_side))),
        by_side,
        frozenset(name for name, _, points, _ in rows if points),
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
        tables: rows of `attribution` and of each payload table that does not only point, as column -> value; empty
            tables do not count.
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
    one = len(refs) == 1
    asked: dict[str, object] = {"key": ref_key(connection, refs[0])} if one else {"refs": list(refs)}
    contents = connection.execute(_SQL["content" if one else "contents"], asked).fetchall()
    keys = [key for _, _, key in contents]
    if not keys:
        return {}
    given: dict[str, object] = {"key": keys[0]} if one else {"keys": keys}
    match = _SQL["one" if one else "some"]
    critical = dict(connection.execute(_SQL["critical"].format(match=match), given).fetchall())
    found: dict[str, dict[str, list[dict[str, Any]]]] = {ref: {} for ref, *_ in contents}
    for name in (*(one for one in tables.payload if one not in tables.pointing), ATTRIBUTION):
        for values in dictionaries(
            connection, _SQL["rows"].format(table=identifier(name), match=match), given
        ):
            found[values["ref"]].setdefault(name, []).append(values)
    return {
        ref: shown_digest(content, found[ref], critical.get(ref, ()), models) for ref, content, _ in contents
    }


def _encode(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _digest(value: Any) -> str:
    return hashlib.sha256(_encode(value).encode("utf-8", "surrogatepass")).hexdigest()
