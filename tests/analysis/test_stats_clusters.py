"""Clustered counts: today's numbers without clusters, level and coverage with them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.stats import (
    ClusterCounts,
    ShareCounts,
    clopper_pearson,
    cluster_counts,
    clustered_interval,
    clustered_share,
    design_effect,
    effective_n,
    mcnemar_one_sided,
    share_effect,
    tango_interval,
)

REVIEWS = 4_000
EXAMPLES = 1_200


def test_nets_are_summed_up() -> None:
    assert cluster_counts([3, -1, 0, 2, 0, -4]) == ClusterCounts(2, 2, 9 + 1 + 4 + 16)
    assert cluster_counts([]) == ClusterCounts(0, 0, 0)


@pytest.mark.parametrize(
    ("broken", "fixed", "n"), [(12, 2, 50), (0, 0, 20), (7, 7, 14), (10, 0, 10), (0, 0, 0)]
)
def test_without_clusters_nothing_changes(broken: int, fixed: int, n: int) -> None:
    counts = cluster_counts([1] * broken + [-1] * fixed + [0] * (n - broken - fixed))
    assert (counts.worse, counts.better, counts.squares) == (broken, fixed, broken + fixed)
    assert design_effect(broken, fixed, counts.squares) == 1
    assert effective_n(broken, fixed, n, counts.squares) == n
    assert clustered_interval(broken, fixed, n, counts.squares) == tango_interval(broken, fixed, n)


def test_examples_that_flip_together_count_once() -> None:
    """Groups of four that flip whole are as good as a quarter of the examples."""
    assert design_effect(12, 4, 3 * 16 + 16) == 4
    assert effective_n(12, 4, 203, 4 * 16) == 50
    assert clustered_interval(12, 4, 200, 4 * 16) == pytest.approx(tango_interval(3, 1, 50))


def test_what_cancels_within_clusters_narrows_nothing() -> None:
    assert design_effect(6, 6, 0) == 1
    assert clustered_interval(6, 6, 40, 0) == tango_interval(6, 6, 40)


def test_a_whole_that_is_divided_stays_within_its_bounds() -> None:
    """Effective counts of everything broken add up to a whole that differs in the last bit."""
    for n in range(1, 60):
        for squares in (n, 3 * n + 1, n * n):
            assert clustered_interval(n, 0, n, squares)[0] == -1
            assert clustered_interval(0, n, n, squares)[1] == 1


def test_bad_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        design_effect(1, 1, -1)
    with pytest.raises(ValueError, match="negative"):
        effective_n(0, 0, -1, 0)
    with pytest.raises(ValueError, match="broken"):
        clustered_interval(6, 5, 10, 11)


def _nets(
    size: NDArray[np.int64], worse: float, better: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Nets (REVIEWS, clusters) of clusters that flip whole: worse or better with those probabilities."""
    drawn = rng.random((REVIEWS, len(size)))
    sign = (drawn < worse).astype(np.int64) - ((drawn >= worse) & (drawn < worse + better))
    return sign * size


@pytest.mark.parametrize("size", [4, 8])
def test_the_sign_test_on_clusters_keeps_its_level(size: int) -> None:
    """Candidates no worse, 3 % churn each way: where examples are taken one by one far too many fail."""
    alpha = 0.05 / 3 * 0.1
    nets = _nets(np.full(EXAMPLES // size, size), 0.03, 0.03, np.random.default_rng(size))
    worse, better = (nets > 0).sum(axis=1), (nets < 0).sum(axis=1)
    clustered = np.mean(
        [mcnemar_one_sided(int(b), int(c)) <= alpha for b, c in zip(worse, better, strict=True)]
    )
    single = np.mean(
        [mcnemar_one_sided(int(b) * size, int(c) * size) <= alpha for b, c in zip(worse, better, strict=True)]
    )
    assert clustered <= alpha + 0.001
    assert single > 0.04


@pytest.mark.parametrize("loss", [0.0, 0.03])
@pytest.mark.parametrize("size", [4, 8])
def test_the_clustered_interval_covers(size: int, loss: float) -> None:
    nets = _nets(np.full(EXAMPLES // size, size), 0.03 + loss, 0.03, np.random.default_rng(10 + size))
    assert _coverage(nets, EXAMPLES, -loss) >= 0.935


def test_the_clustered_interval_covers_with_unequal_clusters() -> None:
    """Most examples by themselves, and some clusters of up to 8."""
    size = np.array([1] * 600 + [2] * 100 + [4] * 50 + [8] * 25)
    nets = _nets(size, 0.05, 0.03, np.random.default_rng(3))
    assert _coverage(nets, int(size.sum()), -0.02) >= 0.93


def _coverage(nets: NDArray[np.int64], n: int, truth: float) -> float:
    """Share of 1,000 reviews whose interval at 95 % holds the truth."""
    held = 0
    for row in nets[:1_000]:
        broken, fixed = int(row[row > 0].sum()), -int(row[row < 0].sum())
        low, high = clustered_interval(broken, fixed, n, cluster_counts(row.tolist()).squares)
        held += low <= truth <= high
    return held / 1_000


def _share_counts(right: NDArray[np.int64], size: NDArray[np.int64]) -> ShareCounts:
    return ShareCounts(float((size**2).sum()), float((right**2).sum()), float((right * size).sum()))


@pytest.mark.parametrize(("right", "n"), [(0, 12), (12, 12), (7, 30), (0, 0)])
def test_a_share_without_clusters_has_exact_bounds(right: int, n: int) -> None:
    """Where every example is a cluster, n² and n are the same sum."""
    alone = ShareCounts(n, right, right)
    assert share_effect(right, n, alone) == 1
    assert clustered_share(right, n, alone) == clopper_pearson(right, n)


def test_a_share_of_whole_clusters_is_that_of_the_clusters() -> None:
    """Ten clusters of four, right or wrong as a whole."""
    size, right = np.full(10, 4), np.array([4] * 7 + [0] * 3)
    counts = _share_counts(right, size)
    assert share_effect(28, 40, counts) == pytest.approx(4)
    assert clustered_share(28, 40, counts) == pytest.approx(clopper_pearson(7, 10))
    everything = _share_counts(size, size)
    assert clustered_share(40, 40, everything) == pytest.approx(clopper_pearson(10, 10))
    assert clustered_share(0, 40, _share_counts(0 * size, size)) == pytest.approx(clopper_pearson(0, 10))


def test_a_clustered_share_covers() -> None:
    """Clusters of four that tend to be right together; exact bounds that take them one by one cover too little."""
    rng = np.random.default_rng(5)
    size = np.full(60, 4)
    held = naive = 0
    for _ in range(400):
        right = rng.binomial(4, rng.beta(1.6, 0.4, 60))
        total = int(right.sum())
        low, high = clustered_share(total, 240, _share_counts(right, size))
        held += low <= 0.8 <= high
        low, high = clopper_pearson(total, 240)
        naive += low <= 0.8 <= high
    assert held / 400 >= 0.93
    assert naive / 400 < 0.88
