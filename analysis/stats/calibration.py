"""How far confidence and accuracy are apart."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from analysis.stats.means import FloatArray, finite_vector
from analysis.stats.numeric import require


def expected_calibration_error(confidence: FloatArray, correct: NDArray[np.bool_], bins: int = 15) -> float:
    """Mean |accuracy - confidence| over bins of equal mass, weighted by their size; NaN without data.

    Args:
        confidence: shape (n,), probability of the predicted class, 0 to 1.
        correct: shape (n,), whether the prediction was right.
        bins: number of bins; fewer values than bins gives one bin per value.

    Equal confidences share their mean accuracy, so the result does not depend on the order of the rows.

    Raises:
        ValueError: shapes differ, a confidence is not finite, or bins < 1.

    Source: Nixon et al. (2019), Measuring Calibration in Deep Learning (adaptive binning).
    """
    confidence = finite_vector(confidence)
    require(correct.shape == confidence.shape, f"{correct.shape} outcomes for {confidence.shape} confidences")
    require(bins >= 1, f"bins must be at least 1, got {bins}")
    if len(confidence) == 0:
        return math.nan
    _, tie = np.unique(confidence, return_inverse=True)
    accuracy = (np.bincount(tie, weights=correct.astype(np.float64)) / np.bincount(tie))[tie]
    gaps = (accuracy - confidence)[np.argsort(confidence, kind="stable")]
    return float(sum(abs(part.sum()) for part in np.array_split(gaps, bins)) / len(gaps))


def brier(probabilities: FloatArray, gold: NDArray[np.integer]) -> float:
    """Brier score over all classes: mean of sum((p - onehot) ** 2), 0 (best) to 2; NaN without data.

    Args:
        probabilities: shape (n, k), rows summing to 1.
        gold: shape (n,), index of the right class, 0 to k - 1.

    Raises:
        ValueError: shapes do not fit, or a class index is out of range.

    Source: Brier (1950), Monthly Weather Review 78:1, in its original multi-class form.
    """
    require(probabilities.ndim == 2, f"probabilities must be (n, k), got {probabilities.shape}")
    n, k = probabilities.shape
    require(gold.shape == (n,), f"{gold.shape} gold labels for {n} rows")
    if n == 0:
        return math.nan
    require(bool(((gold >= 0) & (gold < k)).all()), f"a gold label is not within 0 to {k - 1}")
    p = probabilities.astype(np.float64)
    return float(((p**2).sum(axis=1) - 2 * p[np.arange(n), gold] + 1).mean())
