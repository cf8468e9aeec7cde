"""The numbers that stand for refs in the tables of a published run.

Every table with a column ref has one named ref_key beside it and is sorted by it. By a number DuckDB knows which blocks
of a table hold an example; of texts it knows no more than the first eight bytes, which all refs of a track share.
Numbers are in the order of refs, so that a ref's own is found by the first refs of pages: an index of refs would take
more room than their texts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache

import duckdb

from analysis.base.sql import column, queries
from analysis.store.packed import PAGE, RUNS_KEPT, packed_row

_SQL = queries(__package__, "keys.sql")
NUMBERS_KEPT = 4096
"""Refs whose numbers are kept: those of what a reviewer looks at, and of what stands near it."""
MOST_SETS = 4096
"""Sets of slices that are kept, where a run has no more."""
LISTS_KEPT = 16
"""Lists of refs whose numbers are kept: a reviewer walks through the same list, page by page."""


def ref_key(connection: duckdb.DuckDBPyConnection, ref: str) -> int | None:
    """The number of a ref in the run that is attached as `evidence`; None where it has no such example."""
    known = _known(connection)
    if ref not in known:
        page = bisect_right(_pages(connection), ref) - 1
        if page < 0:
            return None
        asked = {"first": page * PAGE, "last": page * PAGE + PAGE - 1}
        remember_keys(connection, dict(connection.execute(_SQL["page"], asked).fetchall()))
    return known.get(ref)


def remember_keys(connection: duckdb.DuckDBPyConnection, keys: Mapping[str, int]) -> None:
    """Keep the numbers of some refs, which are to be looked at next."""
    known = _known(connection)
    if len(known) > NUMBERS_KEPT:
        known.clear()
    known.update(keys)


@lru_cache(RUNS_KEPT)
def _known(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The numbers of refs that were found."""
    return {}


@lru_cache(RUNS_KEPT)
def _pages(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The first ref of each page of examples."""
    return column(connection, _SQL["pages"])


def slices_of(connection: duckdb.DuckDBPyConnection, key: int | None, track: str) -> tuple[str, ...]:
    """The slices of a track that an example is in, by name, in the run that is attached as `evidence`."""
    row = packed_row(connection, key)
    return () if row is None else slices_in(connection, row["slice_set"], track)


@lru_cache(MOST_SETS)
def slices_in(connection: duckdb.DuckDBPyConnection, slice_set: int | None, track: str) -> tuple[str, ...]:
    """The slices of a track that are in a set of slices, by name."""
    known = _sets(connection)
    if known is not None:
        return known.get((slice_set, track), ())
    return tuple(column(connection, _SQL["slices"], {"slice_set": slice_set, "track": track}))


@lru_cache(RUNS_KEPT)
def _sets(connection: duckdb.DuckDBPyConnection) -> dict[tuple[int | None, str], tuple[str, ...]] | None:
    """The slices in each set, by set and track; None where there are too many sets to keep."""
    if column(connection, _SQL["sets"]) > [MOST_SETS]:
        return None
    found = connection.execute(_SQL["all_sets"]).fetchall()
    return {(number, track): tuple(slices) for number, track, slices in found}


@lru_cache(LISTS_KEPT)
def ref_keys(connection: duckdb.DuckDBPyConnection, refs: Sequence[str]) -> tuple[int, ...]:
    """The numbers of some refs, in their order; a ref that the run does not have has none.

    Args:
        connection: has the run attached as `evidence`.
        refs: a tuple.
    """
    known = dict(connection.execute(_SQL["keys"], {"refs": list(refs)}).fetchall())
    return tuple(known[ref] for ref in refs if ref in known)
