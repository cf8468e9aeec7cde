"""Queries and judgements in files of their own, as BEIR and TREC write them; columns of any name."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from analysis.base.errors import AssayError
from analysis.data.examples import Examples
from analysis.init import init_review
from analysis.run.check import check_review
from analysis.run.review_file import load_review
from analysis.tracks.retrieval.load_data import read_retrieval
from analysis.tracks.retrieval.qrels import read_qrels
from analysis.tracks.retrieval.settings import retrieval_settings
from tests.analysis.layouts import parquet
from tests.analysis.tracks.retrieval.tiny import random_vectors, write_vectors

JUDGED = (("q1", "d2", 1), ("q1", "d3", 0), ("q2", "d1", 2), ("q1", "d4", 1))
HEADER = "query-id\tcorpus-id\tscore\n"


def rows_of(judged: Sequence[tuple[str, str, int]], form: str) -> str:
    return "".join(form.format(*one) + "\n" for one in judged)


QRELS: dict[str, Callable[[Path], Path]] = {
    "beir": lambda root: put(root / "test.tsv", HEADER + rows_of(JUDGED, "{}\t{}\t{}")),
    "no header": lambda root: put(root / "test.tsv", rows_of(JUDGED, "{}\t{}\t{}")),
    "trec": lambda root: put(root / "qrels.txt", rows_of(JUDGED, "{} 0 {} {}")),
    "trec, tabs": lambda root: put(root / "test.trec", rows_of(JUDGED, "{}\tQ0\t{}\t{}")),
    "csv": lambda root: put(root / "q.csv", "score,doc_id,query_id\n" + rows_of(JUDGED, "{2},{1},{0}")),
    "semicolons": lambda root: put(root / "q.csv", "qid;docid;rel\n" + rows_of(JUDGED, "{};{};{}")),
    "jsonl": lambda root: put(
        root / "q.jsonl",
        "".join(json.dumps({"query-id": a, "corpus-id": b, "score": c}) + "\n" for a, b, c in JUDGED),
    ),
    "parquet": lambda root: parquet(
        folder(root) / "q.parquet",
        pa.table(
            dict(zip(("query_id", "corpus_id", "score"), map(list, zip(*JUDGED, strict=True)), strict=True))
        ),
    ),
}


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def folder(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    return path


def lines(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    return put(path, "".join(json.dumps(row) + "\n" for row in rows))


def beir(root: Path, qrels: str = "beir") -> Path:
    corpus = [
        {
            "_id": f"d{number}",
            "title": f"Title {number}",
            "text": f"A text about the number {number}.",
            "metadata": {},
        }
        for number in range(1, 7)
    ]
    queries = [
        {"_id": f"q{number}", "text": f"what is number {number}", "metadata": {}} for number in range(1, 5)
    ]
    lines(root / "corpus.jsonl", corpus)
    lines(root / "queries.jsonl", queries)
    return QRELS[qrels](root / "qrels")


def read(root: Path, keys: str) -> Examples:
    ids = [f"d{number}" for number in range(1, 7)]
    for name in ("v1", "v2"):
        write_vectors(root / f"{name}.parquet", dict(zip(ids, random_vectors().values(), strict=False)))
    head = '[review]\nname = "r"\nowner = "o"\nbase_version = "1"\ncandidate_version = "2"\n'
    path = put(
        root / "review.toml", f'{head}[retrieval]\nbase = "v1.parquet"\ncandidate = "v2.parquet"\n{keys}'
    )
    return read_retrieval(retrieval_settings(load_review(path).tracks["retrieval"]), False)


@pytest.mark.parametrize("form", QRELS)
def test_judgements_in_every_form_are_read(form: str, tmp_path: Path) -> None:
    judged, bad = read_qrels(QRELS[form](tmp_path))
    assert [(one.query, one.item, one.relevant) for one in judged] == [(a, b, c > 0) for a, b, c in JUDGED]
    assert bad == []


def test_queries_are_the_probes_that_the_judgements_name(tmp_path: Path) -> None:
    qrels = beir(tmp_path)
    keys = 'items = "corpus.jsonl"\nid = "_id"\ntext = "text"\nqueries = "queries.jsonl"\nqrels = "qrels/test.tsv"\n'
    examples = read(tmp_path, keys)
    probes = [row for row in examples.evaluation_rows() if row.kind == "query"]
    assert [(row.id, row.text) for row in probes] == [("q1", "what is number 1"), ("q2", "what is number 2")]
    table = examples.payload["retrieval_relevance"].to_pylist()
    assert [(row["ref"][-2:], row["item_ref"][-2:]) for row in table] == [
        ("q1", "d2"),
        ("q2", "d1"),
        ("q1", "d4"),
    ]
    assert "left out  2 of 4 queries, which test.tsv does not judge" in examples.notes
    qrels.write_text(HEADER + "q1\td2\t1\nq9\td1\t1\nq1\tx\t1\nq1\td1\thigh\nq1\n", "utf-8")
    with pytest.raises(AssayError) as caught:
        read(tmp_path, keys)
    assert caught.value.message.split("\n") == [
        "there is no query with the id 'q9' (and 3 more rows)",
        "line 4: there is no item with the id 'x'",
        "line 5: the score must be a number, not 'high'",
        "line 6: has 1 of the three: a query, an item and a score",
    ]


def test_what_lies_in_the_metadata_can_group_items_and_is_offered(tmp_path: Path) -> None:
    """BEIR keeps what else is known of a document in one object; some documents have less of it than others."""
    beir(tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "corpus.jsonl").read_text("utf-8").splitlines()]
    for number, row in enumerate(rows[:5]):
        row["metadata"] = {"topic": "ab"[number % 2], "year": 2000 + number, "tags": ["x"]}
    lines(tmp_path / "corpus.jsonl", rows)
    attributes = '"metadata.topic", "metadata.year", "metadata.tags"'
    assert f"# group_by = [{attributes}]" in init_review(tmp_path).read_text("utf-8")
    keys = 'items = "corpus.jsonl"\nid = "_id"\ntext = "text"\nqueries = "queries.jsonl"\nqrels = "qrels/test.tsv"\n'
    examples = read(tmp_path, f"{keys}group_by = [{attributes}]\n")
    table = examples.payload["retrieval_attribute"].to_pylist()
    assert {(row["attribute"], row["kind"]) for row in table} == {
        ("metadata.topic", "categorical"),
        ("metadata.year", "numeric"),
        ("metadata.tags", "multi-valued"),
    }
    assert [row["labels"] for row in table if row["attribute"] == "metadata.topic"] == [
        *([["a"], ["b"]] * 2),
        ["a"],
    ]
    with pytest.raises(AssayError, match=r"no item has a value of 'metadata\.topik'"):
        read(tmp_path, f'{keys}group_by = ["metadata.topik"]\n')


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ('queries = "queries.jsonl"', "queries need qrels"),
        ('qrels = "qrels/test.tsv"', "qrels say what is relevant to queries, and none are given"),
        (
            'queries = "queries.jsonl"\nprobes = "queries.jsonl"\nqrels = "qrels/test.tsv"',
            "two names for the same",
        ),
    ],
)
def test_keys_that_belong_together(keys: str, what: str, tmp_path: Path) -> None:
    beir(tmp_path)
    with pytest.raises(AssayError, match=what):
        read(tmp_path, f'items = "corpus.jsonl"\nid = "_id"\n{keys}\n')


def test_columns_of_probes_and_pairs_may_have_any_name(tmp_path: Path) -> None:
    beir(tmp_path)
    lines(
        tmp_path / "p.jsonl",
        [{"qid": "a", "ask": {"en": "which one"}, "gold_docs": ["d1", "d2"], "device": "web"}],
    )
    lines(tmp_path / "n.jsonl", [{"anchor": "which one", "pos": "d1", "neg": {"id": "d3"}}])
    keys = (
        'items = "corpus.jsonl"\nid = "_id"\nprobes = "p.jsonl"\nprobe_id = "qid"\nrelevant = "gold_docs"\n'
    )
    with pytest.raises(AssayError, match="has no column 'query'"):
        read(tmp_path, keys)
    examples = read(tmp_path, f'{keys}query = "ask.en"\n')
    assert [row.text for row in examples.evaluation_rows()] == ["which one"]
    assert examples.metadata.column_names == ["ref", "device"]
    assert examples.payload["retrieval_relevance"].num_rows == 2
    lines(tmp_path / "p.jsonl", [{"qid": "a", "anchor": "which one", "gold_docs": "d1"}])
    pairs = 'hard_negatives = "n.jsonl"\nquery = "anchor"\npositive = "pos"\n'
    with pytest.raises(AssayError, match="has no column 'negative'"):
        read(tmp_path, keys + pairs)
    examples = read(tmp_path, f'{keys}{pairs}negative = "neg.id"\n')
    (row,) = examples.payload["retrieval_hard_negative"].to_pylist()
    assert (row["positive_ref"][-2:], row["negative_ref"][-2:]) == ("d1", "d3")


@pytest.mark.parametrize("value", ["[1, 2]", '["d1"]', "[]", ["d1"], True, {"id": "d1"}])
def test_a_pair_names_one_item_on_each_side(value: object, tmp_path: Path) -> None:
    beir(tmp_path)
    lines(tmp_path / "n.jsonl", [{"query": "which one", "positive": "d2", "negative": value}])
    with pytest.raises(AssayError, match=r"column 'negative': (must be ids|there is no item|is missing)"):
        read(tmp_path, 'items = "corpus.jsonl"\nid = "_id"\nhard_negatives = "n.jsonl"\n')


@pytest.mark.parametrize("form", ["beir", "csv", "parquet"])
def test_init_knows_the_layout(form: str, tmp_path: Path, tiny_encoder: Path) -> None:
    import shutil

    qrels = beir(tmp_path, form)
    for name in ("prod", "tuned"):
        shutil.copytree(tiny_encoder, tmp_path / name)
    path = init_review(tmp_path)
    found = tomllib.loads(path.read_text("utf-8"))["retrieval"]
    assert {key: found[key] for key in ("base", "candidate", "items", "id", "text", "queries", "qrels")} == {
        "base": "prod",
        "candidate": "tuned",
        "items": "corpus.jsonl",
        "id": "_id",
        "text": "text",
        "queries": "queries.jsonl",
        "qrels": f"qrels/{qrels.name}",
    }
    assert any("2 examples; 6 items" in note for note in check_review(path).notes)
