"""Maps: measures against scikit-learn, alignment, sampling, and what is withheld."""

from __future__ import annotations

import importlib.util

import duckdb
import numpy as np
import pytest
from sklearn.manifold import trustworthiness as reference
from sklearn.neighbors import NearestNeighbors

from analysis.models.sides import Sides
from analysis.plugin.settings import Review, ReviewSection
from analysis.plugin.stage import PlanContext
from analysis.tracks.retrieval.layouts import methods
from analysis.tracks.retrieval.map_limits import shortfalls
from analysis.tracks.retrieval.map_quality import (
    K,
    rank_matrix,
    seed_stability,
    shared_neighbours,
    trustworthiness,
)
from analysis.tracks.retrieval.map_stage import MAPS, map_tables
from analysis.tracks.retrieval.maps import FEWEST, fit_pair, onto, sample_rows
from analysis.tracks.retrieval.vectors import EmbeddingSpace
from tests.analysis.tracks.retrieval.map_fixture import noise, regrouped
from tests.analysis.tracks.retrieval.measured import settings
from tests.analysis.tracks.retrieval.spaces import (
    catalogue,
    rotated,
    space_of,
    unit,
    with_candidate,
    workbench,
)


def metrics_of(space: EmbeddingSpace) -> dict[tuple[str, str], dict[str, object]]:
    rows = map_tables(space, "tsne", seed=0)["metric"].to_pylist()
    return {(row["name"], row["side"]): row for row in rows}


def test_the_measures_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    high, low = rng.normal(size=(90, 12)), rng.normal(size=(90, 2))
    above, below = rank_matrix(high), rank_matrix(low)
    assert trustworthiness(above, below).mean() == pytest.approx(reference(high, low, n_neighbors=K))
    assert trustworthiness(below, above).mean() == pytest.approx(reference(low, high, n_neighbors=K))
    near = [set(row) for row in NearestNeighbors(n_neighbors=K).fit(high).kneighbors(return_distance=False)]
    drawn = [set(row) for row in NearestNeighbors(n_neighbors=K).fit(low).kneighbors(return_distance=False)]
    by_hand = np.mean([len(one & other) / K for one, other in zip(near, drawn, strict=True)])
    assert shared_neighbours(above, below).mean() == pytest.approx(by_hand)


def test_ranks_are_permutations_and_a_copy_is_perfect() -> None:
    ranks = rank_matrix(np.random.default_rng(1).normal(size=(40, 5)))
    assert (np.sort(ranks, axis=1) == np.arange(40)).all()
    assert (np.diag(ranks) == 0).all()
    assert trustworthiness(ranks, ranks).min() == 1
    assert seed_stability([ranks, ranks, ranks]).min() == 1


def test_procrustes_takes_back_a_turn_a_mirror_and_a_shift() -> None:
    points = np.random.default_rng(2).normal(size=(50, 2))
    turn = np.array([[0.6, 0.8], [0.8, -0.6]])
    assert onto(points @ turn + [3.0, -1.0], points) == pytest.approx(points)


def test_base_against_base_and_against_its_rotation_is_the_same_picture() -> None:
    base = catalogue(count=80).vectors["base"]
    same = fit_pair({"base": base, "candidate": base}, seed=0)
    turned = fit_pair({"base": base, "candidate": rotated(base)}, seed=0)
    assert not same.rearranged
    assert not turned.rearranged
    assert same.coordinates["candidate"] == pytest.approx(same.coordinates["base"], abs=1e-4)
    assert turned.coordinates["candidate"] == pytest.approx(turned.coordinates["base"], abs=0.05)
    assert (turned.coordinates["base"] == same.coordinates["base"]).all()


def test_unchanged_items_stay_in_place_and_moved_ones_move() -> None:
    base = catalogue(seed=3, count=150).vectors["base"]
    moved = np.arange(0, 150, 15)
    other = base.copy()
    other[moved] = base[np.roll(moved, 3)]
    pair = fit_pair({"base": base, "candidate": unit(other)}, seed=0)
    step = np.linalg.norm(pair.coordinates["candidate"] - pair.coordinates["base"], axis=1)
    stayed = np.setdiff1d(np.arange(150), moved)
    assert np.median(step[stayed]) < 0.3
    assert np.median(step[moved]) > 3 * np.median(step[stayed])


