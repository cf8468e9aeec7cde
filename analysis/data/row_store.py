"""Rows of a file in memory, by column: a fifth of what a dictionary for each row takes."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from typing import Any, overload

from analysis.data.row_types import Row

SHORT = 40
"""Characters up to which a value is kept once, however often it stands in the file: labels, channels."""
KNOWN = 10_000
"""Different short values of which that is remembered."""


class RowStore(Sequence[Row]):
    """Rows in the order of the file; each is made anew when it is asked for, with None where it lacks a column.

    Args:
        only: columns that are kept; None keeps all.
    """

    def __init__(self, only: Collection[str] | None = None) -> None:
        self._only = only
        self._lines = array("q")
        self._columns: dict[str, list[Any]] = {}
        self._known: dict[str, str] = {}

    def append(self, row: Row) -> None:
        """Add a row."""
        n = len(self._lines)
        for name, value in row.values.items():
            if self._only is not None and name not in self._only:
                continue
            column = self._columns.setdefault(name, [])
            if len(column) < n:
                column.extend([None] * (n - len(column)))
            column.append(self._once(value))
        self._lines.append(row.line)

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        values = {
            name: column[place] if place < len(column) else None for name, column in self._columns.items()
        }
        return Row(self._lines[place], values)

    def line(self, place: int) -> int:
        """The line of a row, from 1."""
        return self._lines[place]

    def column(self, name: str, places: Sequence[int]) -> list[Any]:
        """The values of some rows in a column; None where a row, or all of them, lack it."""
        column = self._columns.get(name, [])
        return [column[place] if place < len(column) else None for place in places]

    def _once(self, value: Any) -> Any:
        if type(value) is not str or len(value) > SHORT:
            return value
        if len(self._known) < KNOWN:
            return self._known.setdefault(value, value)
        return self._known.get(value, value)
