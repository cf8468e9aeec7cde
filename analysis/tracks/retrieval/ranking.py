"""Measures of ranked lists: overlap of two, and recall, reciprocal rank and nDCG of one. Pure functions of arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Lists = NDArray[np.int32]

PERSISTENCE = 0.9
"""RBO's p: the first ten ranks carry 86 % of its weight."""
_PAIRS_AT_ONCE = 20_000_000
"""Comparisons of two entries held in memory at a time."""


class Relevance(NamedTuple):
    """How well each list answers its query; each array is (q,), in [0, 1], NaN where nothing is known relevant."""

    recall: NDArray[np.float64]
    reciprocal_rank: NDArray[np.float64]
    ndcg: NDArray[np.float64]


def shared(base: Lists, candidate: Lists) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which entries of each list are anywhere in the other; two masks (q, k), rows hold no entry twice."""
    in_candidate = np.zeros(base.shape, bool)
    in_base = np.zeros(candidate.shape, bool)
    for rows in _blocks(base, candidate):
        equal = base[rows, :, None] == candidate[rows, None, :]
        in_candidate[rows], in_base[rows] = equal.any(axis=2), equal.any(axis=1)
    return in_candidate, in_base


def overlap(base: Lists, candidate: Lists) -> NDArray[np.float64]:
    """Share of the entries of two lists (q, k) that both hold; (q,), in [0, 1], NaN for empty lists."""
    if base.shape[1] == 0:
        return np.full(len(base), np.nan)
    return np.asarray(shared(base, candidate)[0].mean(axis=1))


def rank_biased_overlap(base: Lists, candidate: Lists, p: float = PERSISTENCE) -> NDArray[np.float64]:
    """Extrapolated rank-biased overlap of two lists of the same length.

    RBO_ext = X_k / k * p^k + (1 - p) / p * sum over d of X_d / d * p^d, where X_d counts what the first d entries
    of both lists share, and k is their length.

    Args:
        base: (q, k), rows hold no entry twice.
        candidate: (q, k), likewise.
        p: persistence, inside (0, 1).

    Returns:
        (q,), in [0, 1]: 1 for equal lists, 0 for disjoint ones; NaN for empty lists.

    Source: Webber, Moffat and Zobel (2010), A similarity measure for indefinite rankings, ACM TOIS 28(4):20,
        equation 30.
    """
    count, k = base.shape
    if k == 0:
        return np.full(count, np.nan)
    depths = np.arange(1, k + 1)
    # An entry of both lists counts from the depth at which the second of them has reached it.
    met = np.zeros((count, k), np.int64)
    for rows in _blocks(base, candidate):
        query, first, second = np.nonzero(base[rows, :, None] == candidate[rows, None, :])
        np.add.at(met[rows], (query, np.maximum(first, second)), 1)
    agreement = met.cumsum(axis=1) / depths
    total = agreement[:, -1] * p**k + (1 - p) / p * (agreement * p**depths).sum(axis=1)
    return np.asarray(np.clip(total, 0.0, 1.0))


def relevance(
    ranking: Lists, relevant: Sequence[NDArray[np.integer]], titles: NDArray[np.integer], k: int
) -> Relevance:
    """Recall@k, reciprocal rank and nDCG@k of rankings, where items that are the same title count once.

    The rule: an item stands for its title. A ranking has found a relevant item with the first item of the same
    title; further ones of that title keep their places and earn nothing. Recall@k is the share of the relevant
    titles among the first k; the reciprocal rank is that of the first relevant item in the whole ranking, 0 where
    it holds none; nDCG@k has gain 1, discount 1 / log2(rank + 1) and is divided by that of the best ranking.

    Args:
        ranking: (q, depth), row numbers of items, best first.
        relevant: row numbers of the relevant items of each query.
        titles: (n,), for each item the row number of the item that stands for its title.
        k: cut-off, at most the depth.

    Source: Järvelin and Kekäläinen (2002), ACM TOIS 20:422, for nDCG.
    """
    found = np.full((3, len(ranking)), np.nan)
    discount = 1 / np.log2(np.arange(2, max(k, 1) + 2))
    for query, wanted in enumerate(relevant):
        targets = np.unique(titles[np.asarray(wanted, np.int64)]) if len(wanted) else np.empty(0, np.int64)
        if len(targets) == 0:
            continue
        listed = titles[ranking[query]]
        _, first = np.unique(listed, return_index=True)
        new = np.zeros(len(listed), bool)
        new[first] = True
        hits = np.flatnonzero(new & np.isin(listed, targets))
        top = hits[hits < k]
        best = discount[: min(len(targets), k)].sum()
        found[:, query] = (
            len(top) / len(targets),
            1 / (hits[0] + 1) if len(hits) else 0.0,
            discount[top].sum() / best,
        )
    return Relevance(*found)


def _blocks(base: Lists, candidate: Lists) -> Iterator[slice]:
    size = max(1, _PAIRS_AT_ONCE // max(1, base.shape[1] * candidate.shape[1]))
    for start in range(0, len(base), size):
        yield slice(start, start + size)
