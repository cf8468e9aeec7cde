"""Experiments of Langfuse: items of its experiments interface, results of its SDK, and tables that its pages export.

Names are read in camel case and with underscores, as these write them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.data.columns import opened
from analysis.init.results.contract import Item, ResultFormat, Results
from analysis.init.results.documents import (
    answer_in,
    one_file,
    plain_values,
    read_documents,
    texts_in,
    turns_in,
)

_LISTS = ("data", "item_results", "items")
_IDS = ("experiment_item_id", "dataset_item_id", "item_id", "id")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|\s+")


def _read(path: Path) -> Results:
    path = one_file(path, ("*.json", "*.jsonl", "*.csv"))
    rows = [_flat(row) for row in _rows(read_documents(path))]
    if not rows or not all(map(_is_item, rows)):
        raise AssayError("holds no items of a Langfuse experiment", where=str(path), hint=FORMAT.wanted)
    runs = list(dict.fromkeys(str(row[name]) for row in rows for name in ("experiment_id",) if row.get(name)))
    if len(runs) > 1:
        raise AssayError(
            f"holds items of {len(runs)} experiments",
            where=str(path),
            hint="a file for each experiment is needed",
        )
    name = next((row[key] for row in rows for key in ("experiment_name", "run_name") if row.get(key)), "")
    return Results(path, str(name), [_item(row, place) for place, row in enumerate(rows)])


def _rows(documents: list[Any]) -> list[Any]:
    rows: Any = documents[0] if len(documents) == 1 else documents
    if isinstance(rows, Mapping):
        named = _flat(rows)
        rows = next((named[name] for name in _LISTS if isinstance(named.get(name), list)), [rows])
    return rows if isinstance(rows, list) else []


def _flat(row: Any) -> dict[str, Any]:
    """The fields of a row under names with underscores; those of the item that it is about fill what it lacks."""
    if not isinstance(row, Mapping):
        return {}
    named = {_CAPITAL.sub("_", str(name)).lower(): value for name, value in row.items()}
    item = opened(named.get("item") or named.get("dataset_item"))
    if isinstance(item, Mapping):
        of_item = _flat(item)
        named["item_id"] = of_item.pop("id", None)
        named = {**of_item, **{name: value for name, value in named.items() if value is not None}}
    return named


def _item(row: Mapping[str, Any], place: int) -> Item:
    given = row.get("input")
    turns = turns_in(given)
    text = texts_in(given)
    name = next((str(row[key]) for key in _IDS if row.get(key) is not None), str(place))
    metadata = row.get("experiment_item_metadata") or row.get("item_metadata") or row.get("metadata")
    return Item(
        id=name,
        same=text,
        asked=turns if turns and len(turns) > 1 else text,
        text=text,
        answer=answer_in(row.get("output")),
        target=answer_in(row.get("expected_output")),
        further=dict(plain_values(opened(metadata))),
    )


def _is_item(row: Mapping[str, Any]) -> bool:
    return "input" in row and "output" in row


def _fits(one: Any) -> bool:
    rows = [_flat(row) for row in _rows([one])]
    return bool(rows) and all(map(_is_item, rows))


FORMAT = ResultFormat(
    "langfuse",
    "items of a Langfuse experiment",
    "GET /api/public/experiment-items?fields=io gives them, as do the SDK's run_experiment and the export of a table",
    _read,
    _fits,
)
