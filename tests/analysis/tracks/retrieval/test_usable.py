"""Stored vectors that have no cosine with anything: said by `check`, left out when asked, and counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from analysis.base.errors import AssayError
from analysis.plugin.stage import StageProgress
from analysis.run.check import check_review
from analysis.run.foreseen import foresee
from analysis.run.pipeline import analyze
from analysis.store.run import attach, read_description
from tests.analysis.tracks.retrieval.tiny import random_vectors, write_encoder, write_review, write_vectors

BAD = {"zero": np.zeros(8), "not a number": np.full(8, np.nan), "infinite": np.full(8, np.inf)}


def review(root: Path, bad: dict[str, Any], side: str = "candidate") -> Path:
    for one in ("base", "candidate"):
        vectors = random_vectors(seed=one == "candidate")
        write_vectors(root / f"{one}.parquet", vectors | (bad if one == side else {}))
    return write_review(root, base="base.parquet", candidate="candidate.parquet")


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize(
    ("name", "said"), [("i3", "item 'i3'"), ("q4", "query 'q4'"), ("p0009", "pair 'p0009'")]
)
def test_check_says_which_vector_cannot_be_used(tmp_path: Path, kind: str, name: str, said: str) -> None:
    path = review(tmp_path, {name: BAD[kind]})
    with pytest.raises(AssayError) as caught:
        check_review(path)
    why = "has no direction" if kind == "zero" else "holds what is not a finite number"
    assert f"the candidate's vector of {said} {why}" in caught.value.message
    assert caught.value.where == str(tmp_path / "candidate.parquet")
    assert "--skip-bad-rows" in (caught.value.hint or "")


def test_a_run_goes_on_without_them_and_counts_them(tmp_path: Path) -> None:
    path = review(tmp_path, {"i3": BAD["zero"], "q4": BAD["infinite"], "i37": BAD["zero"]})
    assert any("3 bad rows skipped" in note for note in check_review(path, skip_bad_rows=True).notes)
    published = analyze(path, skip_bad_rows=True)
    assert published.skipped == 3
    skipped = read_description(published.store, published.run)["skipped_rows"]["retrieval"]
    assert "the candidate's vector of item 'i3' has no direction" in "\n".join(skipped)
    connection = duckdb.connect()
    attach(connection, published.store, published.run)
    gone = ("retrieval/item:i3", "retrieval/item:i37", "retrieval/query:q4")
    for table, column in (
        ("example", "ref"),
        ("retrieval_item", "ref"),
        ("retrieval_item", "duplicate_of"),
        ("retrieval_attribute", "ref"),
        ("retrieval_relevance", "ref"),
        ("retrieval_relevance", "item_ref"),
        ("retrieval_hard_negative", "positive_ref"),
        ("retrieval_hard_negative", "negative_ref"),
        ("retrieval_vector", "ref"),
        ("metadata_retrieval", "ref"),
    ):
        found = connection.execute(
            f"SELECT count(*) FROM evidence.{table} WHERE {column} IN (SELECT unnest($gone))",
            {"gone": list(gone)},
        ).fetchone()
        assert found == (0,), (table, column)
    kept = connection.execute("SELECT count(*) FROM evidence.example WHERE kind = 'item'").fetchone()
    assert kept == (38,)


def test_skipping_everything_is_no_way_out(tmp_path: Path) -> None:
    path = review(tmp_path, {name: BAD["zero"] for name in random_vectors() if name.startswith("q")})
    with pytest.raises(AssayError, match="query 'q0' has no direction"):
        check_review(path, skip_bad_rows=True)


@pytest.mark.parametrize("norm", [1e25, 1e-25])
def test_any_length_that_is_a_number_can_be_used(tmp_path: Path, norm: float) -> None:
    path = review(tmp_path, {"i3": random_vectors()["i3"] * norm})
    check_review(path)
    assert analyze(path).created


def test_vectors_that_nothing_asks_for_may_be_anything(tmp_path: Path) -> None:
    check_review(review(tmp_path, {"spare": BAD["zero"]}))


def test_a_file_whose_vectors_have_two_lengths_is_refused_by_check(tmp_path: Path) -> None:
    path = review(tmp_path, {"i3": np.ones(7)}, side="base")
    with pytest.raises(AssayError, match="the id 'i3' has 7 numbers, and the first vector 8"):
        check_review(path)


@pytest.fixture
def encoders(tmp_path: Path) -> Path:
    for seed, side in enumerate(("base", "candidate")):
        write_encoder(tmp_path / side, seed=seed)
    return write_review(tmp_path)


def test_check_encodes_with_both_models_and_says_how_long_all_takes(encoders: Path) -> None:
    notes = "\n".join(check_review(encoders).notes)
    assert (
        "time      less than a minute to encode 62 texts and edited items, less than a minute for grafts "
        "(base and candidate, on cpu)" in notes
    )


def test_what_is_encoded_is_expected_with_its_edits_and_grafts(encoders: Path) -> None:
    work = foresee(encoders)
    (one,) = work.prepared
    expected = one.track.expected(one.models, one.examples, one.settings, work.review)
    assert expected is not None
    assert set(expected) == {"retrieval.encode", "retrieval.change"}
    once = sum(len(row.text) for row in one.examples.rows)
    assert once < expected["retrieval.encode"].cost < 5 * once
    told: list[StageProgress] = []
    analyze(encoders, on_progress=told.append)
    known = [event.run_eta_s for event in told if event.run_eta_s is not None]
    assert len(known) == len(told)
    assert known[0] > known[-1] == 0.0


def test_a_model_that_fails_on_a_long_text_is_a_mistake(encoders: Path) -> None:
    from safetensors.torch import load_file, save_file

    candidate = encoders.parent / "candidate"
    weights = load_file(candidate / "model.safetensors")
    name = next(name for name in weights if name.endswith("position_embeddings.weight"))
    save_file(weights | {name: weights[name][:6].clone()}, candidate / "model.safetensors", {"format": "pt"})
    with pytest.raises(AssayError, match="weights are missing or of another shape"):
        check_review(encoders)
    config = json.loads((candidate / "config.json").read_text("utf-8"))
    config["max_position_embeddings"] = 6
    (candidate / "config.json").write_text(json.dumps(config), "utf-8")
    notes = "\n".join(check_review(encoders).notes)
    assert "6 tokens at most" in notes
    assert analyze(encoders).created
