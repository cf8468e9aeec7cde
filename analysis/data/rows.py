"""Rows of tables as people have them, with their lines; bombs are refused before they are parsed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.data.arrow_rows import ArrowRows, ParquetRows, dataset_files
from analysis.data.csv_rows import CsvRows
from analysis.data.json_rows import JsonArray, JsonLines
from analysis.data.row_types import BadRow, Row, RowReader

_READERS: dict[str, type[RowReader]] = {
    ".jsonl": JsonLines,
    ".ndjson": JsonLines,
    ".json": JsonArray,
    ".csv": CsvRows,
    ".tsv": CsvRows,
    ".tab": CsvRows,
    ".parquet": ParquetRows,
    ".arrow": ArrowRows,
}
SUFFIXES = tuple(_READERS)
_FIRST_BYTES = (
    (b"\xff\xfe", "is UTF-16 text, as Excel writes `Unicode text`", "iconv -f UTF-16 -t UTF-8 {0} > utf8{1}"),
    (b"\xfe\xff", "is UTF-16 text", "iconv -f UTF-16 -t UTF-8 {0} > utf8{1}"),
    (b"\x1f\x8b", "is packed by gzip", "unpack it: gunzip {0}"),
    (b"\x28\xb5\x2f\xfd", "is packed by zstd", "unpack it: unzstd {0}"),
    (
        b"PK\x03\x04",
        "is an Excel file or another zip archive",
        "save the table as CSV, or unpack the archive",
    ),
    (b"version https://git-lfs", "is a pointer of Git LFS and holds no rows", "fetch the file: git lfs pull"),
)
"""How files begin that are not what their suffix says, and what to do."""


def open_rows(path: Path) -> RowReader:
    """The reader for a file, by its suffix, or for a folder that `datasets` saved.

    Raises:
        AssayError: no such file, an unreadable one, or an unknown suffix.
    """
    if path.is_dir():
        dataset_files(path)
        return ArrowRows(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise AssayError(
            f"is no format that can be read: {path.suffix or 'no suffix'}",
            where=str(path),
            hint=f"use {', '.join(_READERS)}",
        )
    try:
        with path.open("rb") as stream:
            start = stream.read(32)
    except OSError as error:
        raise AssayError(f"cannot be read: {error.strerror}", where=str(path)) from None
    for sign, what, remedy in _FIRST_BYTES:
        if start.startswith(sign):
            raise AssayError(what, where=str(path), hint=remedy.format(path.name, path.suffix))
    return reader(path)


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
