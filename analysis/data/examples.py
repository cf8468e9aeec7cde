"""JSONL, CSV and Parquet files of examples -> the example table and typed metadata.

A row that cannot be used is named by file, line, column and value. Files that could exhaust memory
are refused before they are parsed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.problems import did_you_mean
from analysis.base.records import Example
from analysis.data.columns import top_column, value_at
from analysis.data.faults import in_order, report_bad_rows, shown
from analysis.data.row_store import RowStore
from analysis.data.row_types import BadRow, Row, RowReader
from analysis.data.rows import open_rows

MAX_ID_CHARACTERS = 1_000
_NAME_DIGITS = 12
"""Hexadecimal digits of a name by content: among a million rows two share one by chance in 1 of 560 cases."""

RESERVED = ("ref", "ref_key")
"""Columns that the tables of a run have of their own."""


@dataclass(frozen=True)
class Examples:
    """Evaluation data of one track.

    Args:
        rows: the examples in file order, with those of the named sets at the end.
        metadata: first column `ref`, then every further column of the file, typed; one row per
            example of the file, none for the named sets.
        skipped: rows that were left out because the user asked to go on without them.
        memberships: named sets of refs that are not evaluation rows, such as `out of scope`.
        source: the file.
        lines: line (row number for Parquet) of each ref.
        columns: what slices call the roles `id`, `text` and `label`, as far as there are such columns.
        payload: rows of the track's own tables that the data itself gives.
        notes: what a reader should know of how the rows came about, a line each.
        cut: refs of texts of which a side reads only the part that its limit allows.
        class_names: names that the file itself gives to its classes, in the order of their numbers.
    """

    rows: list[Example]
    metadata: pa.Table
    skipped: list[BadRow]
    memberships: dict[str, list[str]]
    source: Path
    lines: dict[str, int] = field(repr=False)
    columns: dict[str, str]
    payload: Mapping[str, pa.Table] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()

    def evaluation_rows(self) -> list[Example]:
        """The rows that are not in a named set."""
        aside = {ref for refs in self.memberships.values() for ref in refs}
        return [row for row in self.rows if row.ref not in aside]


def content_sha256(text: str, gold: str | None) -> str:
    """Digest of what an example says: its text and its gold label."""
    content = json.dumps([text, gold], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(content.encode("utf-8")).hexdigest()


def names_by_content(texts: Iterable[str]) -> list[str]:
    """Names of rows that have no id: a digest of what each says, with a number behind it from the second equal one on.

    A row keeps its name in another order and beside other rows, so that verdicts find it in the next review.
    """
    seen: dict[str, int] = {}
    names = []
    for text in texts:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_NAME_DIGITS]
        seen[digest] = seen.get(digest, 0) + 1
        names.append(digest if seen[digest] == 1 else f"{digest}-{seen[digest]}")
    return names


def read_examples(
    path: Path,
    *,
    track: str,
    kind: str,
    id: str = "id",  # noqa: A002  (the name of the key in the review file)
    text: str = "text",
    label: str | None = "label",
    id_needed: bool = False,
    label_needed: bool = True,
    or_by_role: bool = False,
    aside: Collection[str] = (),
    skip_bad_rows: bool = False,
) -> Examples:
    """Read a file of examples.

    A row of a file without ids is named by a digest of its text.

    Args:
        path: a file of rows, or a folder of `datasets`.
        track: prefix of the refs.
        kind: kind of the examples.
        id: column with a unique name for each row; text or whole number.
        text: column with the text.
        label: column with the gold label, or None where there is none.
        id_needed: whether the file must have the column of ids.
        label_needed: whether the file must have the column of labels, where one is named.
        or_by_role: whether columns may be called `id`, `text` and `label` where the file has none of the given names.
        aside: columns that are no metadata, or dotted paths into them.
        skip_bad_rows: leave bad rows out instead of raising.

    `id`, `text` and `label` may be dotted paths into nested values.

    Raises:
        AssayError: an unreadable, empty or oversized file, a missing column, or bad rows.
    """
    reader = open_rows(path)
    bad: list[BadRow] = []
    read = RowStore()
    for item in reader:
        if isinstance(item, BadRow):
            bad.append(item)
        else:
            read.append(item)
    if not read and not bad:
        raise AssayError("holds no rows", where=str(path), hint="one example a row is needed")
    roles = {"id": id, "text": text} | ({"label": label} if label is not None else {})
    if or_by_role:
        roles = {
            role: role if top_column(name, reader.columns) is None and role in reader.columns else name
            for role, name in roles.items()
        }
    for role, needed in (("id", id_needed), ("label", label_needed)):
        if (
            role in roles
            and reader.columns
            and not needed
            and top_column(roles[role], reader.columns) is None
        ):
            del roles[role]
    _require_columns(reader, path, roles)
    make = _Maker(path, roles, reader.columns, f"{track}/{kind}:")
    places: list[int] = []
    said: dict[str, list[str]] = {role: [] for role in roles}
    for place, row in enumerate(read):
        if (one := make.values(row, bad)) is not None:
            places.append(place)
            for role, value in one.items():
                said[role].append(value)
    names = said["id"] if "id" in roles else names_by_content(said["text"])
    golds: Sequence[str | None] = said["label"] if "label" in roles else [None] * len(places)
    rows: list[Example] = []
    kept: list[int] = []
    lines: dict[str, int] = {}
    for place, name, said_text, gold in zip(places, names, said["text"], golds, strict=True):
        ref = f"{track}/{kind}:{name}"
        if ref in lines:
            bad.append(make.bad(read[place], "id", f"{shown(name)} was used on line {lines[ref]} already"))
            continue
        lines[ref] = read.line(place)
        rows.append(Example(ref, track, kind, name, None, said_text, gold, content_sha256(said_text, gold)))
        kept.append(place)
    report_bad_rows(bad, skip_bad_rows, path, remaining=len(rows))
    tops = {top_column(name, reader.columns) for name in (*roles.values(), *aside)}
    further = [name for name in reader.columns if name not in tops]
    metadata = typed_metadata(
        [row.ref for row in rows], lambda name: read.column(name, kept), further, reader.text_only
    )
    taken = {name.casefold() for name in further}
    columns = {
        role: role if name not in reader.columns and role not in taken else name
        for role, name in roles.items()
    }
    notes = () if "id" in roles else (_named_note(rows),)
    classes = reader.class_names.get(roles.get("label", ""), ())
    return Examples(rows, metadata, in_order(bad), {}, path, lines, columns, notes=notes, class_names=classes)


def _named_note(rows: Sequence[Example]) -> str:
    equal = len(rows) - len({row.text for row in rows})
    more = f"; {equal:,} are equal to an earlier one and numbered in their order" if equal else ""
    return f"names     there are no ids: a digest of each text is its name{more}"


def with_named_set(examples: Examples, name: str, members: Examples) -> Examples:
    """Add rows that are predicted but never evaluated, such as out-of-scope messages.

    Raises:
        AssayError: an id that both files have.
    """
    for row in members.rows:
        if row.ref in examples.lines:
            raise AssayError(
                f"the id {shown(row.id)} is also in {examples.source} (line {examples.lines[row.ref]})",
                where=f"{members.source}:{members.lines[row.ref]}",
                hint="give it another id",
            )
    return replace(
        examples,
        rows=[*examples.rows, *members.rows],
        skipped=[*examples.skipped, *members.skipped],
        memberships={**examples.memberships, name: [row.ref for row in members.rows]},
        lines={**examples.lines, **members.lines},
    )


def without_refs(examples: Examples, gone: Collection[str], bad: Sequence[BadRow]) -> Examples:
    """The examples without some refs, for the rows that say why."""
    rows = [row for row in examples.rows if row.ref not in gone]
    mask = pa.array([ref not in gone for ref in examples.metadata["ref"].to_pylist()], pa.bool_())
    members = {name: [ref for ref in refs if ref not in gone] for name, refs in examples.memberships.items()}
    return replace(
        examples,
        rows=rows,
        metadata=examples.metadata.filter(mask),
        skipped=[*examples.skipped, *bad],
        memberships=members,
        lines={ref: line for ref, line in examples.lines.items() if ref not in gone},
    )


def predicate_table(examples: Examples) -> pa.Table:
    """The columns that predicates may use: all of the file, under their own names, and `ref`."""
    by_ref = {row.ref: row for row in examples.evaluation_rows()}
    rows = [by_ref[ref] for ref in examples.metadata["ref"].to_pylist()]
    table = examples.metadata
    values = {"id": [row.id for row in rows], "text": [row.text for row in rows]}
    values["label"] = [row.gold or "" for row in rows]
    for role, name in examples.columns.items():
        table = table.append_column(name, pa.array(values[role], pa.string()))
    return table


class _Maker:
    """Reads the values of the roles of each row of one file."""

    def __init__(self, path: Path, roles: Mapping[str, str], columns: Collection[str], prefix: str) -> None:
        self.path = path
        self.roles = roles
        self.columns = columns
        self.prefix = prefix

    def bad(self, row: Row, role: str, why: str) -> BadRow:
        """What is said of a row of which the value of a role cannot be used."""
        name = self.roles[role]
        return BadRow(f"{self.path}:{row.line}", f"column {name!r}: {why}", name, row.values.get(name))

    def values(self, row: Row, bad: list[BadRow]) -> dict[str, str] | None:
        """The text of each role; None, and the row is added to `bad`, where one cannot be used."""
        read: dict[str, str] = {}
        for role, name in self.roles.items():
            try:
                value = cell_text(value_at(row.values, name, self.columns), role)
            except ValueError as error:
                bad.append(self.bad(row, role, str(error)))
                return None
            read[role] = value
        return read


def cell_text(value: Any, role: str) -> str:
    """A name, text or label; a number that is whole is a label or a name in whatever type. Raises ValueError."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise ValueError("is missing" if value is None else "is empty")
    if role != "text" and isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str if role == "text" else str | int):
        raise ValueError(f"must be text, not {shown(value)}")
    if role == "id" and len(str(value)) > MAX_ID_CHARACTERS:
        raise ValueError(f"is longer than {MAX_ID_CHARACTERS:,} characters: {shown(str(value))}")
    return str(value)


