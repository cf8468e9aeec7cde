"""Columns of the records as scores and as labels; what they cannot mean is named by file, line and column."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.base.errors import AssayError
from analysis.base.records import Side
from analysis.data.rows import BadRow
from analysis.tracks.response.leads.recorded import label_cell, read_columns, score_cell

COLUMNS: dict[Side, str] = {"base": "refused_base", "candidate": "refused_candidate"}


@pytest.mark.parametrize(
    ("value", "score"),
    [
        (True, 1.0), (False, 0.0), ("yes", 1.0), ("No", 0.0), (" TRUE ", 1.0), ("false", 0.0), (1, 1.0), (0, 0.0),
        (0.25, 0.25), ("0.25", 0.25), ("1", 1.0), ("1e-1", 0.1), (None, None), ("", None), ("  ", None),
    ],
)  # fmt: skip
def test_a_score_is_a_truth_or_a_number_from_0_to_1(value: Any, score: float | None) -> None:
    assert score_cell(value) == score


@pytest.mark.parametrize(
    "value", ["maybe", 2, -0.1, "1.5", "nan", float("nan"), "inf", [True], {"yes": 1}, "unsure"]
)
def test_anything_else_is_no_score(value: Any) -> None:
    with pytest.raises(ValueError, match="must be yes, no or a number from 0 to 1, not"):
        score_cell(value)


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (True, "yes"), (False, "no"), ("Yes", "yes"), ("n", "no"), (1, "yes"), (0, "no"), (1.0, "yes"), ("0", "no"),
        ("unsure", "unsure"), ("Cannot tell", "unsure"), ("?", "unsure"), (None, None), ("", None),
    ],
)  # fmt: skip
def test_a_label_is_yes_no_or_cannot_tell(value: Any, label: str | None) -> None:
    assert label_cell(value) == label


@pytest.mark.parametrize("value", [0.5, 2, "probably", [], ["yes"], {}])
def test_a_share_is_no_label(value: Any) -> None:
    with pytest.raises(ValueError, match="must be yes, no or cannot tell, not"):
        label_cell(value)


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_columns_are_read_by_side_and_gaps_are_gaps(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "r.jsonl",
        [
            {"id": "a", "refused_base": True, "refused_candidate": "cannot tell"},
            {"id": "b", "refused_base": None, "refused_candidate": "no"},
            {"id": "c"},
            {"id": "passed over", "refused_base": "what"},
        ],
    )
    bad: list[BadRow] = []
    refs = {1: "response/prompt:a", 2: "response/prompt:b", 3: "response/prompt:c"}
    assert read_columns(path, COLUMNS, refs, label_cell, bad) == {
        ("response/prompt:a", "base"): "yes",
        ("response/prompt:a", "candidate"): "unsure",
        ("response/prompt:b", "candidate"): "no",
    }
    assert bad == []


def test_csv_and_parquet_are_read_alike(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("id,refused_base,refused_candidate\na,0.5,yes\nb,,0\n", "utf-8")
    table = pa.table({"id": ["a", "b"], "refused_base": [0.5, None], "refused_candidate": [1.0, 0.0]})
    pq.write_table(table, tmp_path / "r.parquet")
    wanted = {("a", "base"): 0.5, ("a", "candidate"): 1.0, ("b", "candidate"): 0.0}
    assert read_columns(tmp_path / "r.csv", COLUMNS, {2: "a", 3: "b"}, score_cell, []) == wanted
    assert read_columns(tmp_path / "r.parquet", COLUMNS, {1: "a", 2: "b"}, score_cell, []) == wanted


def test_a_value_that_cannot_be_used_is_named_by_its_place(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "r.jsonl",
        [{"refused_base": "yes", "refused_candidate": "no"}, {"refused_base": 3, "refused_candidate": "no"}],
    )
    bad: list[BadRow] = []
    found = read_columns(path, COLUMNS, {1: "a", 2: "b"}, score_cell, bad)
    assert found == {("a", "base"): 1.0, ("a", "candidate"): 0.0, ("b", "candidate"): 0.0}
    (fault,) = bad
    assert fault.where == f"{path}:2"
    assert fault.message == "column 'refused_base': must be yes, no or a number from 0 to 1, not 3"


def test_an_unknown_column_names_the_nearest(tmp_path: Path) -> None:
    path = _write(tmp_path / "r.jsonl", [{"refused_base": True, "refuse_candidate": True}])
    with pytest.raises(AssayError) as error:
        read_columns(path, COLUMNS, {1: "a"}, label_cell, [], where="review.toml:9")
    assert str(error.value).startswith(f"review.toml:9: {path} has no column 'refused_candidate'")
    assert "did you mean 'refuse_candidate'?" in str(error.value)
