"""Rows of JSONL, CSV and Parquet files, with their lines; bombs are refused before they are parsed."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from analysis.base.errors import AssayError

MAX_LINE_BYTES = 4_000_000
MAX_COLUMNS = 2_000
MAX_DEPTH = 64
MAX_PARQUET_BYTES = 16 * 2**30
_INT64 = 2**63


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used: `where` is FILE:LINE, `message` names column and value."""

    where: str
    message: str
    column: str | None = None
    value: Any = None


@dataclass(frozen=True)
class Row:
    """One row as read: `values` by column, `line` counted from 1 (row number for Parquet)."""

    line: int
    values: dict[str, Any]


class RowReader(Protocol):
    """Iterates over the rows of a file; `columns` is complete when the iteration has ended."""

    columns: dict[str, None]
    text_only: bool

    def __iter__(self) -> Iterator[Row | BadRow]: ...


def open_rows(path: Path) -> RowReader:
    """The reader for a file, by its suffix.

    Raises:
        AssayError: no such file, an unreadable one, or an unknown suffix.
    """
    readers: dict[str, type[JsonLines] | type[CsvRows] | type[ParquetRows]] = {
        ".jsonl": JsonLines,
        ".csv": CsvRows,
        ".parquet": ParquetRows,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise AssayError(
            f"is no format that can be read: {path.suffix or 'no suffix'}",
            where=str(path),
            hint=f"use {', '.join(readers)}",
        )
    try:
        with path.open("rb") as stream:
            stream.read(1)
    except OSError as error:
        raise AssayError(f"cannot be read: {error.strerror}", where=str(path)) from None
    return reader(path)


def bad_row(path: Path, row: Row, column: str, fault: object) -> BadRow:
    """What is said of a row whose value in `column` cannot be used."""
    return BadRow(f"{path}:{row.line}", f"column {column!r}: {fault}", column, row.values.get(column))


def sound_rows(
    path: Path, needed: Sequence[str], bad: list[BadRow], holds: str | None = None
) -> Iterator[Row]:
    """The readable rows of a file; the others are added to `bad`.

    Args:
        path: the file.
        needed: columns that some row has to have.
        bad: of the caller.
        holds: what a row is, for whoever gave a file without any.

    Raises:
        AssayError: the file cannot be read, holds no rows, or lacks a column.
    """
    reader = open_rows(path)
    seen = 0
    for row in reader:
        seen += 1
        if isinstance(row, BadRow):
            bad.append(row)
        else:
            yield row
    if not seen:
        raise AssayError("holds no rows", where=str(path), hint=holds)
    absent = [name for name in needed if reader.columns and name not in reader.columns]
    if absent:
        raise AssayError(
            f"has no column {absent[0]!r}",
            where=str(path),
            hint=f"columns: {', '.join(list(reader.columns)[:20])}; needed are {', '.join(needed)}",
        )


class JsonLines:
    """One JSON object a line; blank lines are passed over."""

    text_only = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: dict[str, None] = {}

    def __iter__(self) -> Iterator[Row | BadRow]:
        with self.path.open("rb") as stream:
            for number, raw in _lines(stream, self.path):
                if not raw.strip():
                    continue
                where = f"{self.path}:{number}"
                try:
                    values = parse_object(raw)
                except ValueError as error:
                    yield BadRow(where, str(error))
                    continue
                _add_columns(self.columns, values, where)
                yield Row(number, values)


class CsvRows:
    """Comma-separated rows under a header; an empty field is a missing value."""

    text_only = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: dict[str, None] = {}

    def __iter__(self) -> Iterator[Row | BadRow]:
        csv.field_size_limit(MAX_LINE_BYTES)
        with self.path.open("rb") as stream:
            reader = csv.reader(self._text(stream), strict=True)
            header = self._next(reader)
            if header is None:
                return
            _add_columns(self.columns, header, f"{self.path}:1")
            if len(self.columns) < len(header):
                raise AssayError("has two columns of the same name", where=f"{self.path}:1")
            start = reader.line_num + 1
            while (fields := self._next(reader)) is not None:
                if fields and len(fields) != len(header):
                    why = f"has {len(fields)} fields, and the header {len(header)}"
                    yield BadRow(f"{self.path}:{start}", why)
                elif fields:
                    values = {name: value or None for name, value in zip(header, fields, strict=True)}
                    yield Row(start, values)
                start = reader.line_num + 1

    def _next(self, reader: Any) -> list[str] | None:
        try:
            fields: list[str] | None = next(reader, None)
        except csv.Error as error:
            raise AssayError(f"is not valid CSV: {error}", where=f"{self.path}:{reader.line_num}") from None
        return fields

    def _text(self, stream: BinaryIO) -> Iterator[str]:
        for number, raw in _lines(stream, self.path):
            try:
                yield raw.decode("utf-8")
            except UnicodeDecodeError:
                raise AssayError("is not UTF-8 text", where=f"{self.path}:{number}") from None


class ParquetRows:
    """Rows of a Parquet file; dates, and structures other than lists of text, become text."""

    text_only = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: dict[str, None] = {}

    def __iter__(self) -> Iterator[Row | BadRow]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        where = str(self.path)
        try:
            with pq.ParquetFile(self.path) as file:
                names = list(file.schema_arrow.names)
                if len(set(names)) < len(names):
                    raise AssayError("has two columns of the same name", where=where)
                _add_columns(self.columns, names, where)
                groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
                if sum(group.total_byte_size for group in groups) > MAX_PARQUET_BYTES:
                    raise AssayError(f"unpacks to more than {MAX_PARQUET_BYTES:,} bytes", where=where)
                number = 0
                for batch in file.iter_batches(batch_size=4096):
                    for values in batch.to_pylist():
                        number += 1
                        yield self._row(number, values)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            reason = str(error).splitlines()[0]
            raise AssayError(f"is not a readable Parquet file: {reason}", where=where) from None

    def _row(self, number: int, values: dict[str, Any]) -> Row | BadRow:
        try:
            return Row(number, {name: _plain(value) for name, value in values.items()})
        except ValueError as error:
            return BadRow(f"{self.path}:{number}", str(error))


def parse_object(raw: bytes) -> dict[str, Any]:
    """One JSON object, strictly: no duplicate key, no NaN, no integer beyond 64 bits, not too deep.

    Raises:
        ValueError: what is wrong, for the user.
    """
    try:
        value = json.loads(
            raw.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_int=_int64,
            parse_float=_finite,
            parse_constant=_no_constant,
        )
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not valid JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise ValueError(f"is nested deeper than {MAX_DEPTH} levels") from None
    if not isinstance(value, dict):
        raise ValueError("is not a JSON object")
    _check_value(value)
    return value


def _lines(stream: BinaryIO, path: Path) -> Iterator[tuple[int, bytes]]:
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


def _add_columns(columns: dict[str, None], names: Iterable[str], where: str) -> None:
    for name in names:
        if name in columns:
            continue
        if not name.strip() or not name.isprintable():
            raise AssayError(f"has a column with the unusable name {ascii(name)[:60]}", where=where)
        columns[name] = None
        if len(columns) > MAX_COLUMNS:
            raise AssayError(f"has more than {MAX_COLUMNS:,} columns", where=where)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"has the key {ascii(twice)[:60]} twice")
    return made


