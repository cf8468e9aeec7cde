"""What every reader of a file yields: rows with their lines, bad rows with their faults, and the bounds of both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from analysis.base.errors import AssayError

MAX_LINE_BYTES = 4_000_000
MAX_COLUMNS = 2_000
MAX_DEPTH = 64
FREE_UNPACKED_BYTES = 256 * 2**20
MAX_UNPACKED = 100
"""A packed file may unpack to so many times its size, or to so many bytes: text that people wrote packs to a tenth."""
FREE_ROWS = 1_000_000
MAX_ROWS_PER_BYTE = 0.25
"""A packed file may hold so many rows, or so many for each of its bytes."""
INT64 = 2**63

INDEX_COLUMN = "index"
"""What the unnamed first column of a table is called, in which pandas writes its index."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used: `where` is FILE:LINE, `message` names column and value, `hint` says what mends it."""

    where: str
    message: str
    column: str | None = None
    value: Any = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read: `values` by column, `line` counted from 1 (row number for Parquet and Arrow)."""

    line: int
    values: dict[str, Any]


class RowReader(ABC):
    """Iterates over the rows of a file.

    `columns` and `class_names` are complete when the iteration has ended; the latter holds, by column, the names that
    the file gives to whole numbers, in their order. Values of such columns are read as names.
    """

    text_only: ClassVar[bool] = False
    """Whether the format knows nothing but text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: dict[str, None] = {}
        self.class_names: dict[str, tuple[str, ...]] = {}

    @abstractmethod
    def __iter__(self) -> Iterator[Row | BadRow]: ...


def add_columns(columns: dict[str, None], names: Iterable[str], where: str) -> None:
    """Add names to the columns of a file. Raises AssayError for an unusable name, or too many."""
    for name in names:
        if name in columns:
            continue
        if not name.strip() or not name.isprintable():
            raise AssayError(
                f"has a column with the unusable name {ascii(name)[:60]}",
                where=where,
                hint="give it a name of characters that can be printed",
            )
        columns[name] = None
        if len(columns) > MAX_COLUMNS:
            raise AssayError(
                f"has more than {MAX_COLUMNS:,} columns", where=where, hint="leave out what no slice needs"
            )


def numbered_lines(stream: BinaryIO, path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file from 1, without a byte order mark. Raises AssayError for one that is too long."""
    number = 0
    while raw := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(raw) > MAX_LINE_BYTES:
            raise AssayError(
                f"is longer than {MAX_LINE_BYTES:,} bytes",
                where=f"{path}:{number}",
                hint="one example a line",
            )
        yield number, raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw


def named_classes(names: Sequence[object]) -> tuple[str, ...]:
    """Names of classes in the order of their numbers; empty where they are no distinct texts."""
    texts = [name for name in names if isinstance(name, str) and name.strip()]
    return tuple(texts) if texts and len(texts) == len(names) == len(set(texts)) else ()


def with_class_names(values: dict[str, Any], classes: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The values with the names of classes for their numbers; -1, by which data sets mean no class, is missing.

    Raises:
        ValueError: a number that has no name.
    """
    for column, names in classes.items():
        value = values.get(column)
        if isinstance(value, bool) or not isinstance(value, int):
            continue
        if not -1 <= value < len(names):
            raise ValueError(
                f"column {column!r}: {value} is none of the {len(names)} classes that the file names"
            )
        values[column] = None if value < 0 else names[value]
    return values
