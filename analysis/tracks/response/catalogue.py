"""The catalogue that claims about titles are checked against."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.data.faults import bad_row, report_bad_rows, shown
from analysis.data.row_types import BadRow
from analysis.data.rows import sound_rows
from analysis.tracks.response.cells import (
    Cell,
    filled_cell,
    id_cell,
    number_cell,
    read_cells,
    text_cell,
    texts_cell,
    truth_cell,
    volumes_cell,
)

_CELLS: dict[str, Cell] = {
    "id": id_cell,
    "title": filled_cell,
    "aliases": texts_cell,
    "author": text_cell,
    "volumes": volumes_cell,
    "price": number_cell,
    "in_stock": truth_cell,
    "spoilers": texts_cell,
}
_FACTS = ("author", "volumes", "price", "in_stock")
_TYPES = {
    "aliases": pa.list_(pa.string()),
    "spoilers": pa.list_(pa.string()),
    "volumes": pa.int32(),
    "price": pa.float64(),
    "in_stock": pa.bool_(),
}


def read_catalogue(path: Path, skip_bad_rows: bool) -> tuple[pa.Table, list[BadRow]]:
    """Rows of `response_catalogue`, and the rows that were left out.

    Further columns are passed over. Two titles may have the same name; two ids may not. Where the file gives
    facts at all, a row without any (a support article among the titles) is no title.

    Raises:
        AssayError: an unreadable file, a missing column, or bad rows.
    """
    bad: list[BadRow] = []
    rows: list[dict[str, Any]] = []
    lines: dict[str, int] = {}
    for row in sound_rows(path, ("id", "title"), bad):
        read = read_cells(path, row, _CELLS)
        if isinstance(read, dict) and read["id"] in lines:
            read = bad_row(
                path, row, "id", f"{shown(read['id'])} was used on line {lines[read['id']]} already"
            )
        if isinstance(read, BadRow):
            bad.append(read)
            continue
        lines[read["id"]] = row.line
        read["author"] = (read["author"] or "").strip() or None
        rows.append(read)
    report_bad_rows(bad, skip_bad_rows, path, remaining=len(rows))
    titles = [row for row in rows if any(row[fact] is not None for fact in _FACTS)] or rows
    if not titles:
        raise AssayError("holds no titles", where=str(path))
    columns = {
        name: pa.array([row[name] for row in titles], _TYPES.get(name, pa.string())) for name in _CELLS
    }
    return pa.table(columns), bad
