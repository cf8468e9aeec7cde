"""Judgements of relevance as BEIR and TREC write them: a query, an item, and how relevant it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.data.faults import shown
from analysis.data.json_rows import not_utf8
from analysis.data.row_types import BadRow, numbered_lines
from analysis.data.rows import open_rows

QUERY = ("query-id", "query_id", "qid", "query", "topic")
ITEM = ("corpus-id", "corpus_id", "docid", "doc_id", "doc-id", "pid", "item_id", "item")
SCORE = ("score", "relevance", "rel", "label", "grade")
_PLAIN = (".tsv", ".tab", ".txt", ".trec", ".qrels", "")
"""Suffixes of files that may have no header."""


@dataclass(frozen=True)
class Judgement:
    """A row of the file: `relevant` where its score is above 0."""

    line: int
    query: str
    item: str
    relevant: bool


def read_qrels(path: Path) -> tuple[list[Judgement], list[BadRow]]:
    """The judgements of a file, and its bad rows.

    Args:
        path: a table with the columns of BEIR, or lines of three (query, item, score) or four fields (query, iteration,
            item, score: TREC), with a header or without.

    Raises:
        AssayError: a file that cannot be read, holds no rows, or has none of the columns.
    """
    bad: list[BadRow] = []
    rows = list(_plain_rows(path, bad) if path.suffix.lower() in _PLAIN else _table_rows(path, bad))
    if not rows and not bad:
        raise AssayError("holds no rows", where=str(path), hint="one judgement a row is needed")
    judged = []
    for line, query, item, score in rows:
        try:
            relevant = score is None or float(score) > 0
        except ValueError:
            bad.append(BadRow(f"{path}:{line}", f"the score must be a number, not {shown(score)}"))
            continue
        judged.append(Judgement(line, query, item, relevant))
    return judged, bad


Fields = tuple[int, str, str, str | None]


def _plain_rows(path: Path, bad: list[BadRow]) -> Iterator[Fields]:
    places: Sequence[int] | None = None
    with path.open("rb") as stream:
        for number, raw in numbered_lines(stream, path):
            try:
                line = raw.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                raise not_utf8(path, number) from None
            fields = line.split("\t") if "\t" in line else line.split()
            if not fields:
                continue
            if places is None:
                places = _header(fields)
                if places is not None:
                    continue
                places = (0, 2, 3) if len(fields) == 4 else (0, 1, 2)
            if len(fields) <= max(places):
                bad.append(
                    BadRow(
                        f"{path}:{number}",
                        f"has {len(fields)} of the three: a query, an item and a score",
                    )
                )
                continue
            yield number, fields[places[0]].strip(), fields[places[1]].strip(), fields[places[2]].strip()


def _header(fields: Sequence[str]) -> tuple[int, int, int] | None:
    """Where query, item and score stand in the rows under a header; None where the first line is none."""
    names = {name.strip().casefold(): place for place, name in reversed(list(enumerate(fields)))}
    found = [next((names[name] for name in known if name in names), None) for known in (QUERY, ITEM, SCORE)]
    query, item, score = found
    return None if query is None or item is None or score is None else (query, item, score)


def _table_rows(path: Path, bad: list[BadRow]) -> Iterator[Fields]:
    reader = open_rows(path)
    for row in reader:
        if isinstance(row, BadRow):
            bad.append(row)
            continue
        names = {name.casefold(): name for name in reversed(list(row.values))}
        query, item = (_value(row.values, names, known) for known in (QUERY, ITEM))
        score = _value(row.values, names, SCORE)
        if query is None or item is None:
            what, known = ("query", QUERY) if query is None else ("item", ITEM)
            listed = ", ".join(known[:3])
            bad.append(
                BadRow(f"{path}:{row.line}", f"has no {what}: a column of the name {listed} is needed")
            )
            continue
        yield row.line, query, item, score


def _value(values: Mapping[str, object], names: Mapping[str, str], known: Sequence[str]) -> str | None:
    found = (values[names[name]] for name in known if name in names)
    return next((str(value) for value in found if value is not None and str(value).strip()), None)
