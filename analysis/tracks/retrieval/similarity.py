"""Similarity of two items in one attribute, from 0 to 1, and what it is for items drawn at random.

Everything that is said of chance is exact: an expectation over all pairs, never a simulation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.tracks.retrieval.vectors import Attribute

    Rows = NDArray[np.integer]
    Floats = NDArray[np.float64]

_CELLS_AT_ONCE = 4_000_000
"""Pairs of label sets, times 64-bit words a set, that are compared at a time (32 MB an array)."""
LEVELS = 1_000
"""Ranks are rounded to this share of their range, so that large catalogues need no more than so many levels."""


class Values(ABC):
    """The values of one attribute for the items that have it, numbered from 0 to n - 1."""

    n: int

    @abstractmethod
    def similar(self, left: Rows, right: Rows) -> Floats:
        """(p,) similarity of the items left (p,) and right (p,), element by element; 1 for the same value."""

    @abstractmethod
    def to_all(self) -> Floats:
        """(n,) sum of each item's similarity to all n items, itself included."""

    @abstractmethod
    def between(self, strata: Rows, count: int) -> Floats:
        """(count, count) sums of similarity over all pairs of an item of one stratum and one of another.

        Args:
            strata: (n,) stratum of each item, from 0 to count - 1.
            count: number of strata.
        """

    def within(self, strata: Rows, count: int) -> Floats:
        """(count,) sums of similarity over all pairs inside each of the strata (n,), an item with itself included."""
        return np.diagonal(self.between(strata, count)).copy()

    def chance(self) -> Floats:
        """(n,) expected similarity of each item to another item drawn at random; NaN where there is none."""
        if self.n < 2:
            return np.full(self.n, np.nan)
        return (self.to_all() - 1) / (self.n - 1)


class Categories(Values):
    """One label an item: 1 for the same label, else 0."""

    def __init__(self, codes: Rows, labels: int) -> None:
        self.n = len(codes)
        self._codes, self._labels = codes, labels

    def similar(self, left: Rows, right: Rows) -> Floats:
        return np.asarray((self._codes[left] == self._codes[right]).astype(np.float64))

    def to_all(self) -> Floats:
        return np.bincount(self._codes, minlength=self._labels)[self._codes].astype(np.float64)

    def between(self, strata: Rows, count: int) -> Floats:
        table = _counts(strata, self._codes, count, self._labels)
        return table @ table.T

    def within(self, strata: Rows, count: int) -> Floats:
        return np.asarray((_counts(strata, self._codes, count, self._labels) ** 2).sum(axis=1))