def _require_columns(reader: RowReader, path: Path, roles: Mapping[str, str]) -> None:
    present = list(reader.columns)
    for role, name in roles.items():
        if present and top_column(name, reader.columns) is None:
            near = did_you_mean(name.partition(".")[0], present)
            listed = f"columns: {', '.join(present[:20])}" + (" ..." if len(present) > 20 else "")
            raise AssayError(
                f"has no column {name!r}",
                where=str(path),
                hint=f"{near + ' ' if near else ''}{listed}; name the {role} column in the review file",
            )
    check_column_names(present, path)


def check_column_names(present: Iterable[str], path: Path) -> None:
    """Refuse columns that SQL cannot tell apart, and the reserved ones. Raises AssayError."""
    folded = {name: name for name in RESERVED}
    for name in present:
        if name.casefold() in folded:
            raise AssayError(
                f"the columns {folded[name.casefold()]!r} and {name!r} have the same name to SQL"
                if name not in RESERVED
                else f"the column {name!r} is reserved",
                where=str(path),
                hint="rename one of them" if name not in RESERVED else "rename it",
            )
        folded[name.casefold()] = name


def typed_metadata(
    refs: Sequence[str], values: Callable[[str], Sequence[Any]], names: Iterable[str], text_only: bool
) -> pa.Table:
    """First column `ref`, then the named columns of some rows, each as the narrowest type that holds it.

    Args:
        refs: of the rows.
        values: of a column, of these rows.
        names: of the columns.
        text_only: whether the file's format knows nothing but text.
    """
    arrays: dict[str, pa.Array] = {"ref": pa.array(refs, pa.string())}
    for name in names:
        arrays[name] = _typed(values(name), text_only)
    return pa.table(arrays)


