"""Measures of ranked lists against scikit-learn, published values, brute force and their own laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

from analysis.tracks.retrieval.ranking import overlap, rank_biased_overlap, relevance, shared


def rows(*texts: str) -> NDArray[np.int32]:
    """One list per text, one entry per letter."""
    return np.array([[ord(letter) for letter in text] for text in texts], np.int32)


def extrapolated(first: list[int], second: list[int], p: float) -> float:
    """Webber et al. (2010), equation 30, as it is printed."""
    k = len(first)
    shares = [len(set(first[:d]) & set(second[:d])) / d for d in range(1, k + 1)]
    return shares[-1] * p**k + (1 - p) / p * sum(share * p**d for d, share in enumerate(shares, start=1))


def test_overlap_at_each_depth_is_that_of_the_example_in_the_paper() -> None:
    """Webber et al. (2010), table of the lists <a b c d e f g> and <z c a v w x y>."""
    base, candidate = rows("abcdefg"), rows("zcavwxy")
    found = [overlap(base[:, :d], candidate[:, :d])[0] for d in range(1, 8)]
    assert found == pytest.approx([0, 0, 2 / 3, 1 / 2, 2 / 5, 1 / 3, 2 / 7])
    average = np.cumsum(found) / np.arange(1, 8)
    assert average.round(3).tolist() == [0, 0, 0.222, 0.292, 0.313, 0.317, 0.312]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("abcdefg", "abcdefg", 1.0), ("abcdefg", "bacdefg", 0.9), ("abcd", "wxyz", 0.0)],
)
def test_rank_biased_overlap_of_published_examples(first: str, second: str, expected: float) -> None:
    assert rank_biased_overlap(rows(first), rows(second))[0] == pytest.approx(expected)


@given(st.permutations(range(14)), st.permutations(range(14)), st.integers(1, 14), st.floats(0.1, 0.98))
def test_rank_biased_overlap_follows_its_equation(
    first: list[int], second: list[int], k: int, p: float
) -> None:
    base, candidate = np.array([first[:k]], np.int32), np.array([second[:k]], np.int32)
    value = rank_biased_overlap(base, candidate, p)[0]
    assert value == pytest.approx(extrapolated(first[:k], second[:k], p))
    assert value == pytest.approx(rank_biased_overlap(candidate, base, p)[0])
    assert 0 <= value <= 1


@given(st.permutations(range(12)), st.integers(0, 10))
def test_an_exchange_further_down_matters_less(ranked: list[int], place: int) -> None:
    def swapped(at: int) -> NDArray[np.int32]:
        other = list(ranked)
        other[at], other[at + 1] = other[at + 1], other[at]
        return np.array([other], np.int32)

    base = np.array([ranked], np.int32)
    here = rank_biased_overlap(base, swapped(place))[0]
    assert here < 1
    if place:
        assert here > rank_biased_overlap(base, swapped(place - 1))[0]


def test_what_is_kept_gained_and_lost() -> None:
    in_candidate, in_base = shared(rows("abcd", "abcd"), rows("dxby", "abcd"))
    assert in_candidate.tolist() == [[False, True, False, True], [True] * 4]
    assert in_base.tolist() == [[True, False, True, False], [True] * 4]


def test_empty_lists_say_nothing() -> None:
    nothing = np.empty((3, 0), np.int32)
    assert np.isnan(overlap(nothing, nothing)).all()
    assert np.isnan(rank_biased_overlap(nothing, nothing)).all()


@pytest.mark.parametrize("k", [1, 5, 10, 40])
def test_ndcg_is_that_of_scikit_learn(k: int) -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(30, 40))
    truth = rng.random((30, 40)) < 0.2
    truth[:, 0] = True
    ranking = np.argsort(-scores, axis=1).astype(np.int32)
    found = relevance(ranking, [np.flatnonzero(row) for row in truth], np.arange(40), k)
    assert found.ndcg.mean() == pytest.approx(ndcg_score(truth, scores, k=k))
    inside = [truth[row][ranking[row, :k]].sum() / truth[row].sum() for row in range(30)]
    assert found.recall == pytest.approx(inside)


def test_reciprocal_rank_is_average_precision_where_one_item_is_relevant() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(50, 20))
    only = rng.integers(0, 20, 50)
    truth = np.arange(20) == only[:, None]
    ranking = np.argsort(-scores, axis=1).astype(np.int32)
    found = relevance(ranking, [np.array([item]) for item in only], np.arange(20), 10)
    assert found.reciprocal_rank.mean() == pytest.approx(label_ranking_average_precision_score(truth, scores))


def test_duplicates_of_a_relevant_item_count_once() -> None:
    """Items 0 and 1 are one title, 2 and 3 another: both are relevant, by their second item each."""
    titles = np.array([0, 0, 2, 2, 4, 5])
    found = relevance(np.array([[1, 0, 4, 2, 3]], np.int32), [np.array([1, 3])], titles, 3)
    assert found.recall[0] == 0.5
    assert found.reciprocal_rank[0] == 1
    assert found.ndcg[0] == pytest.approx(1 / (1 + 1 / math.log2(3)))
    deeper = relevance(np.array([[1, 0, 4, 2, 3]], np.int32), [np.array([1, 3])], titles, 4)
    assert deeper.recall[0] == 1
    assert deeper.ndcg[0] == pytest.approx((1 + 1 / math.log2(5)) / (1 + 1 / math.log2(3)))


def test_a_list_without_a_relevant_item_and_a_probe_without_relevance() -> None:
    ranking = np.array([[1, 2], [1, 2]], np.int32)
    found = relevance(ranking, [np.array([0]), np.empty(0, np.int64)], np.arange(3), 2)
    assert (found.recall[0], found.reciprocal_rank[0], found.ndcg[0]) == (0, 0, 0)
    assert np.isnan([found.recall[1], found.reciprocal_rank[1], found.ndcg[1]]).all()