class LabelSets(Values):
    """Several labels an item: shared labels over all labels of the two (Jaccard).

    Not "at least one shared label": items with many labels would be like everything, and chance near 1 leaves
    nothing to measure. With one label each it is what `Categories` is.

    Source: Jaccard (1912), New Phytologist 11:37.
    """

    def __init__(self, starts: NDArray[np.int64], codes: Rows, labels: int) -> None:
        self.n = len(starts) - 1
        bits = np.zeros((self.n, -(-max(1, labels) // 64)), np.uint64)
        owner = np.repeat(np.arange(self.n), np.diff(starts))
        np.bitwise_or.at(bits, (owner, codes // 64), np.uint64(1) << (codes % 64).astype(np.uint64))
        self._sets, self._of = np.unique(bits, axis=0, return_inverse=True)
        self._of = self._of.reshape(-1)

    def similar(self, left: Rows, right: Rows) -> Floats:
        return _jaccard(self._sets[self._of[left]], self._sets[self._of[right]])

    def to_all(self) -> Floats:
        return np.asarray(self._to_sets(np.bincount(self._of)[None, :].astype(np.float64))[0][self._of])

    def between(self, strata: Rows, count: int) -> Floats:
        table = _counts(strata, self._of, count, len(self._sets))
        return self._to_sets(table) @ table.T

    def within(self, strata: Rows, count: int) -> Floats:
        table = _counts(strata, self._of, count, len(self._sets))
        return np.asarray((self._to_sets(table) * table).sum(axis=1))

    def _to_sets(self, table: Floats) -> Floats:
        """(rows, sets) similarity of every set to the sets that `table` counts, summed."""
        out = np.empty(table.shape)
        step = max(1, _CELLS_AT_ONCE // max(1, self._sets.size))
        for start in range(0, len(self._sets), step):
            part = self._sets[start : start + step]
            out[:, start : start + step] = table @ _jaccard(self._sets[:, None, :], part[None, :, :])
        return out


class Ranks(Values):
    """A number an item: 1 minus the distance of the two ranks, as a share of the largest distance.

    Equal numbers share their mean rank, and ranks make it free of unit and scale. Two items drawn at random have
    2/3 on average where all numbers differ, so that the lift over chance is 1 minus the neighbours' distance over
    that of random items. Ranks are rounded to 1 / LEVELS.
    """

    def __init__(self, numbers: Floats) -> None:
        from scipy.stats import rankdata

        self.n = len(numbers)
        ranks = rankdata(numbers) - 1
        self._ranks = np.round(ranks / max(1, self.n - 1) * LEVELS) / LEVELS
        self._levels, self._of = np.unique(self._ranks, return_inverse=True)

    def similar(self, left: Rows, right: Rows) -> Floats:
        return np.asarray(1 - np.abs(self._ranks[left] - self._ranks[right]))

    def to_all(self) -> Floats:
        order = np.sort(self._ranks)
        before = np.concatenate([[0.0], np.cumsum(order)])
        at = np.searchsorted(order, self._ranks, side="right")
        below = self._ranks * at - before[at]
        above = (before[-1] - before[at]) - self._ranks * (self.n - at)
        return np.asarray(self.n - (below + above))

    def between(self, strata: Rows, count: int) -> Floats:
        table = _counts(strata, self._of, count, len(self._levels))
        sizes = table.sum(axis=1)
        # |x - y| is the measure of the t with exactly one of x, y at or below t.
        below = np.cumsum(table, axis=1)[:, :-1]
        above = sizes[:, None] - below
        apart = (below * np.diff(self._levels)) @ above.T
        return np.asarray(np.outer(sizes, sizes) - (apart + apart.T))

    def within(self, strata: Rows, count: int) -> Floats:
        table = _counts(strata, self._of, count, len(self._levels))
        sizes = table.sum(axis=1)
        below = np.cumsum(table, axis=1)[:, :-1]
        apart = (below * (sizes[:, None] - below)) @ np.diff(self._levels)
        return np.asarray(sizes**2 - 2 * apart)


def values_of(attribute: Attribute) -> tuple[NDArray[np.int64], Values]:
    """The row numbers (m,) of the items that have the attribute, ascending, and their m values."""
    rows = np.flatnonzero(attribute.present())
    if attribute.kind == "numeric":
        return rows, Ranks(attribute.numbers[rows])
    first = attribute.starts[rows]
    if attribute.kind == "categorical":
        return rows, Categories(attribute.codes[first], len(attribute.labels))
    starts = np.concatenate([[0], np.cumsum(np.diff(attribute.starts)[rows])])
    return rows, LabelSets(starts, attribute.codes, len(attribute.labels))


def _jaccard(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> Floats:
    shared = np.bitwise_count(left & right).sum(axis=-1, dtype=np.int64)
    total = np.bitwise_count(left | right).sum(axis=-1, dtype=np.int64)
    return np.asarray(shared / np.maximum(total, 1))


def _counts(rows: Rows, columns: Rows, height: int, width: int) -> Floats:
    """(height, width) how often each pair occurs."""
    flat = rows.astype(np.int64) * width + columns
    return np.bincount(flat, minlength=height * width).reshape(height, width).astype(np.float64)
