"""A column of the user's that is called as something built in keeps its own meaning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysis.run.pipeline import analyze
from tests.analysis.tracks.retrieval.tiny import items, probes, write_encoder, write_lines


@pytest.mark.parametrize(
    ("own", "kind"),
    [
        ({"title_length": lambda number: "2-3" if number % 2 else "4+"}, "categorical"),
        ({"title_length": lambda number: number % 5}, "numeric"),
        ({"text_length": lambda number: ["short"] if number % 3 else ["long", "odd"]}, "multi-valued"),
    ],
)
def test_a_column_by_the_name_of_a_computed_attribute(own: dict[str, Any], kind: str, tmp_path: Path) -> None:
    ((name, value),) = own.items()
    rows = [row | {name: value(number)} for number, row in enumerate(items())]
    write_lines(tmp_path / "items.jsonl", rows)
    # Slices of the same names as those that every review has.
    asked = [
        row | {"length": ("short", "tall")[number % 2], "all": "all"} for number, row in enumerate(probes())
    ]
    write_lines(tmp_path / "probes.jsonl", asked)
    for seed, side in enumerate(("base", "candidate")):
        write_encoder(tmp_path / side, seed=seed)
    (tmp_path / "review.toml").write_text(
        '[review]\nname = "r"\nowner = "o"\nbase_version = "1"\ncandidate_version = "2"\n'
        '[retrieval]\nbase = "base"\ncandidate = "candidate"\nitems = "items.jsonl"\ntitle = "title"\n'
        f'probes = "probes.jsonl"\nnot_by = [{json.dumps(name)}]\n',
        "utf-8",
    )
    published = analyze(tmp_path / "review.toml")
    evidence = next(Path(published.store).glob("runs/*/evidence.duckdb"))
    with duckdb.connect(str(evidence), read_only=True) as connection:
        kinds = connection.execute("SELECT DISTINCT kind FROM retrieval_attribute").fetchall()
    assert kinds == [(kind,)]
