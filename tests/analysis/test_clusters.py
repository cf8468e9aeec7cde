"""Which examples are not independent of each other: near-duplicates, groups of a column, pairs of one query."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from analysis.base.errors import AssayError
from analysis.base.records import Example
from analysis.data.examples import Examples
from analysis.plugin.clusters import cluster_sentences
from analysis.plugin.registry import get
from analysis.plugin.settings import TrackSettings
from analysis.run import pipeline
from analysis.run.check import check_review
from tests.analysis.tracks.intent.probed import empty_workbench


def group_by(path: Path, column: str) -> Path:
    """The review with a group, and a column `template` of two templates and some rows of none."""
    rows = [json.loads(line) for line in (path.parent / "eval.jsonl").read_text("utf-8").splitlines()]
    for number, row in enumerate(rows):
        row["template"] = f"t{number % 2}" if number < 6 else None
    (path.parent / "eval.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    text = path.read_text("utf-8").replace("[intent]\n", f'[intent]\ngroup = "{column}"\n', 1)
    path.write_text(text, "utf-8")
    return path


def test_a_group_that_is_no_column_is_one_clear_mistake(tiny_review: Path) -> None:
    with pytest.raises(AssayError) as caught:
        check_review(group_by(tiny_review, "templat"), trial=False)
    assert "group names 'templat', and the examples have no such further column" in str(caught.value)
    assert "did you mean 'template'?" in str(caught.value)
    assert f"{tiny_review}:" in str(caught.value)


def test_a_group_may_not_be_the_text_or_the_label(tiny_review: Path) -> None:
    with pytest.raises(AssayError, match="no such further column"):
        check_review(group_by(tiny_review, "text"), trial=False)


def test_groups_and_near_duplicates_are_one_cluster(tiny_review: Path) -> None:
    (one,) = check_review(group_by(tiny_review, "template"), trial=False).prepared
    workbench = empty_workbench()
    pipeline.insert_rows(workbench, "example", one.examples.rows)
    pipeline._insert_clusters(workbench, one)
    clusters = dict(workbench.execute("SELECT ref, cluster FROM cluster").fetchall())
    first = [row.ref for row in one.examples.evaluation_rows()][:6]
    for start in (0, 1):
        assert len({clusters[ref] for ref in first[start::2]}) == 1
    assert workbench.execute("SELECT DISTINCT track FROM cluster").fetchall() == [("intent",)]
    sizes = workbench.execute("SELECT count(*) FROM cluster GROUP BY cluster").fetchall()
    assert min(size for (size,) in sizes) > 1
    outside = {ref for refs in one.examples.memberships.values() for ref in refs}
    assert not outside & set(clusters)


def test_by_default_texts_that_are_nearly_the_same_belong_together() -> None:
    from analysis.plugin.track import Track

    assert dict(Track().clusters(_examples("query"), TrackSettings())) == {"q1": "q1", "q2": "q1"}


def test_hard_negatives_of_one_query_belong_together_and_apart_from_probes() -> None:
    found = get("retrieval").clusters(_examples("query", "pair", "item"), TrackSettings())
    assert dict(found) == {"q1": "q1", "q2": "q1", "p1": "p1", "p2": "p1"}


def _examples(*kinds: str) -> Examples:
    """Three queries, pairs and items each, of which two have nearly the same text; only queries are evaluated."""
    texts = ("manga about a quiet detective", "a manga about quiet detective", "something else altogether")
    rows = [
        Example(f"{kind[0]}{number}", "retrieval", kind, f"{number}", None, text, None, "")
        for kind in kinds
        for number, text in enumerate(texts, start=1)
    ]
    aside = {kind: [row.ref for row in rows if row.kind == kind] for kind in kinds if kind != "query"}
    return Examples(rows, pa.table({"ref": ["q1"]}), [], aside, Path("f"), {}, {})


def test_the_report_says_how_many_share_a_cluster() -> None:
    connection = duckdb.connect(":memory:")
    connection.execute("ATTACH ':memory:' AS evidence")
    connection.execute("CREATE TABLE evidence.membership (slice VARCHAR, track VARCHAR, ref VARCHAR)")
    connection.execute("CREATE TABLE evidence.cluster (track VARCHAR, ref VARCHAR, cluster VARCHAR)")
    assert cluster_sentences(connection, "intent", "messages") == []
    connection.execute(
        "INSERT INTO evidence.membership SELECT 'all', 'intent', unnest(['a', 'b', 'c', 'd', 'e'])"
    )
    (alone,) = cluster_sentences(connection, "intent", "messages")
    assert alone == "none of the 5 messages shares a cluster with another: each counts by itself"
    connection.execute("INSERT INTO evidence.cluster VALUES ('intent', 'a', 'a'), ('intent', 'b', 'a')")
    connection.execute("INSERT INTO evidence.cluster VALUES ('intent', 'c', 'c'), ('intent', 'd', 'c')")
    (shared,) = cluster_sentences(connection, "intent", "messages")
    assert shared.startswith("4 of 5 messages share a cluster with another")
    assert "2 clusters in all" in shared
