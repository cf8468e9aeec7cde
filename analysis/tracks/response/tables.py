"""Small files beside the records, row by row: what cannot be used is named by line, column and value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from analysis.data.rows import BadRow, Row, bad_row

Cell = Callable[[Any], Any]


def read_cells(path: Path, row: Row, cells: Mapping[str, Cell]) -> dict[str, Any] | BadRow:
    """The columns of a row, each as its function reads it; the first that cannot be read makes a bad row."""
    read = {}
    for column, cell in cells.items():
        try:
            read[column] = cell(row.values.get(column))
        except ValueError as error:
            return bad_row(path, row, column, error)
    return read
