"""How alike two sets of states of the same texts are, whatever their widths.

Central kernel alignment with a linear kernel (Kornblith et al., 2019, Similarity of neural network representations
revisited) compares the two tables of inner products. Its usual estimate is biased upwards where the states are wider
than there are texts: two sets of independent noise come out alike. So the unbiased estimate of the Hilbert-Schmidt
independence criterion is taken (Song et al., 2012, Feature selection via dependence maximization, equation 5), as
Nguyen et al. (2021, Do wide and deep networks learn the same things?) do for batches, and Murphy et al. (2024,
Correcting biased centered kernel alignment measures) for few texts and many dimensions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.stats.means import Interval
from analysis.stats.numeric import level, require, student_quantile

FloatArray = NDArray[np.float64]

LEAST_TEXTS = 4
"""Texts below which the unbiased estimate is not defined."""
PARTS = 10
"""Parts of the texts that the jackknife leaves out in turn."""


def products(states: NDArray[np.floating]) -> FloatArray:
    """Inner products (n, n) of the rows of states (n, width) less their mean, the diagonal set to 0.

    The mean changes nothing of the estimate; without it, rounding of large equal parts would.
    """
    centred = states.astype(np.float64) - states.astype(np.float64).mean(axis=0)
    table = centred @ centred.T
    np.fill_diagonal(table, 0.0)
    return np.asarray(table)


def unbiased_hsic(first: FloatArray, second: FloatArray) -> float:
    """Unbiased estimate of the Hilbert-Schmidt independence criterion; below 0 by chance where there is none.

    Args:
        first: inner products (n, n) with a diagonal of 0, as `products` gives them.
        second: of the same n texts.

    Raises:
        ValueError: shapes differ, or fewer than four texts.
    """
    return float(_left_out(first, second, np.zeros((len(first), 1)))[0])


def _left_out(first: FloatArray, second: FloatArray, gone: FloatArray) -> FloatArray:
    """The same estimate without some of the texts, for each column of `gone` (n, sets), where 1 leaves a text out."""
    n = len(first)
    require(first.shape == second.shape == (n, n), "two tables of the same texts are needed")
    left = n - gone.sum(axis=0)
    require(bool((left >= LEAST_TEXTS).all()), "the unbiased estimate needs four texts")
    both = first * second
    trace = both.sum() - 2 * both.sum(axis=1) @ gone + (gone * (both @ gone)).sum(axis=0)
    rows = (first.sum(axis=1)[:, None] - first @ gone) * (1 - gone)
    others = (second.sum(axis=1)[:, None] - second @ gone) * (1 - gone)
    sums = rows.sum(axis=0) * others.sum(axis=0) / ((left - 1) * (left - 2))
    crossed = 2 * (rows * others).sum(axis=0) / (left - 2)
    return np.asarray((trace + sums - crossed) / (left * (left - 3)))


def _aligned(first: FloatArray, second: FloatArray, gone: FloatArray) -> FloatArray:
    """Debiased alignment without the texts of each column of `gone`; NaN where either side holds no variation."""
    mine, theirs = _left_out(first, first, gone), _left_out(second, second, gone)
    # Rounding leaves something where all states are the same.
    tiny = 1e-12 * np.array([(table**2).mean() for table in (first, second)])
    with np.errstate(invalid="ignore", divide="ignore"):
        value = _left_out(first, second, gone) / np.sqrt(mine * theirs)
    known = (mine > tiny[0]) & (theirs > tiny[1])
    return np.where(known, np.minimum(value, 1.0), np.nan)


def debiased_cka(
    base: NDArray[np.floating], candidate: NDArray[np.floating], confidence: float = 0.95
) -> Interval:
    """Debiased linear CKA of two sets of states, with an interval by the jackknife over ten parts of the texts.

    Args:
        base: (n, width), finite.
        candidate: (n, any width), of the same texts, finite.
        confidence: two-sided.

    Returns:
        1 for states that differ by a rotation, a shift and a scale; about 0 for unrelated ones. NaN where either side
        holds no variation. The bounds are infinite for fewer than 20 texts.

    Raises:
        ValueError: other texts, or fewer than four.
    """
    require(len(base) == len(candidate), "both sides need the same texts")
    n = len(base)
    require(n >= LEAST_TEXTS, "the unbiased estimate needs four texts")
    gone = np.zeros((n, 1 + PARTS if n >= 2 * PARTS else 1))
    if n >= 2 * PARTS:
        gone[np.arange(n), 1 + np.arange(n) % PARTS] = 1
    value, *without = _aligned(products(base), products(candidate), gone).tolist()
    spread = np.asarray(without)
    if not without or not np.isfinite([value, *without]).all():
        return Interval(value, -np.inf, np.inf, n)
    error = float(np.sqrt((PARTS - 1) / PARTS * ((spread - spread.mean()) ** 2).sum()))
    width = student_quantile(level(confidence), PARTS - 1) * error
    return Interval(value, value - width, min(1.0, value + width), n)


def nearest(states: NDArray[np.floating], k: int) -> NDArray[np.intp]:
    """Row numbers (n, k) of the k rows nearest to each of (n, width) by cosine, itself left out, in no order."""
    lengths = np.linalg.norm(states.astype(np.float64), axis=1, keepdims=True)
    unit = states / np.maximum(lengths, np.finfo(np.float64).tiny)
    likeness = unit @ unit.T
    np.fill_diagonal(likeness, -np.inf)
    return np.asarray(np.argpartition(-likeness, k - 1, axis=1)[:, :k])


def neighbour_overlap(base: NDArray[np.floating], candidate: NDArray[np.floating], k: int) -> FloatArray:
    """(n,) share of the k nearest neighbours of each text that it has on both sides, among the same n texts.

    Two unrelated sides share k / (n - 1) on average.

    Raises:
        ValueError: other texts, or no more than k.
    """
    require(len(base) == len(candidate), "both sides need the same texts")
    require(len(base) > k >= 1, "more texts than neighbours are needed")
    first, second = nearest(base, k), nearest(candidate, k)
    return np.asarray((first[:, :, None] == second[:, None, :]).any(axis=2).mean(axis=1))


def cosines(base: NDArray[np.floating], candidate: NDArray[np.floating]) -> FloatArray:
    """Cosine of each vector of `base` (..., width) with that of `candidate`; NaN where one is 0 or not finite."""
    first, second = base.astype(np.float64), candidate.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
        cosine = np.clip((first * second).sum(axis=-1) / lengths, -1, 1)
    # A vector is its own: the quotient may miss 1 by rounding.
    return np.asarray(np.where((first == second).all(axis=-1) & np.isfinite(cosine), 1.0, cosine))
