"""Likeness of states against values that are computed in another way."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.stats.representations import (
    cosines,
    debiased_cka,
    neighbour_overlap,
    products,
    unbiased_hsic,
)

Array = NDArray[np.float64]


def states(n: int, width: int, seed: int) -> Array:
    return np.random.default_rng(seed).normal(size=(n, width)) + 3.0


def by_definition(first: Array, second: Array) -> float:
    """The U-statistic over all ordered quadruples of different texts, of which the estimate is a shortcut."""
    k, m = first @ first.T, second @ second.T
    terms = [k[i, j] * (m[i, j] + m[q, r] - 2 * m[i, q]) for i, j, q, r in permutations(range(len(first)), 4)]
    return float(np.mean(terms))


def from_sums(first: Array, second: Array) -> float:
    """The same from sums over texts in the space of the dimensions, without any table of texts by texts."""
    n = len(first)
    a, b = (first**2).sum(axis=1), (second**2).sum(axis=1)
    first_sum, second_sum = first.sum(axis=0), second.sum(axis=0)
    trace = ((first.T @ second) ** 2).sum() - a @ b
    ones = (first_sum @ first_sum - a.sum()) * (second_sum @ second_sum - b.sum())
    crossed = ((first @ first_sum - a) * (second @ second_sum - b)).sum()
    return float((trace + ones / ((n - 1) * (n - 2)) - 2 * crossed / (n - 2)) / (n * (n - 3)))


@pytest.mark.parametrize("seed", range(3))
def test_the_estimate_is_the_u_statistic(seed: int) -> None:
    first, second = states(7, 4, seed), states(7, 3, seed + 10)
    expected = by_definition(first, second)
    assert unbiased_hsic(products(first), products(second)) == pytest.approx(expected, rel=1e-9)
    assert from_sums(first, second) == pytest.approx(expected, rel=1e-9)


def test_alignment_is_the_ratio_of_the_sums_over_texts() -> None:
    first = states(60, 24, 1)
    second = first @ np.random.default_rng(2).normal(size=(24, 9)) + 0.5 * states(60, 9, 3)
    expected = from_sums(first, second) / np.sqrt(from_sums(first, first) * from_sums(second, second))
    one = debiased_cka(first, second)
    assert one.value == pytest.approx(expected, rel=1e-9)
    assert one.low < one.value < one.high
    assert one.n == 60


def test_the_interval_is_the_jackknife_done_part_by_part() -> None:
    from scipy.stats import t

    first = states(50, 12, 4)
    second = first + 0.7 * states(50, 12, 5)
    part = np.arange(50) % 10
    without = []
    for number in range(10):
        left, right = first[part != number], second[part != number]
        without.append(from_sums(left, right) / np.sqrt(from_sums(left, left) * from_sums(right, right)))
    error = np.sqrt(0.9 * ((np.array(without) - np.mean(without)) ** 2).sum())
    one = debiased_cka(first, second)
    assert one.low == pytest.approx(one.value - t.ppf(0.975, 9) * error, rel=1e-6)


def test_a_rotation_a_shift_and_a_scale_change_nothing() -> None:
    first = states(40, 16, 6)
    rotation = np.linalg.qr(np.random.default_rng(7).normal(size=(16, 16)))[0]
    one = debiased_cka(first, 2.5 * first @ rotation + 11)
    assert one.value == pytest.approx(1, abs=1e-9)
    assert np.isfinite(neighbour_overlap(first, 2.5 * first @ rotation, 5)).all()
    np.testing.assert_allclose(neighbour_overlap(first, 2.5 * first @ rotation, 5), 1)


def test_wide_independent_states_are_not_alike() -> None:
    """The usual estimate says .9 of these."""
    values = [debiased_cka(states(30, 300, seed), states(30, 300, 100 + seed)).value for seed in range(40)]
    assert abs(np.mean(values)) < 0.05
    centred = [one - one.mean(axis=0) for one in (states(30, 300, 0), states(30, 300, 100))]
    k, m = (one @ one.T for one in centred)
    assert (k * m).sum() / np.sqrt((k * k).sum() * (m * m).sum()) > 0.85


def test_states_without_variation_have_no_alignment() -> None:
    flat = np.ones((30, 8))
    assert np.isnan(debiased_cka(flat, states(30, 8, 1)).value)
    assert np.isnan(debiased_cka(flat, flat).value)
    assert np.isnan(debiased_cka(np.zeros((30, 8)), states(30, 8, 1)).value)


def test_few_texts_have_a_value_and_no_bounds() -> None:
    one = debiased_cka(states(8, 3, 1), states(8, 3, 1))
    assert one.value == pytest.approx(1)
    assert (one.low, one.high) == (-np.inf, np.inf)
    with pytest.raises(ValueError, match="four texts"):
        debiased_cka(states(3, 3, 1), states(3, 3, 1))
    with pytest.raises(ValueError, match="the same texts"):
        debiased_cka(states(5, 3, 1), states(6, 3, 1))


def test_neighbours_are_those_of_a_search_by_hand() -> None:
    first, second = states(25, 6, 8), states(25, 6, 9)
    found = neighbour_overlap(first, second, 5)
    for row in range(25):
        lists = []
        for side in (first, second):
            likeness = [
                -np.inf
                if other == row
                else side[row] @ side[other] / np.linalg.norm(side[row]) / np.linalg.norm(side[other])
                for other in range(25)
            ]
            lists.append(set(np.argsort(likeness)[-5:]))
        assert found[row] == pytest.approx(len(lists[0] & lists[1]) / 5)


def test_cosines_of_vectors_that_are_nothing_or_no_numbers_are_unknown() -> None:
    first = np.array([[1.0, 2.0], [0.0, 0.0], [np.nan, 1.0], [3.0, 4.0], [1e30, 1e30]])
    second = np.array([[1.0, 2.0], [1.0, 1.0], [1.0, 1.0], [-4.0, 3.0], [np.inf, 0.0]])
    found = cosines(first, second)
    assert found[0] == 1
    assert found[3] == pytest.approx(0)
    assert np.isnan(found[[1, 2, 4]]).all()
