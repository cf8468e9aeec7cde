"""What lies in a folder, as `assay init` offers it to the tracks: files, first rows of tables, models, term lists."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.data.row_types import Row
from analysis.data.rows import open_rows
from analysis.plugin.init.find_models import find_models
from analysis.plugin.init.toml_text import Paths
from analysis.text.lexicon import load_terms
from analysis.text.units import word_count

MAX_DEPTH = 4
SAMPLED_ROWS = 200
_DATA = (".jsonl", ".csv", ".parquet")


@dataclass(frozen=True)
class Table:
    """A data file: its columns, and its first rows."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]

    def first(self, wanted: Sequence[str]) -> str | None:
        """The column that has the first of these names, in whatever case."""
        by_name = {name.casefold(): name for name in reversed(self.columns)}
        return next((by_name[name] for name in wanted if name in by_name), None)

    def has(self, *names: str) -> bool:
        """Whether it has all of these columns, under exactly these names."""
        return set(names) <= set(self.columns)

    def values(self, column: str) -> list[Any]:
        """The values of a column that are not missing."""
        return [row[column] for row in self.rows if row.get(column) is not None]

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


class Folder:
    """A folder with what was found below it, offered to one track after the other.

    A table that a track takes is nobody else's. One that it shares may be taken by the next, and is no table of plain
    texts.

    Args:
        directory: the folder.
    """

    def __init__(self, directory: Path) -> None:
        self.paths = Paths(directory.resolve())
        self.files = files_below(directory)
        self.models = find_models(self.files)
        self.lexicons = self.paths.lexicons(term_lists(self.files))
        self._tables = read_tables(self.files)
        self._taken: set[Path] = set()
        self._shared: dict[Path, bool] = {}

    @property
    def tables(self) -> list[Table]:
        """The tables that no track has taken, those for training last."""
        return [table for table in self._tables if table.path not in self._taken]

    @property
    def texts(self) -> list[Table]:
        """The tables that no track has taken or shared."""
        return [table for table in self.tables if table.path not in self._shared]

    def take(self, *tables: Table | None) -> None:
        """Keep tables from the tracks that follow."""
        self._taken.update(table.path for table in tables if table is not None)

    def share(self, *tables: Table | None, needed: bool = False) -> None:
        """Say that tables are of use beside; `needed` where their being there tells of this track."""
        for table in tables:
            if table is not None:
                self._shared[table.path] = needed or self._shared.get(table.path, False)

    def speaks_for(self, table: Table) -> bool:
        """Whether another track has said that it needs a table."""
        return self._shared.get(table.path, False)


def files_below(directory: Path) -> list[Path]:
    """Regular files a few levels down, sorted; hidden folders and stores are passed over."""
    found: list[Path] = []
    for root, folders, names in os.walk(directory):
        depth = len(Path(root).relative_to(directory).parts)
        keep = [name for name in folders if not name.startswith((".", "__")) and not name.endswith(".review")]
        folders[:] = sorted(keep) if depth < MAX_DEPTH else []
        found += [Path(root) / name for name in names]
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def read_tables(files: Sequence[Path]) -> list[Table]:
    """The data files that can be read, those for training last."""
    tables = [table for path in files if path.suffix.lower() in _DATA and (table := _table(path)) is not None]
    return sorted(tables, key=lambda table: "train" in table.path.name.casefold())


def _table(path: Path) -> Table | None:
    rows: list[Mapping[str, Any]] = []
    try:
        reader = open_rows(path)
        for row in reader:
            if not isinstance(row, Row):
                break
            rows.append(row.values)
            if len(rows) == SAMPLED_ROWS:
                break
    except AssayError:
        return None
    return Table(path, tuple(reader.columns), tuple(rows))


def term_lists(files: Sequence[Path]) -> list[Path]:
    """Text files that read as a list of short terms."""
    found = []
    for path in files:
        if path.suffix.lower() != ".txt" or (path.parent / "config.json").is_file():
            continue
        if path.name.casefold().startswith(("readme", "license", "requirements")):
            continue
        try:
            terms = load_terms(path)
        except AssayError:
            continue
        if len(terms) >= 3 and sum(map(word_count, terms)) <= 6 * len(terms):
            found.append(path)
    return found


def _listed(value: Any) -> list[Any]:
    """A list as it is or as JSON text, and every other value as a list of one."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return [value]
    return value if isinstance(value, list) else [value]
