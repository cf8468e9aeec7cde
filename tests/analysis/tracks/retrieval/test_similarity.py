"""Similarity of attribute values and its exact expectations, against double loops and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import jaccard_score

from analysis.tracks.retrieval.similarity import LEVELS, values_of
from tests.analysis.tracks.retrieval.made_space import categorical, mixed, multi_valued, numeric

KINDS = ["theme", "tags", "publisher", "popularity"]


@pytest.mark.parametrize("name", KINDS)
def test_sums_equal_double_loops(name: str) -> None:
    attribute = next(one for one in mixed(1).attributes if one.name == name)
    rows, values = values_of(attribute)
    assert rows.tolist() == np.flatnonzero(attribute.present()).tolist()
    m = values.n
    left, right = np.divmod(np.arange(m * m), m)
    matrix = values.similar(left, right).reshape(m, m)
    assert np.diagonal(matrix) == pytest.approx(1)
    assert matrix == pytest.approx(matrix.T)
    assert values.to_all() == pytest.approx(matrix.sum(axis=1))
    assert values.chance() == pytest.approx((matrix.sum(axis=1) - 1) / (m - 1))
    strata = np.arange(m) % 7
    sums = [[matrix[np.ix_(strata == g, strata == h)].sum() for h in range(7)] for g in range(7)]
    assert values.between(strata, 7) == pytest.approx(np.array(sums))
    assert values.within(strata, 7) == pytest.approx(np.diagonal(sums))


def test_chance_equals_simulation() -> None:
    rng = np.random.default_rng(0)
    for attribute in mixed(2).attributes:
        _, values = values_of(attribute)
        drawn = rng.integers(1, values.n, 400_000)
        owner = rng.integers(0, values.n, 400_000)
        other = (owner + drawn) % values.n
        assert values.similar(owner, other).mean() == pytest.approx(values.chance().mean(), abs=0.004)


def test_label_sets_are_jaccard_and_single_labels_are_categories() -> None:
    sets = [["a", "b"], ["b"], ["c", "a", "b"], ["d"]]
    _, values = values_of(multi_valued("tags", sets))
    binary = np.array([[label in one for label in "abcd"] for one in sets])
    expected = [[jaccard_score(one, other) for other in binary] for one in binary]
    left, right = np.divmod(np.arange(16), 4)
    assert values.similar(left, right).reshape(4, 4) == pytest.approx(np.array(expected))
    single = ["a", "b", "a", "c"]
    _, several = values_of(multi_valued("one", [[label] for label in single]))
    _, one = values_of(categorical("one", single))
    assert several.similar(left, right).tolist() == one.similar(left, right).tolist()
    assert several.chance().tolist() == one.chance().tolist()


def test_more_labels_than_fit_in_a_word() -> None:
    sets = [[f"l{label:03d}" for label in range(start, start + 3)] for start in range(0, 200, 2)]
    _, values = values_of(multi_valued("tags", sets))
    assert values.similar(np.array([0, 0, 0]), np.array([0, 1, 50])).tolist() == [1, 1 / 5, 0]


def test_numbers_count_by_rank() -> None:
    n = 900
    _, values = values_of(numeric("x", np.random.default_rng(3).permutation(n).astype(float).tolist()))
    assert values.chance().mean() == pytest.approx(2 / 3, abs=2 / n)
    _, ties = values_of(numeric("x", [5, 5, 1e9, -3]))
    assert ties.similar(np.array([0, 2]), np.array([1, 3])).tolist() == [1, 0]
    _, many = values_of(numeric("x", np.arange(50_000.0).tolist()))
    assert many.similar(np.array([0]), np.array([25_000]))[0] == pytest.approx(0.5, abs=1 / LEVELS)


def test_nothing_or_one_item_has_no_chance() -> None:
    _, none = values_of(categorical("theme", [None, None]))
    assert none.n == 0
    assert none.chance().tolist() == []
    _, one = values_of(categorical("theme", ["a", None]))
    assert np.isnan(one.chance()).all()
