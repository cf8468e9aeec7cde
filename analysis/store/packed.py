"""One row for each example of a published run, with what is read of it at once.

A reader pays for each lookup and for each table that it looks into; refs, the words of a text and the names of slices,
written again beside every row, were half of what a run took. So publishing gathers the tables that have rows of most
examples into one, `packed`, and leaves views of their names and columns in their place: whoever asks them by SQL sees
no difference. A table is gathered if it is commented `packed` (then it has a row for each example, or one for each side
of it), and so are attributions, slices and metadata.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import zip_longest
from typing import Any

import duckdb

from analysis.base.errors import AssayError
from analysis.base.records import SIDES, Attribution, Example
from analysis.base.sql import column, dictionaries, identifier, queries, quote

_SQL = queries(__package__, "packed.sql")
EXAMPLE, MEMBERSHIP, ATTRIBUTION = "example", "membership", "attribution"
CORE = (EXAMPLE, MEMBERSHIP, ATTRIBUTION)
GROUP_ROWS = 20_480
"""Rows that DuckDB keeps together, a sixth of what it does by itself: to fetch one example, the blocks that hold a part
of it are read whole. Smaller ones take more room."""
PAGE = 256
"""Examples of which one ref is kept to find the others by."""
SCORED = ("starts", "ends", "scores")
"""What an attribution says of words, which is packed in another form."""
KEYS = ("ref", "ref_key", "side")
ROWS_KEPT = 64
"""Examples whose rows are kept: what is asked of one is asked by several, one after the other."""
RUNS_KEPT = 16

Fields = Sequence[tuple[str, str, bool]]
"""Columns of a table with their types, and whether they may be NULL."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """A table that is gathered: its columns but for ref and side, and whether it has a row for each side."""

    table: str
    fields: Fields
    by_side: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of `packed` that hold it, those of sides in their order."""
        return tuple(side_column(self.table, side) for side in SIDES) if self.by_side else (self.table,)


def side_column(table: str, side: str) -> str:
    """The column of `packed` that holds what a table says of one side."""
    return f"{table}/{side}"


def gathered_tables(
    connection: duckdb.DuckDBPyConnection, target: str, tables: Sequence[str], source: str
) -> list[Gathered]:
    """The tables that are gathered beside examples, slices and attributions.

    Args:
        connection: has both databases.
        target: database with the tables as they are defined.
        tables: those that are published; metadata is defined nowhere.
        source: database with the rows.
    """
    named = column(connection, _SQL["packed_tables"], {"target": target})
    found = []
    for table in named:
        types = _types(connection, target, table)
        by_side = "side" in (name for name, *_ in types)
        found.append(Gathered(table, [one for one in types if one[0] not in KEYS], by_side))
    for table in sorted(name for name in tables if name.startswith("metadata_")):
        types = [one for one in _types(connection, source, table) if one[0] not in ("ref", "ref_key")]
        if types:
            found.append(Gathered(table, types, False))
    return found


