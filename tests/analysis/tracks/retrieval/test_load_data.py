"""What the files of a retrieval review may and may not hold: every mistake has its place and its words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from analysis.base.errors import AssayError
from analysis.data.examples import Examples
from analysis.run.check import check_review
from analysis.run.review_file import load_review
from analysis.tracks.retrieval.attributes import typed_values
from analysis.tracks.retrieval.load_data import read_retrieval
from analysis.tracks.retrieval.settings import retrieval_settings
from tests.analysis.tracks.retrieval.tiny import (
    items,
    pairs,
    probes,
    random_vectors,
    write_lines,
    write_review,
    write_vectors,
)

Rows = list[dict[str, Any]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for side in ("base", "candidate"):
        write_vectors(tmp_path / f"{side}.parquet", random_vectors())
    return tmp_path


def review(root: Path, **changes: Any) -> Path:
    return write_review(root, base="base.parquet", candidate="candidate.parquet", **changes)


def read(root: Path, skip: bool = False, **changes: Any) -> Examples:
    return read_retrieval(retrieval_settings(load_review(review(root, **changes)).tracks["retrieval"]), skip)


def table(examples: Examples, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = examples.payload[name].to_pylist()
    return rows


def test_probes_are_evaluated_and_the_rest_stands_beside(root: Path) -> None:
    examples = read(root)
    assert [row.kind for row in examples.evaluation_rows()] == ["query"] * 12
    assert {name: len(refs) for name, refs in examples.memberships.items()} == {
        "items": 40,
        "hard negatives": 10,
    }
    assert examples.metadata.column_names == ["ref", "family"]
    assert table(examples, "retrieval_relevance")[0] == {
        "ref": "retrieval/query:q0",
        "item_ref": "retrieval/item:i0",
    }
    by_ref = {row.ref: row for row in examples.rows}
    assert by_ref["retrieval/pair:p0001"].parent_ref == "retrieval/query:q0"
    assert by_ref["retrieval/pair:p0009"].parent_ref is None
    assert by_ref["retrieval/pair:p0009"].text == "of n8"
    assert table(examples, "retrieval_hard_negative")[9] == {
        "ref": "retrieval/pair:p0010",
        "positive_ref": "retrieval/item:i9",
        "negative_ref": "retrieval/item:i14",
    }
    assert table(examples, "retrieval_item")[38] == {
        "ref": "retrieval/item:i38",
        "title": "Title 38!!!",
        "duplicate_of": "retrieval/item:i37",
    }


def test_attributes_have_rows_only_where_an_item_has_them(root: Path) -> None:
    rows = table(read(root), "retrieval_attribute")
    kinds = {row["attribute"]: (row["wanted"], row["kind"]) for row in rows}
    assert kinds == {
        "theme": (True, "categorical"),
        "tones": (True, "multi-valued"),
        "popularity": (False, "numeric"),
        "publisher": (False, "categorical"),
        "title_length": (False, "numeric"),
    }
    assert len([row for row in rows if row["attribute"] == "tones"]) == 39
    assert {row["number"] for row in rows if row["ref"] == "retrieval/item:i2"} == {None, 3.0, 9.0}


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (["a", None, " ", True], "categorical", [["a"], None, None, ["true"]]),
        ([["b", "a", "b"], "c", [], None], "multi-valued", [["a", "b"], ["c"], None, None]),
        (['["b", 2]', "c"], "multi-valued", [["2", "b"], ["c"]]),
        (["[half", "c"], "categorical", [["[half"], ["c"]]),
        ([1, 2.5, None], "numeric", [1.0, 2.5, None]),
        ([1, "x"], "categorical", [["1"], ["x"]]),
        ([True, False], "categorical", [["true"], ["false"]]),
        ([None, None], "categorical", [None, None]),
    ],
)
def test_the_kind_of_an_attribute_follows_its_values(
    values: list[Any], kind: str, expected: list[Any]
) -> None:
    assert typed_values(values) == (kind, expected)


def changed(rows: Rows, index: int, **values: Any) -> Rows:
    return [row | values if number == index else row for number, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("name", "rows", "line", "message", "hint"),
    [
        (
            "items",
            lambda: changed(items(), 3, id="i1"),
            4,
            "column 'id': 'i1' was used on line 2 already",
            None,
        ),
        ("items", lambda: changed(items(), 3, text=" "), 4, "column 'text': is empty", None),
        (
            "probes",
            lambda: changed(probes(), 2, relevant=["i2", "i99"]),
            3,
            "column 'relevant': there is no item with the id 'i99'",
            "did you mean 'i9'?",
        ),
        ("probes", lambda: changed(probes(), 2, relevant={"i2": 1}), 3, "must be ids of items", None),
        ("probes", lambda: changed(probes(), 2, id="q0"), 3, "'q0' was used on line 1 already", None),
        (
            "pairs",
            lambda: changed(pairs(), 4, positive="i99"),
            5,
            "column 'positive': there is no item",
            "'i9'",
        ),
        ("pairs", lambda: changed(pairs(), 4, negative=None), 5, "column 'negative': is missing", None),
        ("pairs", lambda: changed(pairs(), 4, negative=["i1"]), 5, "column 'negative': must be ids", None),
        ("pairs", lambda: changed(pairs(), 4, negative="i4"), 5, "is the positive item, too: 'i4'", None),
        ("pairs", lambda: changed(pairs(), 4, query=""), 5, "column 'query': is empty", None),
        ("pairs", lambda: changed(pairs(), 4, query=[1]), 5, "column 'query': must be text, not [1]", None),
        ("pairs", lambda: changed(pairs(), 4, id="p0001"), 5, "'p0001' was used on line 1 already", None),
        ("pairs", lambda: [*pairs(), pairs()[0]], 11, "column 'query': the pair is on line 1 already", None),
    ],
)
def test_a_bad_row_is_named_by_line_and_column_or_left_out(
    root: Path, name: str, rows: Callable[[], Rows], line: int, message: str, hint: str | None
) -> None:
    path = review(root)
    write_lines(root / f"{name}.jsonl", rows())
    settings = retrieval_settings(load_review(path).tracks["retrieval"])
    with pytest.raises(AssayError) as caught:
        read_retrieval(settings, False)
    assert message in caught.value.message
    assert caught.value.where == f"{root / name}.jsonl:{line}"
    assert hint is None or hint in (caught.value.hint or "")
    if name != "items":
        skipped = read_retrieval(settings, True).skipped
        assert [bad.where for bad in skipped] == [f"{root / name}.jsonl:{line}"]


def test_a_file_without_its_columns_or_rows_is_refused(root: Path) -> None:
    path = review(root)
    settings = retrieval_settings(load_review(path).tracks["retrieval"])
    write_lines(root / "pairs.jsonl", [{"query": "a", "positive": "i1"}])
    with pytest.raises(AssayError, match="has no column 'negative'") as caught:
        read_retrieval(settings, False)
    assert caught.value.hint == 'columns: query, positive; negative = "COLUMN" in [retrieval] names it'
    write_lines(root / "pairs.jsonl", [])
    with pytest.raises(AssayError, match="holds no rows"):
        read_retrieval(settings, False)


def test_relevance_may_be_one_id_a_json_list_or_nothing(root: Path) -> None:
    path = review(root)
    lines = ["id,query,relevant", 'a,one,"[""i1"", ""i2""]"', "b,two,i3", "c,three,"]
    (root / "probes.csv").write_text("\n".join(lines) + "\n", "utf-8")
    text = (
        path.read_text("utf-8")
        .replace("probes.jsonl", "probes.csv")
        .replace('critical_slices = ["asks for crime"]', "")
    )
    path.write_text(text, "utf-8")
    rows = table(
        read_retrieval(retrieval_settings(load_review(path).tracks["retrieval"]), False),
        "retrieval_relevance",
    )
    assert [(row["ref"][-1], row["item_ref"][-2:]) for row in rows] == [("a", "i1"), ("a", "i2"), ("b", "i3")]


def test_a_query_may_be_the_id_of_a_probe(root: Path) -> None:
    path = review(root)
    write_lines(root / "pairs.jsonl", [{"id": 7, "query": "q3", "positive": "i1", "negative": "i2"}])
    examples = read_retrieval(retrieval_settings(load_review(path).tracks["retrieval"]), False)
    (pair,) = [row for row in examples.rows if row.kind == "pair"]
    assert (pair.ref, pair.parent_ref, pair.text) == (
        "retrieval/pair:7",
        "retrieval/query:q3",
        probes()[3]["query"],
    )


@pytest.mark.parametrize(
    ("changes", "key", "message", "hint"),
    [
        ({"must_keep": ["thme"]}, "must_keep", "'thme' is not in group_by; did you mean 'theme'?", None),
        ({"not_by": ["theme"]}, "not_by", "'theme' is in group_by too", None),
        ({"group_by": ["theme", "theme"]}, "group_by", "names 'theme' twice", None),
        ({"k": 0}, "k", "greater than or equal to 1", None),
        ({"text": "id"}, "text", "id and text must be two different columns", None),
        ({"base": "nowhere"}, "base", "there is nothing at", None),
        ({"base": "items.jsonl"}, "base", "is neither a model folder nor a .parquet file", None),
        (
            {"not_by": ["publsher"]},
            "not_by",
            "the items have no column 'publsher'",
            "did you mean 'publisher'?",
        ),
        ({"title": "titel"}, "title", "the items have no column 'titel'", "did you mean 'title'?"),
        ({"not_by": ["text"]}, "not_by", "holds the id or the text, and is no attribute", None),
        (
            {"title": None},
            "not_by",
            "the items have no column 'title_length'",
            "name the column with the title",
        ),
        ({"critical_slices": ["nobody"]}, "critical_slices", "there is no such slice", None),
        ({"neighbors": 3}, "neighbors", "unknown key", None),
    ],
)
def test_a_mistake_in_the_section_is_named_by_its_line(
    root: Path, changes: dict[str, Any], key: str, message: str, hint: str | None
) -> None:
    path = write_review(root, **({"base": "base.parquet", "candidate": "candidate.parquet"} | changes))
    with pytest.raises(AssayError) as caught:
        check_review(path)
    text = str(caught.value)
    assert message in text
    assert hint is None or hint in text
    lines = path.read_text("utf-8").splitlines()
    number = next((at for at, line in enumerate(lines, start=1) if line.startswith(f"{key} =")), None)
    assert number is None or f"{path}:{number}" in text


def test_an_attribute_that_no_item_has_is_a_mistake(root: Path) -> None:
    path = review(root, not_by=["mood"])
    write_lines(root / "items.jsonl", [row | {"mood": None} for row in items()])
    with pytest.raises(AssayError, match="no item has a value of 'mood'"):
        check_review(path)


def test_stored_vectors_must_cover_the_data(root: Path) -> None:
    vectors = random_vectors()
    path = review(root)
    write_vectors(
        root / "candidate.parquet", {name: one for name, one in vectors.items() if name not in ("i4", "q2")}
    )
    with pytest.raises(AssayError) as caught:
        check_review(path)
    assert caught.value.message == "has no vector for the query 'q2' (and 1 more)"
    assert caught.value.where == str(root / "candidate.parquet")


def test_an_id_of_two_examples_needs_its_kind(root: Path) -> None:
    path = review(root)
    write_lines(root / "probes.jsonl", changed(probes(), 1, id="i1"))
    with pytest.raises(AssayError, match="the id 'i1' stands for a query and for another example") as caught:
        check_review(path)
    assert caught.value.hint == "write 'query:i1', and the kind of the other likewise"


def test_check_says_what_both_sides_are(root: Path, tiny_encoder: Path) -> None:
    notes = check_review(review(root)).notes
    assert any(note.startswith("base      62 stored vectors, sha256") for note in notes)
    assert "vectors   are stored: edited items cannot be encoded, so no counterfactuals are made" in notes
    path = write_review(root, base=str(tiny_encoder), candidate="candidate.parquet")
    assert any("16 dimensions (mean), 32 tokens at most" in note for note in check_review(path).notes)


def test_numbers_in_parquet_name_items(root: Path) -> None:
    import pyarrow.parquet as pq

    path = review(root, probes=None, hard_negatives=None, critical_slices=[])
    rows = [row | {"id": number} for number, row in enumerate(items())]
    pq.write_table(
        pa.Table.from_pylist([{key: row.get(key) for key in rows[0]} for row in rows]), root / "items.parquet"
    )
    path.write_text(path.read_text("utf-8").replace("items.jsonl", "items.parquet"), "utf-8")
    examples = read_retrieval(retrieval_settings(load_review(path).tracks["retrieval"]), False)
    assert examples.rows[7].ref == "retrieval/item:7"
    assert examples.memberships == {}
    assert json.dumps(examples.columns) == '{"id": "id", "text": "text"}'
