"""JSONL, CSV and Parquet files of examples -> the example table and typed metadata.

A row that cannot be used is named by file, line, column and value. Files that could exhaust memory
are refused before they are parsed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.records import Example
from analysis.data.row_types import BadRow, Row, RowReader
from analysis.data.rows import open_rows

MAX_ID_CHARACTERS = 1_000
_SHOWN = 60
_NAME_DIGITS = 12
"""Hexadecimal digits of a name by content: among a million rows two share one by chance in 1 of 560 cases."""


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
        columns: name in the file of the columns `id`, `text` and, where there is one, `label`.
        payload: rows of the track's own tables that the data itself gives.
        notes: what a reader should know of how the rows came about, a line each.
        cut: refs of texts of which a side reads only the part that its limit allows.
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
    skip_bad_rows: bool = False,
) -> Examples:
    """Read a file of examples.

    Args:
        path: a `.jsonl`, `.csv` or `.parquet` file.
        track: prefix of the refs.
        kind: kind of the examples.
        id: column with a unique name for each row; text or whole number.
        text: column with the text.
        label: column with the gold label, or None where there is none.
        skip_bad_rows: leave bad rows out instead of raising.

    Raises:
        AssayError: an unreadable, empty or oversized file, a missing column, or bad rows.
    """
    reader = open_rows(path)
    columns = {"id": id, "text": text} | ({"label": label} if label is not None else {})
    rows: list[Example] = []
    values: list[Mapping[str, Any]] = []
    lines: dict[str, int] = {}
    bad: list[BadRow] = []
    seen = 0
    for item in reader:
        seen += 1
        if isinstance(item, BadRow):
            bad.append(item)
            continue
        made = _example(item, path, columns, track=track, kind=kind, lines=lines)
        if isinstance(made, BadRow):
            bad.append(made)
            continue
        lines[made.ref] = item.line
        rows.append(made)
        values.append(item.values)
    if not seen:
        raise AssayError("holds no rows", where=str(path), hint="one example a row is needed")
    _require_columns(reader, path, columns)
    report_bad_rows(bad, skip_bad_rows and bool(rows), path)
    further = [name for name in reader.columns if name not in columns.values()]
    metadata = typed_metadata([row.ref for row in rows], values, further, reader.text_only)
    return Examples(rows, metadata, bad, {}, path, lines, columns)


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


def check_labels(examples: Examples, labels: Sequence[str], skip_bad_rows: bool = False) -> Examples:
    """Leave out, or refuse, the rows whose gold label the models do not know.

    Raises:
        AssayError: such rows, unless `skip_bad_rows` leaves them out and others remain.
    """
    known = set(labels)
    bad = [
        BadRow(
            f"{examples.source}:{examples.lines[row.ref]}",
            f"column {examples.columns['label']!r}: the models do not know the label {shown(row.gold)}",
            examples.columns["label"],
            row.gold,
        )
        for row in examples.evaluation_rows()
        if row.gold is not None and row.gold not in known
    ]
    if not bad:
        return examples
    hint = f"the models know: {', '.join(labels[:20])}" + (" ..." if len(labels) > 20 else "")
    remains = len(bad) < len(examples.evaluation_rows())
    report_bad_rows(bad, skip_bad_rows and remains, examples.source, hint)
    kept = [row for row in examples.rows if row.gold is None or row.gold in known]
    refs = {row.ref for row in kept}
    mask = pa.array([ref in refs for ref in examples.metadata["ref"].to_pylist()], pa.bool_())
    return replace(
        examples, rows=kept, metadata=examples.metadata.filter(mask), skipped=[*examples.skipped, *bad]
    )


def report_bad_rows(bad: Sequence[BadRow], skip: bool, path: Path, hint: str | None = None) -> None:
    """Raise AssayError for the first bad row and count the rest, unless they are to be skipped."""
    if not bad or skip:
        return
    rest = len(bad) - 1
    more = f" (and {rest} more {'rows' if rest > 1 else 'row'})" if rest else ""
    go_on = "--skip-bad-rows goes on without bad rows"
    raise AssayError(
        bad[0].message + more, where=bad[0].where or str(path), hint=f"{hint}; {go_on}" if hint else go_on
    )


def shown(value: object) -> str:
    """A value as an error message quotes it: escaped, and cut at 60 characters."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(str(value))} characters)"


def _example(
    row: Row, path: Path, columns: Mapping[str, str], *, track: str, kind: str, lines: Mapping[str, int]
) -> Example | BadRow:
    def bad(role: str, why: str) -> BadRow:
        name = columns[role]
        return BadRow(f"{path}:{row.line}", f"column {name!r}: {why}", name, row.values.get(name))

    for role, name in columns.items():
        value = row.values.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return bad(role, "is missing" if value is None else "is empty")
        if isinstance(value, bool) or not isinstance(value, str if role == "text" else str | int):
            return bad(role, f"must be text, not {shown(value)}")
    name, text = str(row.values[columns["id"]]), row.values[columns["text"]]
    gold = str(row.values[columns["label"]]) if "label" in columns else None
    if len(name) > MAX_ID_CHARACTERS:
        return bad("id", f"is longer than {MAX_ID_CHARACTERS:,} characters: {shown(name)}")
    ref = f"{track}/{kind}:{name}"
    if ref in lines:
        return bad("id", f"{shown(name)} was used on line {lines[ref]} already")
    return Example(ref, track, kind, name, None, text, gold, content_sha256(text, gold))


def _require_columns(reader: RowReader, path: Path, columns: Mapping[str, str]) -> None:
    present = list(reader.columns)
    for role, name in columns.items():
        if present and name not in present:
            raise AssayError(
                f"has no column {name!r}",
                where=str(path),
                hint=f"columns: {', '.join(present[:20])}; name the {role} column in the review file",
            )
    check_column_names(present, path)


def check_column_names(present: Iterable[str], path: Path) -> None:
    """Refuse columns that SQL cannot tell apart, and the reserved one. Raises AssayError."""
    folded: dict[str, str] = {"ref": "ref"}
    for name in present:
        if name.casefold() in folded:
            raise AssayError(
                f"the columns {folded[name.casefold()]!r} and {name!r} have the same name to SQL"
                if name != "ref"
                else "the column 'ref' is reserved",
                where=str(path),
                hint="rename one of them" if name != "ref" else "rename it",
            )
        folded[name.casefold()] = name


def typed_metadata(
    refs: Sequence[str], values: Sequence[Mapping[str, Any]], names: Iterable[str], text_only: bool
) -> pa.Table:
    """First column `ref`, then the named columns of some rows, each as the narrowest type that holds it.

    Args:
        refs: of the rows.
        values: of the rows by column.
        names: of the columns.
        text_only: whether the file's format knows nothing but text.
    """
    arrays: dict[str, pa.Array] = {"ref": pa.array(refs, pa.string())}
    for name in names:
        arrays[name] = _typed([value.get(name) for value in values], text_only)
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