def test_noise_is_withheld_with_its_reasons_and_has_no_places() -> None:
    tables = map_tables(noise(), "tsne", seed=0)
    assert "retrieval_map" not in tables
    (row,) = tables["retrieval_map_quality"].to_pylist()
    assert not row["drawn"]
    assert "base trustworthiness" in row["why"]
    assert "< .80" in row["why"]
    rows = tables["metric"].to_pylist()
    drawn = next(one for one in rows if one["name"] == "map_drawn")
    assert (drawn["value"], drawn["status"], drawn["why"]) == (0.0, "ok", row["why"])


def test_clusters_are_drawn_with_all_four_measures() -> None:
    space = regrouped()
    tables = map_tables(space, "tsne", seed=0)
    assert tables["retrieval_map"].num_rows == len(space.refs)
    found = {(row["name"], row["side"]): row for row in tables["metric"].to_pylist()}
    assert found["map_drawn", "difference"]["value"] == 1.0
    for side in ("base", "candidate"):
        for name in ("trustworthiness", "continuity", "recall", "stability"):
            row = found[f"map_{name}", side]
            assert 0 < row["low"] < row["value"] < row["high"]
            assert (row["n"], row["method"]) == (len(space.refs), "tsne")


def test_too_few_items_are_unknown_and_not_drawn() -> None:
    few = catalogue(count=FEWEST - 1, queries=0)
    found = metrics_of(space_of(few.vectors["base"], few.vectors["base"], few.attributes))
    assert found["map_drawn", "difference"]["value"] == 0.0
    assert found["map_recall", "base"]["status"] == "unknown"
    assert (
        found["map_recall", "base"]["why"]
        == f"{FEWEST - 1} items are too few for a map, which needs {FEWEST}"
    )


def test_sides_of_different_dimension_and_duplicates_are_laid_out() -> None:
    space = catalogue(count=60)
    base = space.vectors["base"]
    base[1] = base[0]
    pair = fit_pair({"base": base, "candidate": np.ascontiguousarray(unit(base[:, :15]))}, seed=0)
    assert all(np.isfinite(places).all() for places in pair.coordinates.values())
    assert np.linalg.norm(pair.coordinates["base"][0] - pair.coordinates["base"][1]) < 0.1


def test_the_sample_keeps_the_shares_of_the_wanted_groups() -> None:
    space = catalogue(seed=4, count=150)
    rows = sample_rows(space, seed=1, most=60)
    assert len(set(rows)) == 60
    assert (np.diff(rows) > 0).all()
    theme = space.attributes[0].codes
    share = np.bincount(theme) * 60 / 150
    assert np.abs(np.bincount(theme[rows], minlength=len(share)) - share).max() < 2
    assert (sample_rows(space, seed=1, most=60) == rows).all()
    assert (sample_rows(space, seed=1) == np.arange(150)).all()


def test_a_measure_just_under_its_limit_reads_as_less() -> None:
    values = {
        (name, side): 0.9
        for name in ("trustworthiness", "continuity", "recall", "stability")
        for side in ("base", "candidate")
    }
    assert shortfalls(values) == []
    assert shortfalls({**values, ("stability", "candidate"): 0.4499}) == [
        "candidate seed stability .4499 < .45"
    ]
    assert shortfalls({**values, ("recall", "base"): None}) == ["base kNN recall not measured"]


@pytest.mark.skipif(importlib.util.find_spec("umap") is None, reason="needs the extra `maps`")
def test_umap_gives_the_same_picture_of_the_same_vectors() -> None:
    base = catalogue(count=80).vectors["base"]
    pair = fit_pair({"base": base, "candidate": base}, seed=0, method="umap")
    assert pair.coordinates["candidate"] == pytest.approx(pair.coordinates["base"], abs=1e-3)
    assert set(pair.quality) == {
        (name, side)
        for name in ("trustworthiness", "continuity", "recall", "stability")
        for side in ("base", "candidate")
    }


def test_the_stage_reads_what_the_run_knows() -> None:
    space = with_candidate(catalogue(count=60), rotated(catalogue(count=60).vectors["base"]))
    connection: duckdb.DuckDBPyConnection = workbench(space, {}, {}, {})
    review = Review.model_construct(
        review=ReviewSection(name="a", owner="o", base_version="1", candidate_version="2")
    )
    context = PlanContext("retrieval", settings(), 0, Sides({}, "cpu"), review, connection)
    assert MAPS.size(context) == 60 * len(methods())
    assert MAPS.compute(context)["retrieval_map_quality"]["items"].to_pylist() == [60] * len(methods())
