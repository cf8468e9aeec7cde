"""Items, probes and hard negatives of a retrieval review, and what the data says of how they belong together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeGuard

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.problems import did_you_mean
from analysis.base.records import Example
from analysis.data.columns import NowhereError, top_column, value_at
from analysis.data.examples import MAX_ID_CHARACTERS, Examples, content_sha256, read_examples, with_named_set
from analysis.data.faults import bad_row, report_bad_rows, shown
from analysis.data.row_types import BadRow, Row, RowReader
from analysis.data.rows import open_rows
from analysis.text.near_duplicates import shared_clusters
from analysis.tracks.retrieval.attributes import attribute_rows, check_attributes, title_values
from analysis.tracks.retrieval.metric_specs import TRACK
from analysis.tracks.retrieval.qrels import read_qrels
from analysis.tracks.retrieval.settings import RetrievalSettings

ITEMS = "items"
HARD_NEGATIVES = "hard negatives"
FIRST_ROWS = 20
"""Rows from which the columns of a file are told."""


def read_retrieval(settings: RetrievalSettings, skip_bad_rows: bool) -> Examples:
    """Read all data of the track.

    The probes are the evaluation rows, with items and hard negatives as sets beside them; where there are no
    probes, the items are.

    Raises:
        AssayError: a file or row that cannot be read, an attribute that the items do not have, a probe or pair
            that names an item which does not exist.
    """
    items = read_examples(
        settings.items,
        track=TRACK,
        kind="item",
        id=settings.id,
        text=settings.text,
        label=None,
        id_needed="id" in settings.model_fields_set or _named_by_others(settings),
        skip_bad_rows=skip_bad_rows,
    )
    check_attributes(items, settings)
    payload = {
        "retrieval_item": _item_rows(items, settings),
        "retrieval_attribute": attribute_rows(items, settings),
    }
    known = {row.id: row.ref for row in items.rows}
    examples = items
    probes: list[Example] = []
    asked = settings.probes or settings.queries
    if asked is not None:
        read, payload["retrieval_relevance"] = _read_probes(asked, settings, known, skip_bad_rows)
        probes = read.rows
        examples = with_named_set(read, ITEMS, items)
    if settings.hard_negatives is not None:
        pairs, payload["retrieval_hard_negative"] = _read_pairs(
            settings.hard_negatives, settings, known, probes, skip_bad_rows
        )
        examples = with_named_set(examples, HARD_NEGATIVES, pairs)
    return replace(examples, payload=payload)


def query_clusters(examples: Examples) -> dict[str, str]:
    """Probes, and apart from them hard negatives, whose queries are the same or nearly so."""
    return {
        ref: cluster
        for kind in ("query", "pair")
        for ref, cluster in shared_clusters(
            {row.ref: row.text for row in examples.rows if row.kind == kind}
        ).items()
    }


def _item_rows(items: Examples, settings: RetrievalSettings) -> pa.Table:
    first: dict[str, str] = {}
    duplicate_of = []
    for row in items.rows:
        ref = first.setdefault(row.text, row.ref)
        duplicate_of.append(ref if ref != row.ref else None)
    return pa.table(
        {
            "ref": [row.ref for row in items.rows],
            "title": pa.array(title_values(items, settings), pa.string()),
            "duplicate_of": pa.array(duplicate_of, pa.string()),
        }
    )


def _named_by_others(settings: RetrievalSettings) -> bool:
    """Whether another file names items, which is only possible where they have ids of their own."""
    others = (settings.probes, settings.queries, settings.hard_negatives)
    return any(one is not None for one in others)


def _read_probes(
    path: Path, settings: RetrievalSettings, known: Mapping[str, str], skip_bad_rows: bool
) -> tuple[Examples, pa.Table]:
    """The probes, and rows of `retrieval_relevance`."""
    columns = _probe_columns(path, settings)
    probes = read_examples(
        path,
        track=TRACK,
        kind="query",
        id=columns["probe_id"],
        text=columns["query"],
        label=None,
        id_needed="probe_id" in settings.model_fields_set or settings.qrels is not None,
        skip_bad_rows=skip_bad_rows,
    )
    if settings.qrels is not None:
        probes, relevant = _judged(probes, settings.qrels, known, skip_bad_rows)
    else:
        probes, relevant = _naming(probes, path, settings.relevant, known, skip_bad_rows)
    table = pa.table(
        {
            "ref": pa.array([ref for ref, _ in relevant], pa.string()),
            "item_ref": pa.array([item for _, item in relevant], pa.string()),
        }
    )
    return probes, table


def _probe_columns(path: Path, settings: RetrievalSettings) -> dict[str, str]:
    """The columns of name and text of the probes: as given, or as BEIR calls them where its file has those."""
    columns = {"probe_id": settings.probe_id, "query": settings.query}
    if settings.queries is None:
        return columns
    reader = open_rows(path)
    for _ in zip(range(FIRST_ROWS), reader, strict=False):
        pass
    for key, name in (("probe_id", "_id"), ("query", "text")):
        if (
            key not in settings.model_fields_set
            and columns[key] not in reader.columns
            and name in reader.columns
        ):
            columns[key] = name
    return columns


def _judged(
    probes: Examples, path: Path, known: Mapping[str, str], skip_bad_rows: bool
) -> tuple[Examples, list[tuple[str, str]]]:
    """The probes that a file judges, and the items that are relevant to each; the others are left out, and counted."""
    judged, bad = read_qrels(path)
    refs = {one.id: one.ref for one in probes.rows}
    relevant: dict[tuple[str, str], None] = {}
    kept: set[str] = set()
    for one in judged:
        for what, name, names in (("query", one.query, refs), ("item", one.item, known)):
            if name not in names:
                fault = f"there is no {what} with the id {shown(name)}"
                bad.append(BadRow(f"{path}:{one.line}", fault, what, name))
                break
        else:
            kept.add(refs[one.query])
            if one.relevant:
                relevant[refs[one.query], known[one.item]] = None
    report_bad_rows(bad, skip_bad_rows, path, _item_hint(bad, known), remaining=len(kept))
    out = len(probes.rows) - len(kept)
    notes = (
        (f"left out  {out:,} of {len(probes.rows):,} queries, which {path.name} does not judge",)
        if out
        else ()
    )
    return _only(probes, kept, bad, notes), list(relevant)


def _naming(
    probes: Examples, path: Path, column: str, known: Mapping[str, str], skip_bad_rows: bool
) -> tuple[Examples, list[tuple[str, str]]]:
    """The probes, and the items that each names as relevant to it."""
    refs = {line: ref for ref, line in probes.lines.items()}
    bad: list[BadRow] = []
    relevant: list[tuple[str, str]] = []
    reader = open_rows(path)
    for row in reader:
        if isinstance(row, BadRow) or row.line not in refs:
            continue
        try:
            names = _ids(value_at(row.values, column, reader.columns))
        except NowhereError:
            names = []
        fault = _names_fault(names, known)
        if fault is not None:
            bad.append(bad_row(path, row, column, fault))
            del refs[row.line]
            continue
        relevant += [(refs[row.line], known[name]) for name in dict.fromkeys(names or ())]
    report_bad_rows(bad, skip_bad_rows, path, _item_hint(bad, known), remaining=len(refs))
    found = _only(probes, set(refs.values()), bad, ())
    # Which items are relevant defines no slice.
    own = top_column(column, reader.columns)
    metadata = found.metadata.drop_columns([name for name in (own,) if name in found.metadata.column_names])
    return replace(found, metadata=metadata), relevant


def _only(probes: Examples, kept: set[str], bad: list[BadRow], notes: tuple[str, ...]) -> Examples:
    """The probes of some refs."""
    mask = pa.array([ref in kept for ref in probes.metadata["ref"].to_pylist()], pa.bool_())
    return replace(
        probes,
        rows=[one for one in probes.rows if one.ref in kept],
        metadata=probes.metadata.filter(mask),
        skipped=[*probes.skipped, *bad],
        lines={ref: line for ref, line in probes.lines.items() if ref in kept},
        notes=(*probes.notes, *notes),
    )


def _read_pairs(
    path: Path,
    settings: RetrievalSettings,
    known: Mapping[str, str],
    probes: list[Example],
    skip_bad_rows: bool,
) -> tuple[Examples, pa.Table]:
    """Hard negatives, and rows of `retrieval_hard_negative`.

    The query of a pair is a text, or the id of a probe; a pair whose query is a probe belongs to that probe.
    """
    by_text = {one.text: one for one in reversed(probes)}
    by_id = {one.id: one for one in probes}
    bad: list[BadRow] = []
    rows: list[Example] = []
    items: list[tuple[str, str]] = []
    lines: dict[str, int] = {}
    same: dict[tuple[str, str, str], int] = {}
    named = {key: getattr(settings, key) for key in ("query", "positive", "negative")}
    reader = open_rows(path)
    read = [row for row in reader if _is_sound(row, bad)]
    _require(path, reader, settings, named)
    for number, given_row in enumerate(read, start=1):
        row = _called(given_row, named, reader)
        fault = _pair_fault(row, known)
        if fault is None:
            query = str(row.values["query"])
            probe = by_text.get(query) or by_id.get(query)
            text = query if probe is None else probe.text
            positive, negative = (known[str(row.values[name])] for name in ("positive", "negative"))
            given = row.values.get("id")
            name = f"p{number:04d}" if given is None else str(given)
            ref = f"{TRACK}/pair:{name}"
            fault = _name_fault(
                name, lines.get(ref), same.setdefault((text, positive, negative), row.line), row
            )
        if fault is not None:
            column, why = fault
            bad.append(bad_row(path, given_row, named.get(column, column), why))
            continue
        lines[ref] = row.line
        parent = None if probe is None else probe.ref
        rows.append(Example(ref, TRACK, "pair", name, parent, text, None, content_sha256(text, None)))
        items.append((positive, negative))
    report_bad_rows(bad, skip_bad_rows, path, _item_hint(bad, known), remaining=len(rows))
    refs = pa.array([one.ref for one in rows], pa.string())
    table = pa.table(
        {
            "ref": refs,
            "positive_ref": pa.array([positive for positive, _ in items], pa.string()),
            "negative_ref": pa.array([negative for _, negative in items], pa.string()),
        }
    )
    columns = {"id": "id", "text": "query"}
    return Examples(rows, pa.table({"ref": refs}), bad, {}, path, lines, columns), table


def _is_sound(row: Row | BadRow, bad: list[BadRow]) -> TypeGuard[Row]:
    if isinstance(row, BadRow):
        bad.append(row)
        return False
    return True


def _require(path: Path, reader: RowReader, settings: RetrievalSettings, named: Mapping[str, str]) -> None:
    """Raise AssayError for a file of pairs without rows, or without one of its columns."""
    if not reader.columns:
        raise AssayError("holds no rows", where=str(path), hint="one pair a row is needed")
    for key, name in named.items():
        if top_column(name, reader.columns) is None:
            given = key in settings.model_fields_set
            raise AssayError(
                f"has no column {name!r}",
                where=settings.where(key) if given else str(path),
                hint=f'columns: {", ".join(list(reader.columns)[:20])}; {key} = "COLUMN" in [retrieval] names it',
            )


def _called(row: Row, named: Mapping[str, str], reader: RowReader) -> Row:
    """The row with its values under the keys that name their columns; a path that leads nowhere has none."""
    values: dict[str, Any] = {"id": row.values.get("id")}
    for key, name in named.items():
        try:
            values[key] = value_at(row.values, name, reader.columns)
        except NowhereError:
            values[key] = None
    return Row(row.line, values)


def _pair_fault(row: Row, known: Mapping[str, str]) -> tuple[str, str] | None:
    """Column and fault of a pair, or None where it is sound."""
    faults = {"query": _text_fault(row.values.get("query")), "id": None}
    if row.values.get("id") is not None:
        faults["id"] = _text_fault(row.values["id"])
    for column in ("positive", "negative"):
        value = row.values.get(column)
        # One id: a text that is written as a list is no list of them here.
        names = [value] if isinstance(value, str) else None if isinstance(value, list) else _ids(value)
        faults[column] = "is missing" if value is None else _names_fault(names, known)
    positive, negative = row.values.get("positive"), row.values.get("negative")
    if not any(faults.values()) and str(positive) == str(negative):
        faults["negative"] = f"is the positive item, too: {shown(negative)}"
    return next(((column, fault) for column, fault in faults.items() if fault is not None), None)


def _text_fault(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return "is missing" if value is None else "is empty"
    if isinstance(value, bool) or not isinstance(value, str | int):
        return f"must be text, not {shown(value)}"
    return None


def _name_fault(name: str, used: int | None, first: int, row: Row) -> tuple[str, str] | None:
    if len(name) > MAX_ID_CHARACTERS:
        return "id", f"is longer than {MAX_ID_CHARACTERS:,} characters: {shown(name)}"
    if used is not None:
        return "id", f"{shown(name)} was used on line {used} already"
    if first != row.line:
        return "query", f"the pair is on line {first} already"
    return None


def _ids(value: Any) -> list[str] | None:
    """Ids of items: a list, the same as JSON text, or one id; None where it is none of these."""
    if value is None:
        return []
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    values = value if isinstance(value, list) else [value]
    if any(isinstance(one, bool) or not isinstance(one, str | int) for one in values):
        return None
    return [str(one) for one in values]


def _names_fault(names: list[str] | None, known: Mapping[str, str]) -> str | None:
    if names is None:
        return "must be ids of items"
    missing = next((name for name in names if name not in known), None)
    return None if missing is None else f"there is no item with the id {shown(missing)}"


def _item_hint(bad: list[BadRow], known: Mapping[str, str]) -> str | None:
    """The nearest id of an item, where the first bad row names one that does not exist."""
    if not bad or "there is no item" not in bad[0].message:
        return None
    missing = next((name for name in _ids(bad[0].value) or () if name not in known), "")
    return did_you_mean(missing, known)
