"""Shape of each side's vectors: hubs, a common direction, lengths. Shown, never gated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.base.records import ALL, SIDES, Metric, MetricSide, Side
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import paired_mean_interval
from analysis.tracks.retrieval.metric_specs import metric, of_interval
from analysis.tracks.retrieval.vectors import load_space

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from analysis.tracks.retrieval.vectors import EmbeddingSpace

    Floats = NDArray[np.float64]

UNIT = 1e-3
"""Largest distance from 1 of a length that still counts as 1: half precision."""


def occurrences(neighbours: NDArray[np.int32]) -> NDArray[np.int64]:
    """(n,) in how many lists of neighbours (n, k) each item stands; k on average."""
    return np.bincount(neighbours.ravel(), minlength=len(neighbours))


def hubness(neighbours: NDArray[np.int32]) -> float:
    """Skewness of how often items occur in lists of neighbours (n, k): 0 where evenly, above 1 with a few everywhere.

    Source: Radovanovic, Nanopoulos and Ivanovic (2010), Hubs in space, JMLR 11:2487.
    """
    counts = occurrences(neighbours).astype(np.float64)
    centred = counts - counts.mean()
    spread = float((centred**2).mean())
    return float((centred**3).mean()) / spread**1.5 if spread > 0 else 0.0


def cosines_to_others(vectors: NDArray[np.float32]) -> Floats:
    """(n,) mean cosine of each item to all others; their mean is the anisotropy, over all pairs and not a sample.

    Args:
        vectors: (n, d), rows of unit length, n at least 2.

    Source: Ethayarajh (2019), How contextual are contextualized word representations?, EMNLP.
    """
    rows = vectors.astype(np.float64)
    with_self = rows @ rows.sum(axis=0)
    return np.asarray((with_self - (rows**2).sum(axis=1)) / (len(rows) - 1))


def geometry_metrics(space: EmbeddingSpace) -> list[Metric]:
    """Hubness, anisotropy and mean length (of the vectors as the encoders gave them), both sides and difference."""
    n = len(space.refs)
    if n < 2:
        why = "needs two items"
        return [metric(name, ALL, side, None, None, n, "", why=why) for name in NAMES for side in EACH]
    hubs = {side: hubness(space.neighbours[side]) for side in SIDES}
    k = space.neighbours["base"].shape[1]
    words = f"skewness of {k}-occurrence; no interval"
    rows = [
        metric("hubness", ALL, side, value, None, n, words)
        for side, value in zip(
            EACH, (hubs["base"], hubs["candidate"], hubs["candidate"] - hubs["base"]), strict=True
        )
    ]
    # The mean over pairs counts each item twice, so its error is twice that of the mean over items.
    to_others = {side: cosines_to_others(space.vectors[side]) for side in SIDES}
    each = {side: 2 * values - values.mean() for side, values in to_others.items()}
    rows += _means("anisotropy", each, "mean cosine of all pairs of different items; Student 95 % over items")
    lengths = {side: space.norms[side].astype(np.float64) for side in SIDES}
    unit = all(bool((np.abs(lengths[side] - 1) <= UNIT).all()) for side in SIDES)
    words = "length 1, as both encoders give it" if unit else "mean Euclidean length; Student 95 % over items"
    return rows + _means("norm", lengths, words)


NAMES = ("hubness", "anisotropy", "norm")
EACH: tuple[MetricSide, ...] = (*SIDES, "difference")


def _means(name: str, values: dict[Side, Floats], method: str) -> list[Metric]:
    base, candidate = values["base"], values["candidate"]
    return [
        of_interval(name, ALL, side, paired_mean_interval(each), method)
        for side, each in zip(EACH, (base, candidate, candidate - base), strict=True)
    ]


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    return {"metric": metric_table(geometry_metrics(load_space(context.workbench)))}


GEOMETRY = Aggregate("retrieval.geometry", 1, _compute)
