"""Kind `recorded`: columns of the records, from people or from tools run elsewhere, as scores or as labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.base.records import Side
from analysis.data.examples import shown
from analysis.data.rows import BadRow, Row, bad_row, open_rows

Label = Literal["yes", "no", "unsure"]

_YES = frozenset(("yes", "y", "true", "1", "1.0"))
_NO = frozenset(("no", "n", "false", "0", "0.0"))
_UNSURE = frozenset(("unsure", "cannot tell", "can't tell", "?"))

Value = TypeVar("Value")


def score_cell(value: Any) -> float | None:
    """A score in [0, 1]: a number of it, true or false, yes or no, also as text; None where there is none.

    Raises:
        ValueError: what is wrong, for the user.
    """
    word = value.strip().casefold() if isinstance(value, str) else value
    if word is None or word == "":
        return None
    if isinstance(word, bool):
        return float(word)
    if isinstance(word, str):
        if word in _YES | _NO:
            return float(word in _YES)
        try:
            word = float(word)
        except ValueError:
            word = None
    if not isinstance(word, int | float) or not 0 <= word <= 1:
        raise ValueError(f"must be yes, no or a number from 0 to 1, not {shown(value)}")
    return float(word)


def label_cell(value: Any) -> Label | None:
    """A person's yes or no, or that it cannot be told; None where nothing is said.

    Raises:
        ValueError: what is wrong, for the user: a share between yes and no is no label.
    """
    word = "" if value is None else str(value).strip().casefold()
    if not word:
        return None
    if word in _YES:
        return "yes"
    if word in _NO:
        return "no"
    if word in _UNSURE:
        return "unsure"
    raise ValueError(f"must be yes, no or cannot tell, not {shown(value)}")


def read_columns(
    path: Path,
    columns: Mapping[Side, str],
    refs: Mapping[int, str],
    cell: Callable[[Any], Value | None],
    bad: list[BadRow],
    where: str | None = None,
) -> dict[tuple[str, Side], Value]:
    """What the columns of a file say of each answer; answers of which they say nothing are left out.

    Args:
        path: of the records.
        columns: name of each side's column.
        refs: line (row number for Parquet) -> ref of the prompt; other rows are passed over.
        cell: reads a value: `score_cell` or `label_cell`.
        bad: of the caller; values that cannot be used are added to it, with file, line and column.
        where: place of the setting that names the columns.

    Raises:
        AssayError: the file cannot be read, or has no such column; the nearest one is named.
    """
    reader = open_rows(path)
    found: dict[tuple[str, Side], Value] = {}
    for row in reader:
        # Rows that cannot be parsed were reported by whoever read the prompts.
        if isinstance(row, Row) and row.line in refs:
            for side, column in columns.items():
                try:
                    value = cell(row.values.get(column))
                except ValueError as error:
                    bad.append(bad_row(path, row, column, error))
                    continue
                if value is not None:
                    found[refs[row.line], side] = value
    for column in columns.values():
        if column not in reader.columns:
            raise AssayError(
                f"{path} has no column {column!r}",
                where=where or str(path),
                hint=suggest(column, reader.columns),
            )
    return found
