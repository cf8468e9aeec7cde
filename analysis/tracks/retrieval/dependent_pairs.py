"""Intervals of means over pairs of items that share items, such as neighbours.

An item stands in its own list of neighbours and in the lists of others, so that neither pairs nor lists are
independent. Two pairs are taken as dependent where they share an item, and as independent where they do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.stats import Interval
from analysis.stats.numeric import level, student_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Rows = NDArray[np.integer]


@dataclass(frozen=True)
class Errors:
    """What each pair adds to the error of an estimate, linearised: they sum to 0 at the estimate.

    Args:
        owner: (p,) the item whose list holds the pair, as a row number of all items.
        other: (p,) its neighbour.
        amount: (p,) contribution of the pair.
    """

    owner: Rows
    other: Rows
    amount: Floats

    def times(self, factor: float) -> Errors:
        """The same pairs with every contribution multiplied."""
        return Errors(self.owner, self.other, self.amount * factor)


def together(parts: Sequence[Errors]) -> Errors:
    """The errors of a sum of estimates."""
    return Errors(
        np.concatenate([part.owner for part in parts]),
        np.concatenate([part.other for part in parts]),
        np.concatenate([part.amount for part in parts]),
    )


def variance(errors: Errors) -> float:
    """Variance of an estimate over pairs that may share either of their items.

    The sum of the products of all pairs that share an item: squares of each item's total, minus what was
    counted twice. That sum can fall short, or below 0, where few items are dependent on each other; it is never
    taken to be less than the variance with dependence inside each item's own list only.

    Source: Aronow, Samii and Assenova (2015), Cluster-robust variance estimation for dyadic data, Political
    Analysis 23:564.
    """
    if not len(errors.amount):
        return 0.0
    size = int(max(errors.owner.max(), errors.other.max())) + 1
    low = np.minimum(errors.owner, errors.other).astype(np.int64)
    high = np.maximum(errors.owner, errors.other).astype(np.int64)
    dyads, which = np.unique(low * size + high, return_inverse=True)
    amounts = np.bincount(which, weights=errors.amount)
    ends = np.concatenate([dyads // size, dyads % size])
    totals = np.bincount(ends, weights=np.concatenate([amounts, amounts]), minlength=size)
    lists = np.bincount(errors.owner, weights=errors.amount, minlength=size)
    return float(max((totals**2).sum() - (amounts**2).sum(), (lists**2).sum()))


def interval(value: float, errors: Errors, n: int, confidence: float) -> Interval:
    """Student's t interval of an estimate with dyadic variance.

    Args:
        value: the estimate.
        errors: what each pair adds to its error.
        n: number of items whose lists it is a mean of; its degrees of freedom plus one.
        confidence: two-sided, inside (0, 1).
    """
    level(confidence)
    if n < 2 or not math.isfinite(value):
        return Interval(value, -math.inf, math.inf, n)
    half = student_quantile(confidence, n - 1) * math.sqrt(variance(errors))
    return Interval(value, value - half, value + half, n)
