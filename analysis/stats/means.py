"""Intervals of means: Student and bootstrap, over clusters and over two crossed factors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.stats.numeric import level, require, student_quantile

FloatArray = NDArray[np.float64]

_CELLS_AT_ONCE = 2_000_000
"""Resampled values held in memory at a time (16 MB of float64)."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval.

    `low` and `high` are -inf and inf where the data bound nothing (fewer than two independent units); `value`
    is NaN where there is no observation. `n` counts observations, not clusters.
    """

    value: float
    low: float
    high: float
    n: int


def bootstrap_mean(
    values: FloatArray,
    clusters: NDArray[np.generic] | None,
    confidence: float,
    seed: int,
    draws: int = 2000,
) -> Interval:
    """Percentile bootstrap of a mean, resampling whole clusters of dependent observations (or each one).

    Args:
        values: shape (n,), finite.
        clusters: shape (n,), the cluster of each value (any sortable dtype); None resamples single values.
        confidence: two-sided, inside (0, 1).
        seed: the same seed gives the same interval.
        draws: number of resamples.

    The interval has no width when all values are equal; use an exact one for rates near 0 or 1.

    Raises:
        ValueError: shapes differ, a value is not finite, or confidence is not inside (0, 1).

    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    values = finite_vector(values)
    if clusters is None:
        sums, counts = values, np.ones(len(values))
    else:
        require(clusters.shape == values.shape, f"{clusters.shape} clusters for {values.shape} values")
        _, owner = np.unique(clusters, return_inverse=True)
        sums = np.bincount(owner, weights=values).astype(np.float64)
        counts = np.bincount(owner).astype(np.float64)
    if len(sums) < 2:
        return _unbounded(values, confidence)
    rng = np.random.default_rng(seed)
    means = np.empty(draws)
    for part in _chunks(draws, len(sums)):
        picked = rng.integers(0, len(sums), size=(part.stop - part.start, len(sums)))
        means[part] = sums[picked].sum(axis=1) / counts[picked].sum(axis=1)
    return _percentiles(values, means, confidence)


def bootstrap_two_way(
    values: FloatArray,
    rows: NDArray[np.generic],
    columns: NDArray[np.generic],
    confidence: float,
    seed: int,
    *,
    draws: int = 2000,
) -> Interval:
    """Percentile bootstrap of a mean over two crossed factors, such as texts and inserted terms.

    Both factors are resampled independently; a value counts as often as its row times its column was drawn.
    The interval speaks of new texts *and* new terms, and errs on the wide side. Cells may be missing or
    repeated. Draws that happen to hold no cell are left out.

    Args:
        values: shape (m,), finite, one per observed cell.
        rows: shape (m,), level of the first factor.
        columns: shape (m,), level of the second factor.
        confidence: two-sided, inside (0, 1).
        seed: the same seed gives the same interval.
        draws: number of resamples.

    Raises:
        ValueError: shapes differ, a value is not finite, or confidence is not inside (0, 1).

    Source: Owen (2007), The pigeonhole bootstrap, Annals of Applied Statistics 1:386.
    """
    values = finite_vector(values)
    require(
        rows.shape == values.shape and columns.shape == values.shape,
        f"{rows.shape} rows and {columns.shape} columns for {values.shape} values",
    )
    row_levels, row = np.unique(rows, return_inverse=True)
    column_levels, column = np.unique(columns, return_inverse=True)
    if len(row_levels) < 2 or len(column_levels) < 2:
        return _unbounded(values, confidence)
    rng = np.random.default_rng(seed)
    means = np.empty(draws)
    for part in _chunks(draws, len(values) + len(row_levels) + len(column_levels)):
        size = part.stop - part.start
        weights = _resampling_counts(rng, size, len(row_levels))[:, row]
        weights *= _resampling_counts(rng, size, len(column_levels))[:, column]
        totals = weights.sum(axis=1)
        means[part] = np.where(totals > 0, weights @ values / np.maximum(totals, 1), np.nan)
    means = means[np.isfinite(means)]
    return _percentiles(values, means, confidence) if len(means) else _unbounded(values, confidence)


def paired_mean_interval(differences: FloatArray, confidence: float = 0.95) -> Interval:
    """Student's t interval of the mean of paired differences, shape (n,); for large n and many metrics.

    Raises:
        ValueError: a difference is not finite, or confidence is not inside (0, 1).
    """
    values = finite_vector(differences)
    if len(values) < 2:
        return _unbounded(values, confidence)
    mean = float(values.mean())
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    half = student_quantile(level(confidence), len(values) - 1) * error
    return Interval(mean, mean - half, mean + half, len(values))


def finite_vector(values: FloatArray) -> FloatArray:
    vector = np.asarray(values, dtype=np.float64)
    require(vector.ndim == 1, f"expected a vector, got shape {vector.shape}")
    require(bool(np.isfinite(vector).all()), "values must be finite")
    return vector


def _chunks(draws: int, width: int) -> Iterator[slice]:
    size = max(1, _CELLS_AT_ONCE // max(1, width))
    for start in range(0, draws, size):
        yield slice(start, min(draws, start + size))


def _resampling_counts(rng: np.random.Generator, draws: int, levels: int) -> FloatArray:
    """How often each level occurs among `levels` drawn with replacement; shape (draws, levels)."""
    return rng.multinomial(levels, np.full(levels, 1 / levels), size=draws).astype(np.float64)


def _percentiles(values: FloatArray, means: FloatArray, confidence: float) -> Interval:
    tail = (1 - level(confidence)) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(values.mean()), float(low), float(high), len(values))


def _unbounded(values: FloatArray, confidence: float) -> Interval:
    level(confidence)
    return Interval(float(values.mean()) if len(values) else math.nan, -math.inf, math.inf, len(values))
