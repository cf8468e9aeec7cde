"""Small files beside the records, row by row: what cannot be used is named by line, column and value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.errors import AssayError
from analysis.rows import BadRow, Row, open_rows

Cell = Callable[[Any], Any]


def bad_row(path: Path, row: Row, column: str, fault: object) -> BadRow:
    """What is said of a row whose value in `column` cannot be used."""
    return BadRow(f"{path}:{row.line}", f"column {column!r}: {fault}", column, row.values.get(column))


def read_cells(path: Path, row: Row, cells: Mapping[str, Cell]) -> dict[str, Any] | BadRow:
    """The columns of a row, each as its function reads it; the first that cannot be read makes a bad row."""
    read = {}
    for column, cell in cells.items():
        try:
            read[column] = cell(row.values.get(column))
        except ValueError as error:
            return bad_row(path, row, column, error)
    return read


def sound_rows(path: Path, needed: Sequence[str], bad: list[BadRow]) -> Iterator[Row]:
    """The readable rows of a file; the others are added to `bad`.

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
        raise AssayError("holds no rows", where=str(path))
    absent = [name for name in needed if reader.columns and name not in reader.columns]
    if absent:
        raise AssayError(
            f"has no column {absent[0]!r}",
            where=str(path),
            hint=f"columns: {', '.join(list(reader.columns)[:20])}; needed are {', '.join(needed)}",
        )
