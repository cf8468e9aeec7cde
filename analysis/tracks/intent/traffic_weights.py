"""Weights that give examples the shares which production has, and means under them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.base.errors import AssayError
from analysis.stats import Interval
from analysis.stats.numeric import student_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS = 1_000
CLOSE = 1e-9
"""How near each share must come, in at most so many rounds."""


def traffic_weights(
    classes: NDArray[np.intp],
    class_shares: Sequence[float],
    inside: NDArray[np.bool_],
    shares: Sequence[float],
) -> NDArray[np.float64]:
    """Weights, summing to one, under which slices have their declared shares; raked from equal ones.

    Classes part the examples: what is in none of those with a share keeps the rest. Other slices may overlap them and
    each other. Within what shares a cell of both all examples weigh alike, so that what has no share keeps the
    proportions of the data.

    Args:
        classes: shape (n,), which of the classes with a share an example is of; -1 for none of them.
        class_shares: of those classes, summing to at most 1.
        inside: shape (slices, n), the members of the other slices with a share.
        shares: of those slices, each in (0, 1].

    Returns:
        Shape (n,).

    Raises:
        AssayError: no weights of these examples have all of those shares.

    Source: Deming and Stephan (1940), Annals of Mathematical Statistics 11:427 (raking).
    """
    partitions = [(np.array([classes == index for index in range(len(class_shares))]), list(class_shares))]
    partitions += [(members[None, :], [share]) for members, share in zip(inside, shares, strict=True)]
    margins = [
        (part, share)
        for parts, known in partitions
        if known
        for part, share in (*zip(parts, known, strict=True), (~parts.any(axis=0), max(0.0, 1 - sum(known))))
    ]
    weights = np.full(len(classes), 1 / len(classes))
    for _ in range(ROUNDS):
        for part, share in margins:
            total = weights[part].sum()
            if total > 0:
                weights[part] *= share / total
            elif share > CLOSE:
                raise AssayError("no example is left to stand for the rest of the traffic")
        if all(abs(weights[part].sum() - share) <= CLOSE for part, share in margins):
            return weights
    raise AssayError("no weights of these examples have all the declared shares of traffic")


def weighted_mean(
    values: NDArray[np.float64], weights: NDArray[np.float64], spread: float, confidence: float = 0.95
) -> Interval:
    """Hájek's mean of weighted values with its interval by the delta method; errs on the wide side.

    What is between the slices counts as chance, although their shares are given. Where all values are equal, the
    interval is that of an event that was not seen, times the largest value that there could be.

    Args:
        values: shape (n,), finite.
        weights: shape (n,), summing to one.
        spread: the largest difference that one example can make.
        confidence: two-sided, inside (0, 1).

    Source: Hájek (1971), in Foundations of Statistical Inference; Särndal, Swensson and Wretman (1992), chapter 5.
    """
    n, value = len(values), float(weights @ values)
    effective = 1 / float((weights**2).sum())
    if n < 2 or effective < 2:
        return Interval(value, -math.inf, math.inf, n)
    error = math.sqrt(n / (n - 1) * float((weights**2 * (values - value) ** 2).sum()))
    half = student_quantile(confidence, int(effective) - 1) * error
    if error == 0:
        half = spread * (1 - ((1 - confidence) / 2) ** (1 / effective))
    return Interval(value, value - half, value + half, n)