def _typed(column: Sequence[Any], text_only: bool) -> pa.Array:
    """One column as bool, int64, double, list of strings or string: the narrowest that holds it."""
    if text_only:
        column = _parsed(column)
    given = [value for value in column if value is not None]
    if given and all(isinstance(value, bool) for value in given):
        return pa.array(column, pa.bool_())
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in given)
    if given and numbers:
        if all(isinstance(value, int) for value in given):
            return pa.array(column, pa.int64())
        return pa.array([None if value is None else float(value) for value in column], pa.float64())
    if given and all(isinstance(value, list) and all(isinstance(e, str) for e in value) for value in given):
        return pa.array(column, pa.list_(pa.string()))
    return pa.array([_as_text(value) for value in column], pa.string())


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _parsed(column: Sequence[str | None]) -> list[Any]:
    """A column of a text format, read as truth values or numbers where every value is one."""
    given = [value for value in column if value is not None]
    for parse in (_truth, _whole, _number):
        parsed = [parse(value) for value in given]
        if given and None not in parsed:
            values: Iterator[Any] = iter(parsed)
            return [None if value is None else next(values) for value in column]
    return list(column)


def _truth(value: str) -> bool | None:
    return {"true": True, "false": False}.get(value.strip().casefold())


def _whole(value: str) -> int | None:
    text = value.strip()
    digits = text.removeprefix("-")
    # A leading zero is a code (a postcode, an account), not a number.
    if digits == "0":
        return 0
    plain = digits.isascii() and digits.isdigit() and not digits.startswith("0") and len(digits) <= 18
    return int(text) if plain else None


def _number(value: str) -> float | None:
    text = value.strip()
    if not text.isascii() or not set(text) <= set("0123456789+-.eE") or len(text) > 40:
        return None
    whole = text.lstrip("+-").partition(".")[0]
    if len(whole) > 1 and whole.startswith("0"):
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
