"""How far a two-dimensional map can be believed: trustworthiness, continuity, kNN recall, seed stability."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

K = 10
"""Neighbours that every measure looks at."""


def rank_matrix(points: NDArray[np.floating]) -> NDArray[np.int32]:
    """Rank of every other point by Euclidean distance from each point.

    On rows of unit length this is the order by cosine. Equal distances rank in the order of the rows.

    Args:
        points: (n, d); n is a few thousand at most, for the result has n² entries.

    Returns:
        (n, n); entry (i, j) is 1 where j is the nearest other point of i, and 0 where j is i.
    """
    coordinates = np.asarray(points, dtype=np.float64)
    squares = np.einsum("ij,ij->i", coordinates, coordinates)
    distances = squares[:, None] + squares[None, :] - 2 * coordinates @ coordinates.T
    np.fill_diagonal(distances, -np.inf)
    order = np.argsort(distances, axis=1, kind="stable")
    ranks = np.empty(order.shape, np.int32)
    np.put_along_axis(ranks, order, np.arange(len(order), dtype=np.int32)[None, :], axis=1)
    return ranks


def trustworthiness(high: NDArray[np.int32], low: NDArray[np.int32], k: int = K) -> NDArray[np.float64]:
    """How little each point's neighbours on the map intrude from far away; their mean is the map's.

    Continuity is the same with the arguments exchanged: what is torn away instead of what intrudes.

    Args:
        high: (n, n) ranks among the vectors, of `rank_matrix`.
        low: (n, n) ranks on the map.
        k: neighbours looked at, fewer than n / 2.

    Returns:
        (n,), 1 at best; a random map has about .5.

    Source: Venna and Kaski (2001), Neighborhood preservation in nonlinear projection methods.
    """
    n = len(high)
    near = (low > 0) & (low <= k)
    penalty = np.where(near, np.maximum(high - k, 0), 0).sum(axis=1, dtype=np.float64)
    return np.asarray(1 - 2 * penalty / (k * (2 * n - 3 * k - 1)))


def shared_neighbours(one: NDArray[np.int32], other: NDArray[np.int32], k: int = K) -> NDArray[np.float64]:
    """Share of each point's k nearest that both orders have in common.

    Between vectors and map this is the kNN recall, between two maps their agreement.

    Args:
        one: (n, n) ranks, of `rank_matrix`.
        other: (n, n) ranks.
        k: neighbours looked at.

    Returns:
        (n,) in 0 to 1; k / (n - 1) by chance.
    """
    both = (one > 0) & (one <= k) & (other > 0) & (other <= k)
    return np.asarray(both.sum(axis=1) / k)


def seed_stability(maps: Sequence[NDArray[np.int32]], k: int = K) -> NDArray[np.float64]:
    """Share of each point's k nearest that stay from map to map, as the mean over all pairs of maps.

    Args:
        maps: (n, n) ranks on maps of the same points, at least two.
        k: neighbours looked at.

    Returns:
        (n,) in 0 to 1.
    """
    return np.asarray(
        np.mean([shared_neighbours(one, other, k) for one, other in combinations(maps, 2)], axis=0)
    )
