"""One pair of aligned maps of the items, base and candidate, and whether they may be drawn.

Both sides are laid out from the same start, a map of the base, and the candidate's map is then turned onto the
base's. So an item whose neighbours are the same stands at the same place on both maps, base against base gives
the same picture twice, and what stands elsewhere has other neighbours. Distances, sizes and gaps on a map mean
nothing; its neighbours mean what the four measures of `map_limits` say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.base.records import SIDES, Side
from analysis.tracks.retrieval.layouts import Layout, Method, layout
from analysis.tracks.retrieval.map_limits import QUALITIES, shortfalls
from analysis.tracks.retrieval.map_quality import (
    rank_matrix,
    seed_stability,
    shared_neighbours,
    trustworthiness,
)
from analysis.tracks.retrieval.vectors import EmbeddingSpace

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE = 2_000
"""Most items that are drawn. Measured, a pair with its measures costs 3 to 4 s of one core at 450 items, 22 s and
340 MB at 2,000, 101 s and 1.3 GB at 5,000; and no terminal has places for more."""
FEWEST = 30
"""Fewest items that a map is made of."""
SCATTERED = (1, 2)
"""Seeds of the maps from random starts, for seed stability."""
CHANGED = 0.9
"""Mean share of kept neighbours under which a new arrangement is tried."""
BETTER = 0.03
"""How much trustworthiness or continuity a new arrangement must add to be preferred. Measured: a gentle step loses
up to .01 where a tenth of the items moved and .10 to .25 where all are grouped by something else."""


@dataclass(frozen=True)
class MapPair:
    """Maps of both sides.

    Args:
        coordinates: (n, 2) by side, in units of the base map's root mean square radius, around its centre.
        quality: (n,) by name of the measure and side; the mean is the measure of the map.
        rearranged: the candidate's map is a new arrangement: places cannot be compared as a whole.
    """

    coordinates: dict[Side, NDArray[np.float64]]
    quality: dict[tuple[str, Side], NDArray[np.float64]]
    rearranged: bool

    def shortfalls(self) -> list[str]:
        """What keeps the pair from being drawn; empty where it may be drawn."""
        return shortfalls({key: float(values.mean()) for key, values in self.quality.items()})


def fit_pair(vectors: Mapping[Side, NDArray[np.float32]], seed: int, method: Method = "tsne") -> MapPair:
    """Lay both sides out, align them and measure both maps.

    Args:
        vectors: (n, d) by side, rows of unit length, of the same items; d may differ.
        seed: of the starts and the layouts.
        method: of the layouts.

    Raises:
        ValueError: fewer than `FEWEST` items.
    """
    if len(vectors["base"]) < FEWEST:
        raise ValueError(f"{len(vectors['base'])} items are too few for a map: {FEWEST} at least")
    ranks = {side: rank_matrix(vectors[side]) for side in SIDES}
    layouts = {side: layout(method, vectors[side], seed) for side in SIDES}
    start = layouts["base"].first()
    base = layouts["base"].onward(start)
    candidate, rearranged = _candidate(layouts["candidate"], start, ranks)
    shown = {"base": base, "candidate": onto(candidate, base)}
    quality: dict[tuple[str, Side], NDArray[np.float64]] = {}
    for side in SIDES:
        drawn = rank_matrix(shown[side])
        others = [rank_matrix(layouts[side].scattered(number)) for number in SCATTERED]
        measured = (
            trustworthiness(ranks[side], drawn),
            trustworthiness(drawn, ranks[side]),
            shared_neighbours(ranks[side], drawn),
            seed_stability([drawn, *others]),
        )
        quality |= {(one.name, side): values for one, values in zip(QUALITIES, measured, strict=True)}
    centre = base.mean(axis=0)
    radius = float(np.sqrt(((base - centre) ** 2).sum(axis=1).mean())) or 1.0
    return MapPair({side: (shown[side] - centre) / radius for side in SIDES}, quality, rearranged)


def _candidate(
    candidate: Layout, start: NDArray[np.float64], ranks: Mapping[Side, NDArray[np.int32]]
) -> tuple[NDArray[np.float64], bool]:
    """The candidate's map, and whether it is a new arrangement.

    A gentle step keeps places, but where most items have other neighbours it stays caught between the two
    arrangements; there the better of both maps is taken.
    """
    gentle = candidate.onward(start)
    if shared_neighbours(ranks["base"], ranks["candidate"]).mean() >= CHANGED:
        return gentle, False
    again = candidate.again(start)
    kept, found = rank_matrix(gentle), rank_matrix(again)
    of = ranks["candidate"]
    gains = (
        trustworthiness(of, found).mean() - trustworthiness(of, kept).mean(),
        trustworthiness(found, of).mean() - trustworthiness(kept, of).mean(),
    )
    return (again, True) if max(gains) > BETTER and min(gains) > -BETTER else (gentle, False)


def onto(points: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points turned, mirrored and shifted, but not scaled, so that they lie as near as can be to a reference.

    Args:
        points: (n, 2).
        reference: (n, 2).

    Source: Schönemann (1966), orthogonal Procrustes.
    """
    centred = points - points.mean(axis=0)
    left, _, right = np.linalg.svd(centred.T @ (reference - reference.mean(axis=0)))
    return np.asarray(centred @ (left @ right) + reference.mean(axis=0))


def sample_rows(space: EmbeddingSpace, seed: int, most: int = SAMPLE) -> NDArray[np.int64]:
    """Rows of the items that are drawn, ascending: all, or a random subset that keeps the shares of all groups.

    Groups are the joint values of the wanted attributes with at most one label an item. The subset takes every
    n-th item of the items sorted by group and, in a group, at random.

    Args:
        space: the items.
        seed: of the order in a group.
        most: size of the subset.
    """
    n = len(space.refs)
    if n <= most:
        return np.arange(n)
    rng = np.random.default_rng(seed)
    keys: list[NDArray[Any]] = [rng.random(n)]
    for attribute in space.attributes:
        if attribute.wanted and attribute.kind == "categorical":
            codes = np.full(n, -1, np.int64)
            codes[attribute.present()] = attribute.codes
            keys.append(codes)
    order = np.lexsort(keys)
    places = np.floor((np.arange(most) + rng.random()) * n / most).astype(np.int64)
    return np.sort(order[places])
