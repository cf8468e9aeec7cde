"""SQL files, read from the package that they lie in and split into their named queries; and the rows of a query."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from importlib import resources
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

if TYPE_CHECKING:
    import duckdb

_NAME = re.compile(r"^-- name: (\w+)[ \t]*$", re.MULTILINE)


def sql_text(package: str, name: str) -> str:
    """The text of a SQL file of a package; empty where it has none of that name."""
    file = resources.files(package) / name
    return file.read_text("utf-8") if file.is_file() else ""


@cache
def queries(package: str, name: str) -> dict[str, str]:
    """The queries of a SQL file, by name, in their order.

    A query begins at a line `-- name: NAME` and goes on to the next such line; comments before the first belong to
    none.

    Args:
        package: where the file lies.
        name: of the file.

    Raises:
        ValueError: the file is not there, has no query, or two of one name.
    """
    parts = _NAME.split(sql_text(package, name))[1:]
    found = dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))
    if not found or len(found) != len(parts) // 2:
        raise ValueError(f"{package}/{name} holds no queries, or two of one name")
    return found


class _PathWithoutPandas(PathFinder):
    """The import path, on which pandas was looked for and not found."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return None if fullname == "pandas" else super().find_spec(fullname, path, target)


def without_pandas() -> None:
    """Remember that pandas is not installed, where it is not.

    DuckDB asks of every value that it is given, of each in a list too, whether it is one of pandas', and each time
    the whole import path is searched: a tenth of a millisecond. Whoever else looks for pandas finds none, as before.
    """
    if "pandas" not in sys.modules and find_spec("pandas") is None:
        sys.meta_path[:] = [_PathWithoutPandas if one is PathFinder else one for one in sys.meta_path]


def quote(text: object) -> str:
    """An SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class Record(Protocol):
    """A dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


Row = TypeVar("Row", bound=Record)


def records(
    connection: duckdb.DuckDBPyConnection,
    kind: type[Row],
    sql: str,
    given: Mapping[str, object] = MappingProxyType({}),
) -> list[Row]:
    """The rows of a query as dataclasses whose fields are its columns, in whatever order.

    Args:
        connection: of the database.
        kind: the dataclass; a list becomes a tuple where the field is one.
        sql: the query.
        given: its parameters, by name.

    Raises:
        ValueError: the query has other columns than the dataclass has fields.
    """
    columns, found = _run(connection, sql, given)
    names = [field.name for field in fields(kind)]
    if sorted(columns) != sorted(names):
        raise ValueError(f"{kind.__name__} has the fields {names}, and the query the columns {columns}")
    order = [columns.index(name) for name in names]
    held = [str(field.type).startswith("tuple") for field in fields(kind)]
    if not any(held) and order == sorted(order):
        return [kind(*row) for row in found]
    places = list(zip(order, held, strict=True))
    return [kind(*(tuple(row[at] or ()) if tuples else row[at] for at, tuples in places)) for row in found]


def dictionaries(
    connection: duckdb.DuckDBPyConnection, sql: str, given: Mapping[str, object] = MappingProxyType({})
) -> list[dict[str, Any]]:
    """The rows of a query by column name."""
    columns, found = _run(connection, sql, given)
    return [dict(zip(columns, row, strict=True)) for row in found]


def column(
    connection: duckdb.DuckDBPyConnection, sql: str, given: Mapping[str, object] = MappingProxyType({})
) -> list[Any]:
    """The values of a query's only column."""
    return [value for (value,) in _run(connection, sql, given)[1]]


def _run(
    connection: duckdb.DuckDBPyConnection, sql: str, given: Mapping[str, object]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    result = connection.execute(sql, dict(given))
    return [one[0] for one in result.description or ()], result.fetchall()
