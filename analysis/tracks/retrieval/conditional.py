"""Chance within strata: the purity that an attribute permuted among items alike in the wanted ones would have.

Attributes are correlated: a model that groups by theme groups by publisher where publishers have their themes.
Items are put into strata by their wanted attributes, and the attribute is permuted within strata. The expectation
of that is exact (pairs of strata); drawn permutations serve the test alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.tracks.retrieval.similarity import Values
    from analysis.tracks.retrieval.vectors import Attribute

    Floats = NDArray[np.float64]
    Rows = NDArray[np.integer]

MIN_STRATUM = 5
"""Items of a stratum; smaller ones are put together with their neighbours in the same coarser stratum."""
MAX_STRATA = 500
"""Strata of one attribute, so that all pairs of them fit in memory."""
QUANTILES = 4
"""Bins of a numeric wanted attribute, of about equally many items."""
MAX_RESIDUAL = 0.10
"""Association between the attribute and a wanted one that may be left within strata.

A rise of the wanted grouping passes at most this share of itself on to the conditional lift; the gate starts at
a change of .10, which such a rise cannot reach.
"""
MAX_DETERMINED = 0.95
"""Association between an attribute and its strata above which permuting it within them changes nothing."""
PERMUTATIONS = 199
"""Drawn for each test; the smallest p is 1 / 200."""


@dataclass(frozen=True)
class Strata:
    """Items put together by their wanted attributes.

    Args:
        of: (m,) stratum of each item that has the attribute.
        count: number of strata.
        used: wanted attributes that they are made of, the most associated first.
        why: why they cannot stand for the wanted attributes; empty where they can.
    """

    of: NDArray[np.int64]
    count: int
    used: tuple[str, ...]
    why: str = ""


def strata(values: Values, rows: Rows, wanted: Sequence[Attribute]) -> Strata:
    """Strata for one attribute, from the wanted attributes that it is to be freed from.

    The joint of the wanted values, split by one wanted attribute after the other, the one that says most about
    the attribute first (subclassification, Rosenbaum and Rubin 1984). Within each stratum, parts with fewer than
    MIN_STRATUM items become one part, joined to the smallest other part where it is still too small. Labels of a
    multi-valued attribute split twice: by the item's most common label, then by the whole set; numbers split by
    quartile; items without a wanted attribute are a value of their own.

    Args:
        values: of the attribute, for m items.
        rows: (m,) row numbers of these items.
        wanted: the other wanted attributes, with the values of all items.
    """
    whole = np.zeros(len(rows), np.int64)
    codes = {one.name: _splits(one, rows) for one in wanted}
    said = {name: association(values, whole, parts[0]) for name, parts in codes.items()}
    order = sorted(codes, key=lambda name: (-said[name], name))
    of, count, used = whole, 1, []
    for name in order:
        for part in codes[name]:
            finer, finer_count = _split(of, part)
            if count < finer_count <= MAX_STRATA:
                of, count = finer, finer_count
                used += [name] if name not in used else []
    left = {name: association(values, of, codes[name][0]) for name in order}
    worst = max(left, key=lambda name: left[name], default=None)
    why = ""
    determined = association(values, whole, of)
    if determined > MAX_DETERMINED:
        why = f"{' and '.join(used)} all but determine it, so that nothing varies within strata"
    elif worst is not None and left[worst] > MAX_RESIDUAL:
        why = (
            f"strata too small: {worst} still says something of it within them "
            f"(association {left[worst]:.2f}, at most {MAX_RESIDUAL:.2f})"
        )
    return Strata(of, count, tuple(used), why)


def association(values: Values, of: Rows, codes: Rows) -> float:
    """How much more alike two items of one stratum are if they also have the same code: a lift over chance.

    Over all pairs of different items, exact and without bias; 0 where codes say nothing within strata, 1 where
    they say all, 0 where no two items of a stratum share a code.

    Args:
        values: of the attribute, for m items.
        of: (m,) stratum of each item.
        codes: (m,) code of each item.
    """
    _, joint = np.unique(of.astype(np.int64) * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)
    parent = np.zeros(int(joint.max(initial=-1)) + 1, np.int64)
    parent[joint] = of
    count = int(of.max(initial=-1)) + 1
    sizes = np.bincount(joint, minlength=len(parent)).astype(np.float64)
    pairs = sizes * (sizes - 1)
    alike = values.within(joint, len(parent)) - sizes
    chance = _within_chance(values, of, count)[parent]
    room = float((pairs * (1 - chance)).sum())
    return float((alike - pairs * chance).sum()) / room if room > 1e-9 else 0.0


def expectation(values: Values, given: Strata) -> Callable[[Rows, Rows], Floats]:
    """Expected similarity of two different items when the attribute is permuted within strata; exact.

    For items of strata g and h: the mean similarity over all pairs of different items, one of g and one of h.
    """
    sizes = np.bincount(given.of, minlength=given.count).astype(np.float64)
    between = values.between(given.of, given.count)
    pairs = np.outer(sizes, sizes)
    np.fill_diagonal(between, np.diagonal(between) - sizes)
    np.fill_diagonal(pairs, sizes * (sizes - 1))
    mean = between / np.maximum(pairs, 1)
    of = given.of
    return lambda left, right: mean[of[left], of[right]]


def permutations(given: Strata, draws: int, seed: int) -> Callable[[int], NDArray[np.int64]]:
    """Seeded permutations (m,) of the items that stay within their strata, by number from 0 to draws - 1."""
    seeds = np.random.SeedSequence(seed).spawn(draws)
    home = np.argsort(given.of, kind="stable")

    def one(number: int) -> NDArray[np.int64]:
        keys = np.random.default_rng(seeds[number]).random(len(home))
        out = np.empty(len(home), np.int64)
        out[home] = np.lexsort((keys, given.of))
        return out

    return one


def _within_chance(values: Values, of: Rows, count: int) -> Floats:
    sizes = np.bincount(of, minlength=count).astype(np.float64)
    return (values.within(of, count) - sizes) / np.maximum(sizes * (sizes - 1), 1)


def _splits(wanted: Attribute, rows: Rows) -> list[NDArray[np.int64]]:
    """Codes (m,) of a wanted attribute, from coarse to fine; 0 for items that do not have it."""
    if wanted.kind == "numeric":
        numbers = wanted.numbers[rows]
        there = ~np.isnan(numbers)
        if not there.any():
            return [np.zeros(len(rows), np.int64)]
        edges = np.quantile(numbers[there], np.arange(1, QUANTILES) / QUANTILES)
        return [np.where(there, 1 + np.searchsorted(edges, numbers, side="left"), 0).astype(np.int64)]
    sets = [wanted.codes[wanted.starts[row] : wanted.starts[row + 1]] for row in rows]
    common = np.bincount(np.concatenate(sets) if sets else [], minlength=len(wanted.labels))
    coarse = np.array([1 + one[np.argmax(common[one])] if len(one) else 0 for one in sets], np.int64)
    if wanted.kind == "categorical":
        return [coarse]
    numbered: dict[tuple[int, ...], int] = {(): 0}
    fine = [numbered.setdefault(tuple(one.tolist()), len(numbered)) for one in sets]
    return [coarse, np.array(fine, np.int64)]


def _split(of: Rows, codes: Rows) -> tuple[NDArray[np.int64], int]:
    """Strata split by codes, with parts of fewer than MIN_STRATUM items put together."""
    width = int(codes.max(initial=0)) + 2
    rest = width - 1
    keys, which, counts = np.unique(
        of.astype(np.int64) * width + codes, return_inverse=True, return_counts=True
    )
    keys = np.where(counts < MIN_STRATUM, keys // width * width + rest, keys)
    parts, which_part = np.unique(keys, return_inverse=True)
    sizes = np.bincount(which_part, weights=counts)
    into = np.arange(len(parts))
    for at in np.flatnonzero(sizes < MIN_STRATUM):
        siblings = np.flatnonzero((parts // width == parts[at] // width) & (parts != parts[at]))
        if len(siblings):
            into[at] = siblings[np.argmin(sizes[siblings])]
    final, numbered = np.unique(into[which_part][which], return_inverse=True)
    return numbered.astype(np.int64), len(final)
