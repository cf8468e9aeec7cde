"""What lies in a folder, as `assay init` offers it to the tracks: files, first rows of tables, models, term lists."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.plugin.init.find_models import MARKERS, find_models
from analysis.plugin.init.seen import Seen
from analysis.plugin.init.tables import Table, read_tables
from analysis.plugin.init.toml_text import Paths
from analysis.text.lexicon import load_terms
from analysis.text.units import word_count

MAX_DEPTH = 4


class Folder:
    """A folder with what was found below it, offered to one track after the other.

    A table that a track takes is nobody else's. One that it shares may be taken by the next, and is no table of plain
    texts.

    Args:
        directory: the folder.
    """

    def __init__(self, directory: Path) -> None:
        root = directory.resolve()
        self.paths = Paths(root)
        self.files, links = files_below(root)
        self.models = find_models(self.files)
        self.lists = term_lists(self.files)
        self.lexicons = self.paths.lexicons(self.lists)
        marked = {path.parent for path in self.files if path.name in MARKERS}
        vectors = {one.path for one in self.models.seen if one.path.suffix.lower() == ".parquet"}
        self._tables, unread = read_tables([one for one in self.files if one not in vectors], marked)
        # Of links in a folder of a model it is said there that they cannot be read.
        self.passed = (*(one for one in links if one.path.parent not in marked), *unread)
        self._taken: set[Path] = set()
        self._shared: dict[Path, bool] = {}

    @property
    def all_tables(self) -> Sequence[Table]:
        """Every table that could be read, taken or not."""
        return self._tables

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


def files_below(directory: Path) -> tuple[list[Path], list[Seen]]:
    """Regular files a few levels down, sorted, and the links that were not followed.

    Links are followed, each thing once: one to what is found anyway is named, as is one that leads nowhere. Hidden
    folders and stores are passed over.
    """
    found: dict[Path, Path] = {}
    seen: list[Seen] = []
    visited: dict[Path, Path] = {}
    linked: list[Path] = []

    def walk(top: Path, depth: int) -> None:
        try:
            entries = sorted(os.scandir(top), key=lambda one: one.name)
        except OSError as error:
            seen.append(Seen(top, f"cannot be read: {error.strerror}", f"chmod u+rx {top.name}"))
            return
        visited[top.resolve()] = top
        for one in entries:
            path = Path(one.path)
            if one.is_symlink():
                linked.append(path)
            elif one.is_dir():
                hidden = one.name.startswith((".", "__")) or one.name.endswith(".review")
                if not hidden and depth < MAX_DEPTH:
                    walk(path, depth + 1)
            elif one.is_file():
                found[path.resolve()] = path

    walk(directory, 0)
    while linked:
        path = linked.pop(0)
        depth = len(path.relative_to(directory).parts)
        real = Path(os.path.realpath(path))
        same = visited.get(real) or found.get(real)
        if same is not None:
            seen.append(Seen(path, f"is a link to {same.relative_to(directory)}, which stands here itself"))
        elif real.is_dir() and not path.name.startswith((".", "__")) and depth <= MAX_DEPTH:
            walk(path, depth)
        elif real.is_file():
            found[real] = path
        elif not real.exists():
            seen.append(Seen(path, "is a link that leads nowhere", "fetch what it stands for, or remove it"))
    return sorted(found.values()), seen


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
