"""The numbers that stand for refs in the tables of a published run.

Every table with a column ref has one named ref_key beside it and is sorted by it. By a number DuckDB knows which blocks
of a table hold an example; of texts it knows no more than the first eight bytes, which all refs of a track share.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import duckdb

from analysis.base.sql import column, queries

_SQL = queries(__package__, "keys.sql")
REFS_KEPT = 64
"""Examples whose number and slices are kept: what is asked of one is asked by several, one after the other."""
LISTS_KEPT = 16
"""Lists of refs whose numbers are kept: a reviewer walks through the same list, page by page."""


@lru_cache(REFS_KEPT)
def ref_key(connection: duckdb.DuckDBPyConnection, ref: str) -> int | None:
    """The number of a ref in the run that is attached as `evidence`; None where it has no such example."""
    return next(iter(column(connection, _SQL["key"], {"ref": ref})), None)


@lru_cache(REFS_KEPT)
def slices_of(connection: duckdb.DuckDBPyConnection, key: int | None, track: str) -> tuple[str, ...]:
    """The slices of a track that an example is in, by name, in the run that is attached as `evidence`."""
    return tuple(column(connection, _SQL["slices"], {"key": key, "track": track}))


@lru_cache(LISTS_KEPT)
def ref_keys(connection: duckdb.DuckDBPyConnection, refs: Sequence[str]) -> tuple[int, ...]:
    """The numbers of some refs, in their order; a ref that the run does not have has none.

    Args:
        connection: has the run attached as `evidence`.
        refs: a tuple.
    """
    known = dict(connection.execute(_SQL["keys"], {"refs": list(refs)}).fetchall())
    return tuple(known[ref] for ref in refs if ref in known)
