"""Paired counts whose examples are not independent: tests and intervals with the cluster as the unit. Plain Python.

A cluster is a set of examples that tend to change together: paraphrases, rows of one template, hard negatives of one
query. Its *net* is how many of its examples broke less how many were fixed. Where every example is a cluster of its
own, every number here is the one that `analysis.stats.paired` gives.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from analysis.stats.bounds import clopper_pearson
from analysis.stats.numeric import bisect, incomplete_beta, level, require
from analysis.stats.paired import tango_interval


class ClusterCounts(NamedTuple):
    """Clusters that got worse (net above 0), those that got better (below 0), and the sum of the squared nets.

    `mcnemar_one_sided(worse, better)` is the exact sign test on clusters; it is exact under any dependence within
    them, as long as a net is as likely to be +k as -k where the sides are alike.
    """

    worse: int
    better: int
    squares: int


def cluster_counts(nets: Iterable[int]) -> ClusterCounts:
    """Sum up clusters by their nets (broken less fixed), one number a cluster, in any order."""
    worse = better = squares = 0
    for net in nets:
        worse += net > 0
        better += net < 0
        squares += net * net
    return ClusterCounts(worse, better, squares)


def design_effect(broken: float, fixed: float, squares: float) -> float:
    """How many dependent examples tell as much as one independent: sum of net² over (broken + fixed), at least 1.

    The sum of the squared nets is the variance of broken - fixed under clustering where the sides are alike, and
    broken + fixed the one without. Below 1, where clusters cancel within themselves, nothing is gained: the estimate
    would rest on few clusters, and an interval must not be narrower than that of independent examples.

    Raises:
        ValueError: a number is negative.

    Source: Obuchowski (1998), Statistics in Medicine 17:1495; Durkalski et al. (2003), Statistics in Medicine 22:2417.
    """
    require(broken >= 0 and fixed >= 0 and squares >= 0, f"negative: {broken}, {fixed}, {squares}")
    changed = broken + fixed
    return max(1.0, squares / changed) if changed else 1.0


def effective_n(broken: int, fixed: int, n: int, squares: float) -> int:
    """Number of independent examples that tell as much as these `n`, rounded down.

    Raises:
        ValueError: a number is negative.
    """
    require(n >= 0, f"n must not be negative, got {n}")
    return int(n / design_effect(broken, fixed, squares))


def clustered_interval(
    broken: int, fixed: int, n: int, squares: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Tango's score interval of (fixed - broken) / n with every count divided by the design effect.

    Args:
        broken: examples that only the base has right.
        fixed: examples that only the candidate has right.
        n: all examples.
        squares: sum of the squared nets of the clusters; broken + fixed where each is its own.
        confidence: two-sided, inside (0, 1).

    Raises:
        ValueError: counts are negative or exceed n, or confidence is not inside (0, 1).

    Source: Rao and Scott (1992), Biometrics 48:577 (effective counts), with the variance of `design_effect`.
    """
    effect = design_effect(broken, fixed, squares)
    return tango_interval(broken / effect, fixed / effect, n / effect, confidence)


class ShareCounts(NamedTuple):
    """One side's right examples by cluster: sums over clusters of n², of right², and of right times n."""

    sizes: float
    rights: float
    products: float


def share_effect(right: int, n: int, by_cluster: ShareCounts) -> float:
    """How many dependent examples tell as much as one: the variance of a share over clusters to that without, or 1.

    Where all are right, or none, nothing varies; clusters are then taken to be whole, which is the most they can be.

    Raises:
        ValueError: not 0 <= right <= n.

    Source: Rao and Scott (1992), Biometrics 48:577.
    """
    require(0 <= right <= n, f"need 0 <= right <= n: right={right}, n={n}")
    if n == 0 or by_cluster.sizes <= n:
        return 1.0
    share = right / n
    if right in (0, n):
        return by_cluster.sizes / n
    squares = by_cluster.rights - 2 * share * by_cluster.products + share**2 * by_cluster.sizes
    return max(1.0, squares / (n * share * (1 - share)))


def clustered_share(
    right: int, n: int, by_cluster: ShareCounts, confidence: float = 0.95
) -> tuple[float, float]:
    """Clopper-Pearson bounds of a share at its effective counts; the exact ones where every example is its own cluster.

    Raises:
        ValueError: not 0 <= right <= n, or confidence is not inside (0, 1).

    Source: Korn and Graubard (1998), Survey Methodology 24:193.
    """
    effect = share_effect(right, n, by_cluster)
    if effect == 1:
        return clopper_pearson(right, n, confidence)
    k, m, tail = right / effect, n / effect, (1 - level(confidence)) / 2
    low = bisect(lambda rate: incomplete_beta(k, m - k + 1, rate) > tail, 0.0, 1.0) if right else 0.0
    high = (
        bisect(lambda rate: 1 - incomplete_beta(k + 1, m - k, rate) <= tail, 0.0, 1.0) if right < n else 1.0
    )
    return low, high
