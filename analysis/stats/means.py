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

_ROUNDING = 1e-12
"""Spread below this share of the values is arithmetic, and counts as none."""


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
    sums, counts = _totals(values, clusters)
    if len(sums) < 2:
        return _unbounded(values, confidence)
    rng = np.random.default_rng(seed)
    means = np.empty(draws)
    for part in _chunks(draws, len(sums)):
        picked = rng.integers(0, len(sums), size=(part.stop - part.start, len(sums)))
        means[part] = sums[picked].sum(axis=1) / counts[picked].sum(axis=1)
    return _percentiles(values, means, confidence)


def bootstrap_t_mean(
    values: FloatArray,
    clusters: NDArray[np.generic] | None,
    confidence: float,
    seed: int,
    draws: int = 2000,
) -> Interval:
    """Studentised bootstrap of a mean over whole clusters: each resample is held against its own standard error.

    For skewed values, of which a percentile bootstrap excludes the true mean far too often on the side where the few
    large ones are missing. It is wider there, and has no bound where too many resamples have no spread of their own.

    Args:
        values: shape (n,), finite.
        clusters: shape (n,), the cluster of each value (any sortable dtype); None resamples single values.
        confidence: two-sided, inside (0, 1).
        seed: the same seed gives the same interval.
        draws: number of resamples.

    Raises:
        ValueError: shapes differ, a value is not finite, or confidence is not inside (0, 1).

    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 12; Hall (1988), Annals of
    Statistics 16:927.
    """
    values = finite_vector(values)
    sums, counts = _totals(values, clusters)
    if len(sums) < 2:
        return _unbounded(values, confidence)
    mean = float(values.mean())
    error = float(_error_of_ratio(sums, counts))
    least = _ROUNDING * float(np.abs(values).max())
    if error <= least:
        return Interval(mean, mean, mean, len(values))
    rng = np.random.default_rng(seed)
    distances = np.empty(draws)
    for part in _chunks(draws, len(sums)):
        picked = rng.integers(0, len(sums), size=(part.stop - part.start, len(sums)))
        some, of = sums[picked], counts[picked]
        moved = some.sum(axis=1) / of.sum(axis=1) - mean
        spread = _error_of_ratio(some, of)
        # A resample without spread that misses the mean is infinitely far from it.
        with np.errstate(divide="ignore", invalid="ignore"):
            distances[part] = np.where(np.abs(moved) <= least, 0.0, moved / spread)
    tail = (1 - level(confidence)) / 2
    low, high = np.quantile(distances, [tail, 1 - tail], method="closest_observation")
    return Interval(mean, float(mean - high * error), float(mean - low * error), len(values))


def clustered_mean(values: FloatArray, clusters: NDArray[np.generic] | None, confidence: float) -> Interval:
    """Student's t interval of a mean, with whole clusters of dependent observations as its units.

    Args:
        values: shape (n,), finite.
        clusters: shape (n,), the cluster of each value (any sortable dtype); None takes each by itself.
        confidence: two-sided, inside (0, 1).

    Raises:
        ValueError: shapes differ, a value is not finite, or confidence is not inside (0, 1).

    Source: Liang and Zeger (1986), Biometrika 73:13, with the factor G / (G - 1) for G clusters.
    """
    values = finite_vector(values)
    sums, counts = _totals(values, clusters)
    if len(sums) < 2:
        return _unbounded(values, confidence)
    return _student(values, float(_error_of_ratio(sums, counts)), len(sums) - 1, confidence)


def two_way_mean(
    values: FloatArray, rows: NDArray[np.generic], columns: NDArray[np.generic], confidence: float
) -> Interval:
    """Interval of a mean over two crossed factors, such as texts and inserted terms; of new ones of both.

    The variance is that over rows plus that over columns less that over cells, and not below either of the first two;
    the quantile is Student's at (levels of the smaller factor - 1) degrees, so that few levels give wide bounds.
    Cells may be missing or repeated.

    Args:
        values: shape (m,), finite, one per observation.
        rows: shape (m,), level of the first factor.
        columns: shape (m,), level of the second factor.
        confidence: two-sided, inside (0, 1).

    Raises:
        ValueError: shapes differ, a value is not finite, or confidence is not inside (0, 1).

    Source: Cameron, Gelbach and Miller (2011), Journal of Business and Economic Statistics 29:238.
    """
    values = finite_vector(values)
    require(
        rows.shape == values.shape and columns.shape == values.shape,
        f"{rows.shape} rows and {columns.shape} columns for {values.shape} values",
    )
    row_levels, row = np.unique(rows, return_inverse=True)
    column_levels, column = np.unique(columns, return_inverse=True)
    least = min(len(row_levels), len(column_levels))
    if least < 2:
        return _unbounded(values, confidence)
    by_row, by_column, by_cell = (
        float(_error_of_ratio(*_totals(values, owner))) ** 2
        for owner in (row, column, row * len(column_levels) + column)
    )
    error = math.sqrt(max(by_row + by_column - by_cell, by_row, by_column))
    return _student(values, error, least - 1, confidence)


def paired_mean_interval(differences: FloatArray, confidence: float = 0.95) -> Interval:
    """Student's t interval of the mean of paired differences, shape (n,); for large n and many metrics.

    Raises:
        ValueError: a difference is not finite, or confidence is not inside (0, 1).
    """
    return clustered_mean(differences, None, confidence)


def finite_vector(values: FloatArray) -> FloatArray:
    vector = np.asarray(values, dtype=np.float64)
    require(vector.ndim == 1, f"expected a vector, got shape {vector.shape}")
    require(bool(np.isfinite(vector).all()), "values must be finite")
    return vector


def _chunks(draws: int, width: int) -> Iterator[slice]:
    size = max(1, _CELLS_AT_ONCE // max(1, width))
    for start in range(0, draws, size):
        yield slice(start, min(draws, start + size))


def _totals(values: FloatArray, clusters: NDArray[np.generic] | None) -> tuple[FloatArray, FloatArray]:
    """Sum and number of the values of each cluster, (G,) both."""
    if clusters is None:
        return values, np.ones(len(values))
    require(clusters.shape == values.shape, f"{clusters.shape} clusters for {values.shape} values")
    _, owner = np.unique(clusters, return_inverse=True)
    sums = np.bincount(owner, weights=values).astype(np.float64)
    return sums, np.bincount(owner).astype(np.float64)


def _error_of_ratio(sums: FloatArray, counts: FloatArray) -> FloatArray:
    """Standard error of sum(sums) / sum(counts) over independent clusters, along the last axis: (..., G) to (...,)."""
    whole = counts.sum(axis=-1)
    mean = sums.sum(axis=-1) / whole
    residual = sums - mean[..., None] * counts
    units = sums.shape[-1]
    error: FloatArray = np.sqrt((residual**2).sum(axis=-1) * units / max(1, units - 1)) / whole
    return error


def _student(values: FloatArray, error: float, freedom: int, confidence: float) -> Interval:
    mean = float(values.mean())
    half = student_quantile(level(confidence), freedom) * error
    return Interval(mean, mean - half, mean + half, len(values))


def _percentiles(values: FloatArray, means: FloatArray, confidence: float) -> Interval:
    tail = (1 - level(confidence)) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(values.mean()), float(low), float(high), len(values))


def _unbounded(values: FloatArray, confidence: float) -> Interval:
    level(confidence)
    return Interval(float(values.mean()) if len(values) else math.nan, -math.inf, math.inf, len(values))
