"""Groups of examples that hold more of a change for the worse than chance would put there.

A group is told where two things are true of it at once: of what got worse more is in it than of all examples, and in it
more got worse than better. The first alone finds what is hard for both models, whose examples change either way; the
second alone finds any large group of a candidate that is worse everywhere. Where both are tested together, the larger p
of the two is the group's (an intersection of tests needs no correction: Berger 1982, Technometrics 24:295).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.stats.discoveries import benjamini_hochberg, hypergeometric_at_least
from analysis.stats.paired import mcnemar_one_sided

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    """(n,): which examples."""

MOST_LITERALS = 400
"""Properties of which all pairs are tried: those that most of what got worse has."""
ROWS_AT_ONCE = 4_096
"""Examples of which pairs of properties are counted at a time, in whole bytes; counts are exact up to 16 million."""
FINDING_P = 0.01
"""A group is found on one half from this p downwards, before the other half is asked."""
MOST_FOUND = 8
"""Groups that one half may propose to the other, by p: each of them costs the others power."""
SIGN_P, SIGN_HALF_P = 0.01, 0.07
"""At which more must have got worse than better in a group: seven of seven, and four of four in half of the texts."""
SAME = 0.8
"""Jaccard index from which two groups are one under two names; the simpler and earlier stands for both."""


@dataclass(frozen=True)
class Units:
    """What got worse and what got better, with what counts as one.

    Args:
        worse: (n,), examples on which only the base is right, or that are newly what nobody wants.
        better: (n,), examples on which it is the other way round.
        cluster: (n,), numbers from 0; examples of one number are not independent, and count once.
    """

    worse: Mask
    better: Mask
    cluster: NDArray[np.int64]

    def part(self, chosen: Mask) -> Units:
        """The same of some examples; the numbers of clusters begin at 0 again."""
        _, cluster = np.unique(self.cluster[chosen], return_inverse=True)
        return Units(self.worse[chosen], self.better[chosen], cluster.astype(np.int64))


@dataclass(frozen=True)
class Properties:
    """Which examples have which properties, a bit each: a thousand properties of a million examples are 125 MB.

    Args:
        bits: (properties, n / 8) of bytes, one row each.
        n: examples.
    """

    bits: NDArray[np.uint8]
    n: int

    @classmethod
    def of(cls, masks: Iterable[Mask], n: int) -> Properties:
        """Those of examples by mask, (n,) each."""
        packed = [np.packbits(mask) for mask in masks]
        return cls(np.array(packed, np.uint8).reshape(len(packed), -(-n // 8)), n)

    def having(self, names: Sequence[int]) -> Mask:
        """Which examples have all of some properties, by number, (n,)."""
        both = np.bitwise_and.reduce(self.bits[list(names)], axis=0)
        return np.unpackbits(both, count=self.n).view(np.bool_)

    def counts(self, which: Mask) -> NDArray[np.int64]:
        """How many of some examples have each property, (properties,)."""
        chosen = np.packbits(which)
        return np.array([np.bitwise_count(row & chosen).sum(dtype=np.int64) for row in self.bits], np.int64)

    def together(self, chosen: NDArray[np.int64], which: Mask) -> NDArray[np.float32]:
        """How many of some examples have both of two chosen properties, (chosen, chosen)."""
        both = np.zeros((len(chosen), len(chosen)), np.float32)
        rows = self.bits[chosen]
        for start in range(0, self.n, ROWS_AT_ONCE):
            here = which[start : start + ROWS_AT_ONCE]
            part = rows[:, start // 8 : -(-(start + len(here)) // 8)]
            have = np.unpackbits(part, axis=1, count=len(here))[:, here].astype(np.float32)
            both += have @ have.T
        return both


@dataclass(frozen=True)
class Tested:
    """A group held against all examples; counts are of examples, and p of clusters.

    Args:
        inside: examples of the group.
        worse: of them, that got worse.
        better: of them, that got better.
        all_worse: of all examples, that got worse.
        n: all examples.
        over_p: one-sided p that it holds no more of what got worse than chance; 1 where nothing in it got worse.
        sign_p: one-sided p that in it no more got worse than better; 1 there, too.
    """

    inside: int
    worse: int
    better: int
    all_worse: int
    n: int
    over_p: float
    sign_p: float

    @property
    def p(self) -> float:
        """The larger of the two: that of both at once."""
        return max(self.over_p, self.sign_p)


def held_against_all(group: Mask, units: Units, *, by_example: bool = False) -> Tested:
    """Whether a group holds more of what got worse than chance would put there.

    Args:
        group: (n,), its examples.
        units: of all examples.
        by_example: count examples and not clusters: for a group that is a cluster.
    """
    counts = (int(group.sum()), int((group & units.worse).sum()), int((group & units.better).sum()))
    n, all_worse = len(group), int(units.worse.sum())
    if not counts[1]:
        return Tested(*counts, all_worse, n, 1.0, 1.0)
    cluster = np.arange(n) if by_example else units.cluster
    size = int(cluster.max()) + 1
    net = np.bincount(cluster, weights=units.worse.astype(float) - units.better, minlength=size)
    inside = np.bincount(cluster, weights=group, minlength=size) > 0
    net_inside = np.bincount(
        cluster, weights=group * (units.worse.astype(float) - units.better), minlength=size
    )
    lost = net > 0
    hits = int((lost & inside).sum())
    over = hypergeometric_at_least(hits, int(lost.sum()), int(inside.sum()), size)
    sign = mcnemar_one_sided(int((net_inside > 0).sum()), int((net_inside < 0).sum()))
    return Tested(*counts, all_worse, n, over, sign)


def told_apart(
    groups: Iterable[Mask], units: Units, level: float, by_example: Iterable[bool]
) -> list[Tested | None]:
    """Groups that were fixed before anything was known of the outcome: those that are told from chance, else None.

    Args:
        groups: every group that is tried, (n,) each.
        units: of all examples.
        level: of the false discovery rate over all of them (Benjamini and Hochberg 1995), of holding too much of what
            got worse; each that passes must also have more worse than better, at `SIGN_P`.
        by_example: for each group whether it is a cluster.
    """
    tested = [
        held_against_all(group, units, by_example=one) for group, one in zip(groups, by_example, strict=True)
    ]
    return [one if told else None for one, told in zip(tested, _passed(tested, level, SIGN_P), strict=True)]


def _passed(tested: Sequence[Tested], level: float, sign: float | None) -> list[bool]:
    """Which pass at a level; None for `sign` tests both things under the correction, a number only the first."""
    if not tested:
        return []
    if sign is None:
        return benjamini_hochberg([one.p for one in tested], level)
    over = benjamini_hochberg([one.over_p for one in tested], level)
    return [told and one.sign_p <= sign for told, one in zip(over, tested, strict=True)]


@dataclass(frozen=True)
class Found:
    """A group that one half of the examples found and the other confirmed.

    Args:
        literals: numbers of the properties that its examples have, one or two.
        confirmed: as the confirming half has it: free of the choice.
        whole: as all examples have it.
        asked: groups that were proposed to the confirming half.
        tried: groups that the finding half tried.
        confirmed_on_first: whether the first half is the one that confirmed.
    """

    literals: tuple[int, ...]
    confirmed: Tested
    whole: Tested
    asked: int
    tried: int
    confirmed_on_first: bool


def discovered(
    properties: Properties,
    units: Units,
    first: Mask,
    level: float,
    least: int,
    *,
    pairs: bool = True,
    sign: float | None = None,
) -> list[Found]:
    """Groups by one property or two that hold more of what got worse, found on one half and confirmed on the other.

    Each half finds for the other, at half the level each. All pairs are counted as products of matrices, and those that
    are too small, or of which too little got worse, are passed over. A group that overlaps one that holds more is kept
    only for what that one leaves of it.

    Args:
        properties: of all examples.
        units: of all examples.
        first: (n,), the first half; clusters must not be divided.
        level: of the false discovery rate among what is confirmed (Benjamini and Hochberg 1995).
        least: the fewest examples of a group in the finding half.
        pairs: whether two properties together are tried as well.
        sign: p at which more must have got worse than better in the confirming half; None corrects that test, too, for
            all that are confirmed.

    Source: the enumeration is that of SliceLine (Sagadeeva and Boehm 2021, SIGMOD), on a difference of two models.
    """
    found: dict[tuple[int, ...], Found] = {}
    for finds_first in (True, False):
        half = first if finds_first else ~first
        if not half.any() or half.all():
            continue
        proposed, tried = _proposed(properties, units, half, least, pairs=pairs)
        rest = ~half
        other = units.part(rest)
        tests = [held_against_all(properties.having(one)[rest], other) for one in proposed]
        passed = _passed(tests, level / 2, sign)
        for names, test, told in zip(proposed, tests, passed, strict=True):
            if told and (names not in found or test.p < found[names].confirmed.p):
                whole = held_against_all(properties.having(names), units)
                found[names] = Found(names, test, whole, len(proposed), tried, not finds_first)
    ranked = sorted(found.values(), key=lambda one: (one.whole.over_p, len(one.literals), one.literals))
    kept: list[Found] = []
    explained = np.zeros(len(first), bool)
    for one in ranked:
        mask, rest = properties.having(one.literals), ~explained
        # What is left of a group without those that were told before it must still be told.
        if not kept or held_against_all(mask[rest], units.part(rest)).p <= FINDING_P:
            kept.append(one)
            explained |= mask
    return kept


def _proposed(
    properties: Properties, units: Units, half: Mask, least: int, *, pairs: bool
) -> tuple[list[tuple[int, ...]], int]:
    """The groups that a half finds, by p, and how many it tried."""
    here = units.part(half)
    lost = properties.counts(half & units.worse)
    large = np.flatnonzero((properties.counts(half) >= least) & (lost > 0))
    chosen = large[np.argsort(-lost[large], kind="stable")][:MOST_LITERALS]
    groups: list[tuple[int, ...]] = [(int(one),) for one in chosen]
    tried = len(large)
    if pairs and len(chosen) > 1:
        size, worse, better = (
            properties.together(chosen, half & which) for which in (half, units.worse, units.better)
        )
        share = here.worse.mean()
        worth = np.triu((size >= least) & (worse >= 2) & (worse > better) & (worse > share * size), 1)
        tried += int(np.triu(size >= least, 1).sum())
        # A pair that is one of its two properties under another name says nothing of its own.
        alone = np.minimum(*np.broadcast_arrays(np.diag(size)[:, None], np.diag(size)[None]))
        worth &= size < SAME * alone
        groups += [(int(chosen[left]), int(chosen[right])) for left, right in np.argwhere(worth)]
    tested = [(held_against_all(properties.having(one)[half], here).p, one) for one in groups]
    ranked = sorted((one for one in tested if one[0] <= FINDING_P), key=lambda one: (one[0], len(one[1])))
    kept: list[tuple[int, ...]] = []
    masks: list[Mask] = []
    for _, names in ranked:
        mask = properties.having(names)[half]
        if all(_alike(mask, other) < SAME for other in masks):
            kept.append(names)
            masks.append(mask)
        if len(kept) == MOST_FOUND:
            break
    return kept, tried


def _alike(left: Mask, right: Mask) -> float:
    """The Jaccard index of two groups, one of which has an example."""
    return float((left & right).sum() / max(1, (left | right).sum()))
