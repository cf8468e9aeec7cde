"""Hubness, anisotropy and lengths against SciPy and plain loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import skew, ttest_1samp
from sklearn.metrics.pairwise import cosine_similarity

from analysis.base.records import ALL, SIDES
from analysis.tracks.retrieval.geometry import (
    EACH,
    NAMES,
    cosines_to_others,
    geometry_metrics,
    hubness,
    occurrences,
)
from analysis.tracks.retrieval.vectors import EmbeddingSpace
from tests.analysis.tracks.retrieval.made_space import mixed, unit


def test_hubness_is_the_skewness_of_occurrences() -> None:
    given = mixed(1)
    for side in SIDES:
        counts = occurrences(given.neighbours[side])
        plain = [(given.neighbours[side] == row).sum() for row in range(len(given.refs))]
        assert counts.tolist() == plain
        assert hubness(given.neighbours[side]) == pytest.approx(skew(plain))
    ring = np.array([[(row + 1) % 5] for row in range(5)], np.int32)
    assert hubness(ring) == 0


def test_anisotropy_is_the_mean_cosine_of_all_pairs() -> None:
    vectors = unit(np.random.default_rng(0).normal(size=(50, 6)) + 0.5)
    cosines = cosine_similarity(vectors)
    expected = cosines[~np.eye(50, dtype=bool)].mean()
    assert cosines_to_others(vectors).mean() == pytest.approx(expected, abs=1e-6)


def test_rows_of_metric_for_both_sides_and_their_difference() -> None:
    given = mixed(2)
    rng = np.random.default_rng(3)
    lengths = {"base": rng.uniform(2, 3, 120), "candidate": rng.uniform(4, 5, 120)}
    rows = {(row.name, row.side): row for row in geometry_metrics(replace(given, norms=lengths))}
    assert set(rows) == {(name, side) for name in NAMES for side in EACH}
    norm = rows["norm", "difference"]
    test = ttest_1samp(lengths["candidate"] - lengths["base"], 0).confidence_interval(0.95)
    assert (norm.low, norm.high) == pytest.approx((test.low, test.high))
    for name in NAMES:
        values = [rows[name, side].value for side in EACH]
        assert values[2] == pytest.approx(values[1] - values[0])
    assert all(row.slice == ALL for row in rows.values())
    anisotropy = rows["anisotropy", "base"]
    assert anisotropy.low < anisotropy.value < anisotropy.high


def test_unit_lengths_are_said_and_one_item_is_unknown() -> None:
    given = mixed(2)
    ones = {side: np.ones(120) for side in SIDES}
    rows = {(row.name, row.side): row for row in geometry_metrics(replace(given, norms=ones))}
    assert "as both encoders give it" in rows["norm", "base"].method
    one = EmbeddingSpace(
        ["retrieval/item:a"],
        ["a"],
        {side: np.ones((1, 3), np.float32) for side in SIDES},
        {side: np.empty((1, 0), np.int32) for side in SIDES},
        (),
    )
    single = geometry_metrics(one)
    assert {row.status for row in single} == {"unknown"}