def _int64(digits: str) -> int:
    if len(digits) > 20 or not -_INT64 <= int(digits) < _INT64:
        raise ValueError(f"has a whole number beyond 64 bits: {digits[:20]}...")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if abs(number) == float("inf"):
        raise ValueError(f"has a number beyond double precision: {digits[:20]}")
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(f"has the value {name}, which JSON does not allow")


def _check_value(value: Any) -> None:
    """Refuse deep nesting and text that is not Unicode (a lone surrogate cannot be stored)."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str) and not item.isascii():
                _check_text(item)
            elif isinstance(item, dict):
                below.extend(item.keys())
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return
        level = below
    raise ValueError(f"is nested deeper than {MAX_DEPTH} levels")


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        raise ValueError(f"has half a character (U+{code:04X}) at position {error.start}") from None


def _plain(value: Any) -> Any:
    """A Parquet value as JSON would hold it; NaN and infinity are missing values."""
    match value:
        case None | bool() | str():
            plain: Any = value
        case int():
            if not -_INT64 <= value < _INT64:
                raise ValueError(f"has a whole number beyond 64 bits: {value}")
            plain = value
        case float():
            plain = value if math.isfinite(value) else None
        case list() | tuple():
            plain = [_plain(item) for item in value]
        case dict():
            plain = {str(key): _plain(item) for key, item in value.items()}
        case bytes():
            plain = value.hex()
        case _:
            plain = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return plain