def _types(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> Fields:
    return connection.execute(_SQL["types"], {"target": database, "table": table}).fetchall()


def pack(
    connection: duckdb.DuckDBPyConnection, source: str, target: str, gathered: Sequence[Gathered]
) -> None:
    """Write the table `packed`, and what belongs to it, into the database of a run.

    Args:
        connection: has both databases, and its own in use.
        source: the database of the rows.
        target: the database of the run, with the tables as they are defined.
        gathered: what is gathered beside examples, slices and attributions.

    Raises:
        AssayError: rows have no example, or break their definition.
    """
    places = {"source": identifier(source), "target": identifier(target)}
    attribution = Gathered(ATTRIBUTION, _types(connection, target, ATTRIBUTION), by_side=False)
    for one in (attribution, *gathered):
        _check_nulls(connection, source, one)
    connection.execute(_SQL["slices"].format(**places))
    connection.execute(_SQL["slice_sets"].format(**places))
    told = [name for name, *_ in attribution.fields if name not in (*SCORED, "ref", "ref_key")]
    listed = ", ".join(f"{identifier(name)} := s.{identifier(name)}" for name in told)
    columns, joins = [], []
    for number, one in enumerate(gathered):
        sides = SIDES if one.by_side else (None,)
        for side, name in zip(sides, one.columns, strict=True):
            alias = f"t{number}_{side or 'row'}"
            packed = ", ".join(
                f"{identifier(field)} := {alias}.{identifier(field)}::{kind}" for field, kind, _ in one.fields
            )
            columns.append(
                f", CASE WHEN {alias}.ref IS NOT NULL THEN struct_pack({packed}) END AS {identifier(name)}"
            )
            of_side = f" AND {alias}.side = '{side}'" if side else ""
            table = f"(SELECT * FROM {places['source']}.{identifier(one.table)} WHERE {{part}})"
            joins.append(f"LEFT JOIN {table} {alias} ON {alias}.ref = e.ref{of_side}")
    # A group of rows at a time: all at once would take as much memory as the run that made them.
    firsts = column(connection, _SQL["firsts"].format(rows=GROUP_ROWS, **places)) or [""]
    for number, (first, after) in enumerate(zip_longest(firsts, firsts[1:])):
        part = f"ref >= {quote(first)}" + ("" if after is None else f" AND ref < {quote(after)}")
        connection.execute(_SQL["attributions"].format(fields=listed, part=part, **places))
        table = f"{places['target']}.packed"
        into = f"INSERT INTO {table}" if number else f"CREATE TABLE {table} AS"
        joined = "\n".join(joins).format(part=part)
        done = {"into": into, "before": number * GROUP_ROWS, "part": part, "joins": joined}
        connection.execute(_SQL["packed"].format(columns="".join(columns), **done, **places))
    connection.execute(_SQL["done"])
    connection.execute(_SQL["find_by_number"].format(**places))
    connection.execute(_SQL["pages"].format(page=PAGE, **places))
    counts = {
        ATTRIBUTION: "sum(len(attribution))",
        **{one.table: " + ".join(f"count({identifier(name)})" for name in one.columns) for one in gathered},
    }
    for table, packed in counts.items():
        (lost,) = column(connection, _SQL["lost"].format(table=identifier(table), packed=packed, **places))
        if lost:
            raise AssayError(f"cannot publish this run: {lost} row(s) of {table} are of no example of it")


def _check_nulls(connection: duckdb.DuckDBPyConnection, source: str, one: Gathered) -> None:
    """See whether what must be there is there: the parts of a row are not checked by DuckDB."""
    needed = [f"{identifier(name)} IS NULL" for name, _, nullable in one.fields if not nullable]
    if not needed:
        return
    query = _SQL["nulls"].format(
        source=identifier(source), table=identifier(one.table), missing=" OR ".join(needed)
    )
    if column(connection, query) != [0]:
        raise AssayError(f"cannot publish this run: rows of {one.table} lack what each of them must have")


def show_tables(connection: duckdb.DuckDBPyConnection, gathered: Sequence[Gathered]) -> None:
    """Make the views of what was gathered, in the place of the empty tables of their names.

    Args:
        connection: of the run alone, after `pack`.
        gathered: as it was packed.
    """
    (database,) = column(connection, _SQL["here"])
    told = [name for name, *_ in _types(connection, database, ATTRIBUTION) if name not in KEYS[:2]]
    for table in (*CORE, *(one.table for one in gathered)):
        connection.execute(f"DROP TABLE IF EXISTS {identifier(table)}")
    connection.execute(_SQL[EXAMPLE])
    connection.execute(_SQL[MEMBERSHIP])
    connection.execute(_SQL[ATTRIBUTION].format(fields=", ".join(["ref", *map(_scored, told)])))
    for one in gathered:
        view = identifier(one.table)
        if one.by_side:
            sides = {side: _unpacked(one, side_column(one.table, side), side) for side in SIDES}
            columns = {f"{side}_column": identifier(side_column(one.table, side)) for side in SIDES}
            connection.execute(_SQL["of_sides"].format(view=view, **sides, **columns))
        else:
            shown = _unpacked(one, one.table, None)
            connection.execute(_SQL["of_example"].format(view=view, fields=shown, column=view))


def _scored(name: str) -> str:
    """SQL of one column of an attribution, from its packed form `a` with the words in `places`."""
    if name == "scores":
        return "list_transform(a.numbers, x -> (x * pow(2.0, a.exponent))::FLOAT) AS scores"
    if name in SCORED:
        return f"places[a.place].{name} AS {name}"
    return f"a.{identifier(name)} AS {identifier(name)}"


def _unpacked(one: Gathered, name: str, side: str | None) -> str:
    """SQL of the columns of a table, from the column of `packed` that holds them."""
    shown = [f"{identifier(name)}.{identifier(field)} AS {identifier(field)}" for field, *_ in one.fields]
    return ", ".join(["ref", *([f"'{side}' AS side"] if side else []), *shown])


@lru_cache(ROWS_KEPT)
def packed_row(connection: duckdb.DuckDBPyConnection, key: int | None) -> Mapping[str, Any] | None:
    """What is packed of one example of the run that is attached as `evidence`; nobody writes into it."""
    return next(iter(dictionaries(connection, _SQL["row"], {"key": key})), None)


@lru_cache(RUNS_KEPT)
def packed_columns(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The columns of `packed` of the run that is attached as `evidence`."""
    return tuple(column(connection, _SQL["columns"]))


def packed_by_side(columns: Sequence[str]) -> tuple[str, ...]:
    """The tables that are packed with a row for each side, by name, of the columns of `packed`."""
    return tuple(sorted({name.rpartition("/")[0] for name in columns if "/" in name}))


_EXAMPLE = tuple(one.name for one in fields(Example))
_ATTRIBUTION = tuple(one.name for one in fields(Attribution) if one.name not in ("ref", *SCORED))


def example_in(row: Mapping[str, Any]) -> Example:
    """The example of a row of `packed`."""
    return Example(*(row[name] for name in _EXAMPLE))


def sides_in(row: Mapping[str, Any], table: str) -> tuple[dict[str, Any], ...]:
    """The rows of a table that has one for each side, of one example."""
    return tuple(
        {"ref": row["ref"], "side": side, **held}
        for side in SIDES
        if (held := row[side_column(table, side)]) is not None
    )


def attributions_in(row: Mapping[str, Any]) -> tuple[Attribution, ...]:
    """The attributions of one example, by side, method and target."""
    found = []
    for one in row[ATTRIBUTION] or ():
        words, step = row["word_places"][one["place"] - 1], math.ldexp(1.0, one["exponent"])
        said = {name: one[name] for name in _ATTRIBUTION}
        scores = [steps * step for steps in one["numbers"]]
        found.append(
            Attribution(ref=row["ref"], starts=words["starts"], ends=words["ends"], scores=scores, **said)
        )
    return tuple(found)
