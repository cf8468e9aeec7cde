"""The whole track over tiny encoders: what is encoded, and the neighbour lists that follow."""

from __future__ import annotations

import pickle
from pathlib import Path

import duckdb
import numpy as np

from analysis.plugin.registry import get
from analysis.plugin.stage import PlanContext
from analysis.run.check import check_review
from analysis.run.pipeline import analyze
from analysis.tracks.retrieval.encode import ENCODE
from analysis.tracks.retrieval.vectors import load_space, load_vectors
from tests.analysis.tracks.retrieval.tiny import random_vectors, write_review, write_vectors


def evidence(review: Path) -> duckdb.DuckDBPyConnection:
    """The evidence of the run of a review file."""
    published = analyze(review)
    return duckdb.connect(published.store / "runs" / published.run / "evidence.duckdb", read_only=True)


def test_everything_with_a_text_of_its_own_is_encoded(tiny_retrieval_review: Path) -> None:
    with evidence(tiny_retrieval_review) as run:
        counts = dict(
            run.execute(
                "SELECT kind, count(*) FROM retrieval_vector JOIN example USING (ref) "
                "WHERE kind <> 'variant' GROUP BY kind"
            ).fetchall()
        )
        lists = run.execute(
            "SELECT kind, side, count(*), min(len(neighbours)), max(len(scores)) FROM retrieval_side "
            "JOIN example USING (ref) GROUP BY kind, side ORDER BY ALL"
        ).fetchall()
        members = run.execute(
            "SELECT m.slice FROM membership m WHERE m.ref = 'retrieval/pair:p0001' ORDER BY ALL"
        ).fetchall()
        duplicate = run.execute(
            "SELECT * EXCLUDE (ref_key) FROM retrieval_item WHERE duplicate_of IS NOT NULL"
        ).fetchall()
        space = load_space(run)
    assert counts == {"item": 40, "query": 12, "pair": 2}
    assert lists == [
        ("item", "base", 40, 5, 5),
        ("item", "candidate", 40, 5, 5),
        ("pair", "base", 10, 40, 40),
        ("pair", "candidate", 10, 40, 40),
        ("query", "base", 12, 40, 40),
        ("query", "candidate", 12, 40, 40),
    ]
    assert ("asks for crime",) in members
    assert ("hard negatives",) in members
    assert ("all",) not in members
    assert duplicate == [("retrieval/item:i38", "Title 38!!!", "retrieval/item:i37")]
    assert len(space.refs) == 40
    assert len(space.queries) == 14
    assert [one.kind for one in space.attributes] == [
        "categorical",
        "multi-valued",
        "numeric",
        "categorical",
        "numeric",
    ]
    for side in ("base", "candidate"):
        similar = space.vectors[side] @ space.vectors[side].T
        np.fill_diagonal(similar, -2)
        best = np.sort(similar, axis=1)[:, ::-1][:, :5]
        found = np.take_along_axis(similar, space.neighbours[side], axis=1)
        assert np.allclose(found, best, atol=1e-5)
        twins = [space.refs.index(f"retrieval/item:i{number}") for number in (37, 38)]
        assert space.neighbours[side][twins[0]][0] == twins[1]
        assert space.ranking[side].shape == (14, 40)


def test_attributes_read_back_as_they_were_given(tiny_retrieval_review: Path) -> None:
    with evidence(tiny_retrieval_review) as run:
        space = load_space(run)
    theme, tones, popularity, publisher, length = space.attributes
    row = space.refs.index("retrieval/item:i6")
    assert theme.labels[theme.codes[theme.starts[row]]] == "space"
    assert [tones.labels[code] for code in tones.codes[tones.starts[row] : tones.starts[row + 1]]] == [
        "dark",
        "warm",
    ]
    assert popularity.numbers[row] == 9.0
    assert publisher.labels == ("Kite", "Lantern", "Moss")
    assert length.numbers[row] == len("Title 6!!!!!!")
    assert not tones.present()[space.refs.index("retrieval/item:i39")]
    assert int(tones.present().sum()) == 39
    assert (theme.wanted, publisher.wanted) == (True, False)


def test_stored_vectors_of_two_widths_are_compared_within_their_side(tmp_path: Path) -> None:
    base, candidate = random_vectors(8), random_vectors(5, seed=1)
    write_vectors(tmp_path / "base.parquet", base)
    write_vectors(tmp_path / "candidate.parquet", candidate)
    review = write_review(tmp_path, base="base.parquet", candidate="candidate.parquet")
    with evidence(review) as run:
        refs, vectors = load_vectors(run, ("item",))
        variants = run.execute("SELECT count(*) FROM example WHERE kind = 'variant'").fetchone()
        name = refs[7].partition(":")[2]
    assert np.array_equal(vectors["base"][7], base[name])
    assert np.array_equal(vectors["candidate"][7], candidate[name])
    assert variants == (0,)


def test_items_are_the_evaluation_rows_where_there_are_no_probes(tmp_path: Path) -> None:
    write_vectors(tmp_path / "both.parquet", random_vectors())
    review = write_review(
        tmp_path,
        base="both.parquet",
        candidate="both.parquet",
        probes=None,
        hard_negatives=None,
        critical_slices=[],
    )
    with evidence(review) as run:
        rows = run.execute(
            "SELECT count(*) FROM membership JOIN example USING (ref) WHERE slice = 'all' AND kind = 'item'"
        ).fetchone()
        slices = run.execute("SELECT slice FROM slice WHERE slice = 'theme=crime'").fetchall()
    assert rows == (40,)
    assert slices == [("theme=crime",)]


def test_a_run_again_takes_its_vectors_from_the_cache(tiny_retrieval_review: Path) -> None:
    first = analyze(tiny_retrieval_review)
    text = tiny_retrieval_review.read_text("utf-8").replace("k = 5", "k = 6")
    tiny_retrieval_review.write_text(text, "utf-8")
    seen = []
    again = analyze(tiny_retrieval_review, on_progress=seen.append)
    assert again.run != first.run
    encoded = [event for event in seen if event.stage == "retrieval.encode"]
    assert encoded[-1].cached == encoded[-1].total > 40


def test_a_shard_runs_anywhere(tiny_retrieval_review: Path) -> None:
    """What goes to another process gives the same vectors there, from settings and models alone."""
    review = check_review(tiny_retrieval_review, trial=False).review
    track, settings = get("retrieval"), review.tracks["retrieval"]
    with evidence(tiny_retrieval_review) as run:
        models = track.pair(track.model_paths(settings), "cpu")
        context = PlanContext("retrieval", settings, 0, models, review, run)
        shards = ENCODE.plan(context)
        sent = pickle.loads(pickle.dumps([(context.for_run(), shard) for shard in shards]))
        for shard, (there, copy) in zip(shards, sent, strict=True):
            here = ENCODE.run(context.for_run(), shard)["retrieval_vector"]
            assert ENCODE.run(there, copy)["retrieval_vector"].equals(here)
