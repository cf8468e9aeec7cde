"""How many flips a change of few words reverts, and how many it would by chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.base.records import ALL, Metric
from analysis.base.sql import queries
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import bootstrap_mean, clopper_pearson
from analysis.tracks.intent.metric_specs import TRACK, metric, of_interval

if TYPE_CHECKING:
    import pyarrow as pa

_SQL = queries(__package__, "metrics.sql")


def reverted_metrics(flips: Sequence[tuple[bool, float | None]], seed: int) -> list[Metric]:
    """The share of flips reverted, and what random changes of the same size do to those.

    Args:
        flips: for each, whether something reverts it, and the share of random changes of that size which do, in
            [0, 1]; None where there were none to try.
        seed: of the bootstrap over flips.

    Returns:
        No metric where there is no flip.
    """
    if not flips:
        return []
    reverted, n = sum(reverts for reverts, _ in flips), len(flips)
    exact = clopper_pearson(reverted, n)
    found = [metric("flips_reverted", ALL, "difference", reverted / n, exact, n, "Clopper-Pearson")]
    rates = np.array([rate for reverts, rate in flips if reverts and rate is not None], dtype=np.float64)
    if len(rates):
        mean = bootstrap_mean(rates, None, 0.95, seed)
        found.append(of_interval("flips_reverted_random", ALL, "difference", mean, "bootstrap over flips"))
    return found


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    asked = {"all": ALL, "track": TRACK}
    flips = context.workbench.execute(_SQL["flips_reverted"], asked).fetchall()
    return {"metric": metric_table(reverted_metrics(flips, context.seed))}


REVERTED = Aggregate("intent.reverted", 1, _compute, after_queue=True)
