"""How long the answers are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.base.records import ALL, SIDES, Metric, MetricSide
from analysis.base.sql import queries
from analysis.stats import paired_mean_interval
from analysis.tracks.response.metric_specs import TRACK, metric, of_interval

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from numpy.typing import NDArray

STUDENT = "words, mean, Student 95 %"
QUANTILES = {"length_p50": 0.5, "length_p90": 0.9}
DRAWS = 500
_CELLS_AT_ONCE = 2_000_000

_WORDS = queries(__package__, "metrics.sql")["words"]


def length_metrics(connection: duckdb.DuckDBPyConnection, seed: int) -> list[Metric]:
    """Words of both sides' answers to the same prompts, and their distribution.

    Quantiles are of the slice `all` and of critical ones; the difference is that of the two quantiles.
    """
    rows: list[Metric] = []
    for name, base, candidate, whole in connection.execute(_WORDS, {"track": TRACK, "all": ALL}).fetchall():
        words = {
            "base": np.asarray(base, dtype=np.float64),
            "candidate": np.asarray(candidate, dtype=np.float64),
        }
        for side in SIDES:
            rows.append(of_interval("length", name, side, paired_mean_interval(words[side]), STUDENT))
        change = paired_mean_interval(words["candidate"] - words["base"])
        rows.append(of_interval("length", name, "difference", change, STUDENT))
        if whole:
            rows += _quantiles(name, words["base"], words["candidate"], seed)
    return rows


def _quantiles(
    slice_name: str, base: NDArray[np.float64], candidate: NDArray[np.float64], seed: int
) -> list[Metric]:
    """Median and 90th percentile, with percentile bootstrap intervals over prompts, both sides resampled together."""
    levels = list(QUANTILES.values())
    seen = [np.quantile(values, levels) for values in (base, candidate)]
    drawn = [
        np.stack([np.quantile(values[picked], levels, axis=1) for values in (base, candidate)])
        for picked in _resamples(len(base), seed)
    ]
    # Shape (side, level, draw).
    draws = np.concatenate(drawn, axis=2)
    sides: tuple[tuple[MetricSide, NDArray[np.float64], NDArray[np.float64]], ...] = (
        ("base", seen[0], draws[0]),
        ("candidate", seen[1], draws[1]),
        ("difference", seen[1] - seen[0], draws[1] - draws[0]),
    )
    rows = []
    for index, name in enumerate(QUANTILES):
        for side, values, resampled in sides:
            low, high = np.quantile(resampled[index], [0.025, 0.975])
            # One prompt bounds nothing.
            bounds = (float(low), float(high)) if len(base) > 1 else None
            rows.append(
                metric(
                    name,
                    slice_name,
                    side,
                    float(values[index]),
                    bounds,
                    len(base),
                    "words, bootstrap over prompts 95 %",
                )
            )
    return rows


def _resamples(n: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Indices of prompts drawn with replacement, shape (draws, n), some draws at a time."""
    rng = np.random.default_rng(seed)
    size = max(1, _CELLS_AT_ONCE // n)
    for start in range(0, DRAWS, size):
        yield rng.integers(0, n, size=(min(size, DRAWS - start), n))
