"""Grouping, geometry and counterfactuals of a whole run, with models and with stored vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysis.run.pipeline import analyze
from tests.analysis.tracks.retrieval.tiny import random_vectors, write_review, write_vectors

NAMES = ("grouping_lift", "grouping_conditional_lift", "counterfactual_overlap", "counterfactual_toward")


def rows_of(review: Path, *queries: str) -> list[list[tuple[Any, ...]]]:
    made = analyze(review)
    evidence = made.store / "runs" / made.run / "evidence.duckdb"
    with duckdb.connect(str(evidence), read_only=True) as connection:
        return [connection.execute(query).fetchall() for query in queries]


def test_attributes_and_edited_items_are_measured_on_both_sides(tiny_retrieval_review: Path) -> None:
    metrics, edited = rows_of(
        tiny_retrieval_review,
        "SELECT name, slice, side, value, status, why FROM metric WHERE track = 'retrieval'",
        """
        SELECT v.kind, v.parent_ref, c.item_ref, v.text, i.text, c.attribute, c.old, c."new", c.base_overlap,
               c.candidate_overlap, c.base_toward
        FROM retrieval_counterfactual c JOIN example v USING (ref) JOIN example i ON i.ref = c.item_ref
        """,
    )
    at = {(name, slice_, side): (value, status, why) for name, slice_, side, value, status, why in metrics}
    for name in ("grouping_lift", "grouping_conditional_lift"):
        for attribute in ("theme", "tones", "popularity", "publisher", "title_length"):
            for side in ("base", "candidate", "difference"):
                assert (name, attribute, side) in at
    for name in ("hubness", "anisotropy", "norm", "grouping_wanted_lift"):
        assert at[name, "all", "difference"][1] == "ok"
    assert at["norm", "all", "base"][0] == pytest.approx(1, abs=1e-3)
    assert at["counterfactual_overlap", "publisher", "difference"][1] == "ok"
    assert "a number" in at["counterfactual_overlap", "popularity", "base"][2]
    assert "no item has its title in its text" in at["counterfactual_toward", "title_length", "candidate"][2]
    assert len(edited) == 40
    for kind, parent, item, text, plain, attribute, old, new, base, candidate, toward in edited:
        assert (kind, parent, attribute) == ("variant", item, "publisher")
        assert text == plain.replace(old.lower(), new.lower())
        assert text != plain
        assert 0 <= base <= 1
        assert 0 <= candidate <= 1
        assert -1 <= toward <= 1


def test_stored_vectors_say_no_model_and_equal_ones_do_not_differ(tmp_path: Path) -> None:
    write_vectors(tmp_path / "both.parquet", random_vectors())
    review = write_review(tmp_path, base="both.parquet", candidate="both.parquet")
    (found,) = rows_of(
        review, "SELECT name, side, value, low, high, why FROM metric WHERE track = 'retrieval'"
    )
    for name, side, value, low, high, why in found:
        if name.startswith("counterfactual_"):
            assert (value, low, high) == (None, None, None)
            assert why.startswith("no model")
        elif name in NAMES and side == "difference" and value is not None:
            assert (value, low, high) == pytest.approx((0, 0, 0), abs=1e-9)
    assert any(name in NAMES and value is not None for name, _, value, *_ in found)
