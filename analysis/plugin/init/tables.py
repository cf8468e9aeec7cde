"""The tables of a folder: files of rows and folders of `datasets`, with their first rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.data.arrow_rows import SPLITS, STATE, is_dataset
from analysis.data.columns import NowhereError, opened, value_at
from analysis.data.row_types import Row
from analysis.data.rows import SUFFIXES, open_rows
from analysis.plugin.init.columns import ID, INDEX
from analysis.plugin.init.seen import Seen, fault

SAMPLED_ROWS = 200
_PREFERENCES = ("chosen", "rejected")
_NEVER_TABLES = (".json",)
"""Suffixes of which most files are no tables: nothing is said of those that are none."""
_OTHER_FORMATS = (
    ".xlsx",
    ".xls",
    ".ods",
    ".feather",
    ".orc",
    ".avro",
    ".gz",
    ".zst",
    ".zip",
    ".sqlite",
    ".db",
    ".pickle",
)
"""Suffixes of tables that are not read."""


@dataclass(frozen=True)
class Table:
    """A data file: its columns, and its first rows."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]

    @property
    def pairs_of_training(self) -> bool:
        """Whether its rows are an answer that was preferred and one that was not, as preference training reads them."""
        return self.has(*_PREFERENCES)

    @property
    def what(self) -> str:
        """What it is, in words."""
        listed = ", ".join(self.columns[:8]) + (" ..." if len(self.columns) > 8 else "")
        if self.pairs_of_training:
            return f"pairs for preference training, no answers of base and candidate: {listed}"
        return f"table with {listed}"

    def first(self, wanted: Sequence[str]) -> str | None:
        """The column that has the first of these names, in whatever case."""
        by_name = {name.casefold(): name for name in reversed(self.columns)}
        return next((by_name[name] for name in wanted if name in by_name), None)

    def has(self, *names: str) -> bool:
        """Whether it has all of these columns, under exactly these names."""
        return set(names) <= set(self.columns)

    def values(self, column: str) -> list[Any]:
        """The values of a column, or at the end of a path, that are not missing."""
        return [value for row in self.rows if (value := self._at(row, column)) is not None]

    def _at(self, row: Mapping[str, Any], column: str) -> Any:
        try:
            return value_at(row, column, self.columns)
        except NowhereError:
            return None

    def paths_in(self, column: str) -> list[str]:
        """The column itself, or, where its values are objects, the paths to what they hold."""
        values = [opened(value) for value in self.values(column)]
        if not any(isinstance(value, Mapping) for value in values):
            return [column]
        names = dict.fromkeys(name for value in values if isinstance(value, Mapping) for name in value)
        return [f"{column}.{name}" for name in names]

    def named_by(self, wanted: Sequence[str] = ID) -> str | None:
        """The column of ids: the first of these names whose values differ, else an index of which that is true."""
        by_name = {name.casefold(): name for name in reversed(self.columns)}
        return next(
            (by_name[name] for name in (*wanted, *INDEX) if name in by_name and self._differ(by_name[name])),
            None,
        )

    def _differ(self, column: str) -> bool:
        values = [value for value in self.values(column) if isinstance(value, str | int)]
        return len(values) == len(self.rows) and len(set(values)) == len(values)

    def mean_length(self, column: str) -> float:
        """Mean length in characters of a column of texts; 0 for every other column."""
        values = self.values(column)
        if not values or not all(isinstance(value, str) for value in values):
            return 0.0
        return sum(map(len, values)) / len(values)

    def labels(self, column: str) -> list[Any] | None:
        """The values of a column, those in lists one by one; None where one is a structure."""
        labels: list[Any] = []
        for value in self.values(column):
            labels += _listed(value)
        return None if any(isinstance(label, dict | list) for label in labels) else labels


def read_tables(files: Sequence[Path], models: Iterable[Path]) -> tuple[list[Table], list[Seen]]:
    """The tables that can be read, those for training last, and what was seen of the others.

    Args:
        files: of the folder.
        models: folders of models, whose files are theirs.
    """
    inside = set(models)
    sets = {path.parent for path in files if path.name in (STATE, SPLITS) or path.suffix == ".arrow"}
    sets = {folder for folder in sets if is_dataset(folder)}
    several = {folder for folder in sets if (folder / SPLITS).is_file()}
    tables: list[Table] = []
    seen: list[Seen] = []
    for folder in sorted(sets - several):
        _add(folder, tables, seen)
    for path in files:
        if {path.parent, *path.parents} & inside or path.parent in sets:
            continue
        if path.suffix.lower() in SUFFIXES:
            _add(path, tables, seen)
        elif path.suffix.lower() in _OTHER_FORMATS:
            seen.append(
                Seen(path, f"{path.suffix} is not read", "save the table as .csv, .jsonl or .parquet")
            )
    return sorted(tables, key=lambda table: "train" in str(table.path.name).casefold()), seen


def _add(path: Path, tables: list[Table], seen: list[Seen]) -> None:
    rows: list[Mapping[str, Any]] = []
    bad = None
    try:
        reader = open_rows(path)
        for number, row in enumerate(reader):
            if isinstance(row, Row):
                rows.append(row.values)
            else:
                bad = bad or row
            if len(rows) == SAMPLED_ROWS or number == 2 * SAMPLED_ROWS:
                break
    except AssayError as error:
        if path.suffix.lower() not in _NEVER_TABLES:
            seen.append(fault(path, error))
        return
    if rows:
        tables.append(Table(path, tuple(reader.columns), tuple(rows)))
    elif path.suffix.lower() not in _NEVER_TABLES:
        what = (
            "holds no rows"
            if bad is None
            else f"no row of it can be read: line {bad.where.rpartition(':')[2]} {bad.message}"
        )
        seen.append(Seen(path, what, "write it again, one row a line"))


def _listed(value: Any) -> list[Any]:
    """A list as it is or as JSON text, and every other value as a list of one."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return [value]
    return value if isinstance(value, list) else [value]
