"""Reviews of the intent track whose predictions were recorded, for tests."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.conftest import LABELS, messages, write_jsonl

HEAD = """\
[review]
name = "recorded"
owner = "mangaassist"
base_version = "v1"
candidate_version = "v2"

[queue]
budget = 12
controls = 4

[intent]
predictions = "preds.jsonl"
critical = ["escalation"]
"""
PROBED = """
[intent.signals]
escalation = ["human"]
[intent.irrelevant]
escalation = ["punctuation"]
"""
Row = dict[str, Any]


def predicted(seed: int = 7, count: int = 72) -> list[Row]:
    """Labelled messages with a label and the probabilities of both sides; the base is right more often."""
    rng = random.Random(seed)
    rows: list[Row] = []
    for row in messages()[:count]:
        one: Row = dict(row)
        for side, right in (("base", 0.85), ("candidate", 0.7)):
            label = str(row["label"]) if rng.random() < right else rng.choice(LABELS)
            weights = {name: 1.0 if name == label else rng.random() * 0.4 for name in LABELS}
            total = sum(weights.values())
            one[side] = label
            one[f"{side}_p"] = {name: weight / total for name, weight in weights.items()}
        rows.append(one)
    return rows


def without(rows: Sequence[Mapping[str, Any]], *names: str) -> list[Row]:
    """The rows without some columns."""
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


def changed(rows: Sequence[Mapping[str, Any]], place: int, **values: Any) -> list[Row]:
    """The rows with other values in one of them."""
    made = [dict(row) for row in rows]
    made[place].update(values)
    return made


def write_recorded(
    folder: Path, rows: Sequence[Mapping[str, Any]], more: str = "", edit: Callable[[str], str] = str
) -> Path:
    """A review of recorded predictions in a folder; `more` goes behind the keys of the section."""
    folder.mkdir(parents=True, exist_ok=True)
    write_jsonl(folder / "preds.jsonl", [dict(row) for row in rows])
    (folder / "review.toml").write_text(edit(HEAD + more), "utf-8")
    return folder / "review.toml"


def write_parquet(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), path)
    return path
