"""Rows of text under a header, separated by commas, semicolons, tabs or bars, whichever the header holds."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, BinaryIO

from analysis.base.errors import AssayError
from analysis.data.json_rows import not_utf8
from analysis.data.row_types import (
    INDEX_COLUMN,
    MAX_LINE_BYTES,
    BadRow,
    Row,
    RowReader,
    add_columns,
    numbered_lines,
)

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""By what fields may be separated; of those that a header holds equally often, the first."""


class CsvRows(RowReader):
    """Rows under a header; an empty field is a missing value.

    An unnamed first column is the index that pandas writes, and is called `index`; another one is called by its place.
    """

    text_only = True

    def __iter__(self) -> Iterator[Row | BadRow]:
        csv.field_size_limit(MAX_LINE_BYTES)
        separator = self._separator()
        with self.path.open("rb") as stream:
            reader = csv.reader(self._text(stream), strict=True, delimiter=separator)
            written = self._next(reader, separator)
            if written is None:
                return
            header = _named(written)
            add_columns(self.columns, header, f"{self.path}:1")
            if len(self.columns) < len(header):
                raise AssayError(
                    "has two columns of the same name", where=f"{self.path}:1", hint="rename one of them"
                )
            start = reader.line_num + 1
            while (fields := self._next(reader, separator)) is not None:
                if fields and len(fields) != len(header):
                    by = "" if separator == "," else f", separated by {SEPARATORS[separator]}"
                    why = f"has {len(fields)} fields{by}, and the header {len(header)}"
                    yield BadRow(f"{self.path}:{start}", why)
                elif fields:
                    values = {name: value or None for name, value in zip(header, fields, strict=True)}
                    yield Row(start, values)
                start = reader.line_num + 1

    def _separator(self) -> str:
        """What the header holds most of, outside quotes."""
        with self.path.open("rb") as stream:
            line = next((raw for _, raw in numbered_lines(stream, self.path)), b"").decode("utf-8", "replace")
        outside = "".join(line.split('"')[::2])
        return max(SEPARATORS, key=outside.count)

    def _next(self, reader: Any, separator: str) -> list[str] | None:
        try:
            fields: list[str] | None = next(reader, None)
        except csv.Error as error:
            raise AssayError(
                f"is not valid CSV: {error}",
                where=f"{self.path}:{reader.line_num}",
                hint=f"fields are separated by {SEPARATORS[separator]}, as in the header; a field that begins "
                'with " ends with one, and one within it is written twice',
            ) from None
        return fields

    def _text(self, stream: BinaryIO) -> Iterator[str]:
        for number, raw in numbered_lines(stream, self.path):
            try:
                yield raw.decode("utf-8")
            except UnicodeDecodeError:
                raise not_utf8(self.path, number) from None


def _named(header: list[str]) -> list[str]:
    """The names of a header, with one for each column that has none."""
    names = []
    for place, name in enumerate(header, start=1):
        made = name
        if not name.strip() and (not name or name.isprintable()):
            made = INDEX_COLUMN if place == 1 else f"column_{place}"
            while made in header:
                made += "_"
        names.append(made)
    return names
