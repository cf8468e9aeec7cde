"""One file of records as it lies on the disk: columns of any name, paths into nested ones, with ids and without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.problems import did_you_mean
from analysis.base.records import SIDES, Side
from analysis.base.turns import Prompt, prompt_key
from analysis.data.columns import NowhereError, top_column, value_at
from analysis.data.examples import check_column_names
from analysis.data.faults import shown
from analysis.data.row_types import BadRow, Row
from analysis.data.rows import open_rows
from analysis.tracks.response.cells import Cell, expected_cell, id_cell, passages_cell
from analysis.tracks.response.detectors.contract import Passage
from analysis.tracks.response.settings import ResponseSettings
from analysis.tracks.response.turn_cells import prompt_cell, response_cell, split_cell

_CELLS: Mapping[str, Cell] = {
    "id": id_cell,
    "prompt": prompt_cell,
    "passages": passages_cell,
    "expected": expected_cell,
    "response": response_cell,
    "base_response": response_cell,
    "candidate_response": response_cell,
}
BESIDE = ("passages", "expected")
"""Keys whose column a file, and whose path a row, may lack."""
_RESPONSES = tuple(f"{side}_response" for side in SIDES)
_LISTED = 20


@dataclass(frozen=True)
class Record:
    """A row as it is meant; `responses` are those of the sides that its file is about."""

    path: Path
    line: int
    id: str | None
    prompt: Prompt | None
    responses: Mapping[Side, str | None]
    passages: tuple[Passage, ...]
    expected: tuple[str, ...]
    further: Mapping[str, Any] = field(repr=False)

    @property
    def where(self) -> str:
        """FILE:LINE."""
        return f"{self.path}:{self.line}"

    def bad(self, column: str, fault: str) -> BadRow:
        """What is said of it where it cannot be used."""
        return BadRow(self.where, f"column {column!r}: {fault}", column)


@dataclass(frozen=True)
class RecordFile:
    """The records of a file that can be used, the others, and the further columns.

    Args:
        path: the file.
        records: in its order.
        bad: its other rows.
        further: names of the columns that are metadata.
        text_only: whether its format knows nothing but text.
        named: whether it has ids.
        keys: the keys of `[response]` whose columns it has.
        unusable: ids and prompts of rows that cannot be used, as far as these could be read.
    """

    path: Path
    records: list[Record]
    bad: list[BadRow]
    further: tuple[str, ...]
    text_only: bool
    named: bool
    keys: frozenset[str]
    unusable: frozenset[str] = frozenset()


def read_record_file(
    path: Path, settings: ResponseSettings, sides: Mapping[Side, str], *, prompts: bool = True
) -> RecordFile:
    """Read one file.

    Args:
        path: a `.jsonl`, `.csv` or `.parquet` file.
        settings: say what its columns are called.
        sides: the key that names the column of the responses of each side that it is about.
        prompts: whether it has prompts, or leaves them to another file.

    Raises:
        AssayError: a file that cannot be read or holds no rows, a column that it lacks, a path that leads nowhere in
            every row.
    """
    reader = open_rows(path)
    bad: list[BadRow] = []
    rows: list[Row] = []
    for item in reader:
        if isinstance(item, BadRow):
            bad.append(item)
        else:
            rows.append(item)
    if not rows and not bad:
        raise AssayError("holds no rows", where=str(path), hint="one record a row is needed")
    columns = reader.columns
    check_column_names(columns, path)
    keys = ["id", *(["prompt"] if prompts else []), *BESIDE, *dict.fromkeys(sides.values())]
    keys = [key for key in keys if not columns or _has(path, settings, key, columns)]
    read = _Reader(path, settings, keys, dict(sides), columns)
    lines: dict[str, int] = {}
    records: list[Record] = []
    for row in rows:
        record = read.record(row)
        if isinstance(record, Record) and record.id is not None:
            first = lines.setdefault(record.id, record.line)
            if first != record.line:
                record = record.bad(settings.id, f"{shown(record.id)} was used on line {first} already")
        if isinstance(record, BadRow):
            bad.append(record)
        else:
            records.append(record)
    read.refuse_wrong_paths(len(rows))
    own = {top_column(getattr(settings, key), columns) for key in [*keys, "id", "prompt", *_RESPONSES]}
    further = tuple(name for name in columns if name not in own)
    return RecordFile(
        path,
        records,
        bad,
        further,
        reader.text_only,
        named="id" in keys,
        keys=frozenset(keys),
        unusable=frozenset(read.unusable),
    )


class _BadCellError(Exception):
    """A cell that cannot be read: the key that names its column, and what is wrong."""

    def __init__(self, key: str, fault: str) -> None:
        super().__init__(fault)
        self.key = key
        self.fault = fault


class _Reader:
    """Reads rows of one file, and counts the paths that lead nowhere."""

    def __init__(
        self,
        path: Path,
        settings: ResponseSettings,
        keys: list[str],
        sides: dict[Side, str],
        columns: Mapping[str, None],
    ) -> None:
        self.path = path
        self.settings = settings
        self.names = {key: str(getattr(settings, key)) for key in keys}
        self.sides = sides
        self.columns = columns
        # One column of turns may hold the prompt and, as its last turn, the response.
        prompt = self.names.get("prompt")
        self.split = {key for key in sides.values() if prompt is not None and self.names.get(key) == prompt}
        self.nowhere: Counter[str] = Counter()
        self.first: dict[str, str] = {}
        self.unusable: set[str] = set()

    def record(self, row: Row) -> Record | BadRow:
        """A row as it is meant, or what is wrong with it first."""
        read: dict[str, Any] = {}
        try:
            for key in self.names:
                self._read(key, row, read)
            responses: dict[Side, str | None] = {side: read.get(key) for side, key in self.sides.items()}
            if len(responses) == len(SIDES) and all(text is None for text in responses.values()):
                raise _BadCellError(self.sides["base"], "is missing, and so is the other side's response")
        except _BadCellError as error:
            self.unusable |= {prompt_key(read[key]) for key in ("id", "prompt") if key in read}
            name = self.names[error.key]
            return BadRow(f"{self.path}:{row.line}", f"column {name!r}: {error.fault}", name)
        return Record(
            self.path,
            row.line,
            read.get("id"),
            read.get("prompt"),
            responses,
            read.get("passages", ()),
            read.get("expected", ()),
            row.values,
        )

    def _read(self, key: str, row: Row, read: dict[str, Any]) -> None:
        if key == "prompt" and self.split:
            return
        try:
            value = self._value(key, row)
            if key in self.split:
                read["prompt"], read[key] = split_cell(value)
            else:
                read[key] = _CELLS[key](value)
        except ValueError as error:
            raise _BadCellError(key, str(error)) from None

    def _value(self, key: str, row: Row) -> Any:
        try:
            return value_at(row.values, self.names[key], self.columns)
        except NowhereError as error:
            self.nowhere[key] += 1
            self.first.setdefault(key, str(error))
            if key in BESIDE:
                return None
            raise

    def refuse_wrong_paths(self, rows: int) -> None:
        """A path that leads nowhere in every row is a mistake of the review file. Raises AssayError."""
        for key, count in self.nowhere.items():
            if rows and count == rows:
                raise AssayError(
                    f"{key} = {self.names[key]!r} {self.first[key]}",
                    where=self.settings.where(key),
                    hint=f"so it is in every row of {self.path.name}",
                )


def _has(path: Path, settings: ResponseSettings, key: str, columns: Mapping[str, None]) -> bool:
    """Whether a file has the column of a key.

    Raises:
        AssayError: it lacks one that was named, or that nothing goes without.
    """
    name = getattr(settings, key)
    if top_column(name, columns) is not None:
        return True
    given = key in settings.model_fields_set
    # Of two files one alone may have what belongs to the prompt.
    if (key in BESIDE and settings.base_records is not None) or (not given and key in ("id", *BESIDE)):
        return False
    raise no_column(f"{path.name} has none", settings, key, columns, str(path))


def no_column(
    lacking: str, settings: ResponseSettings, key: str, columns: Iterable[str], where: str
) -> AssayError:
    """The mistake of a key, given or not, whose column is not there."""
    name, given = getattr(settings, key), key in settings.model_fields_set
    names = list(columns)
    listed = f"columns: {', '.join(names[:_LISTED])}" + (" ..." if len(names) > _LISTED else "")
    near = did_you_mean(name.partition(".")[0], names)
    if given:
        return AssayError(
            f"{key} names the column {name!r}, and {lacking} of that name",
            where=settings.where(key),
            hint=f"{near} {listed}" if near else listed,
        )
    hint = f'{near or listed}; {key} = "COLUMN" in [response] names another'
    if key in _RESPONSES:
        hint += (
            "; a file for each side is given as base_records and candidate_records, prompts alone as prompts"
        )
    return AssayError(f"has no column {name!r}", where=where, hint=hint)
