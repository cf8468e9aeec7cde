"""Paired tests, also for clusters and labelled samples, exact bounds, corrections for many tests, means, likeness.

Leaves: pure functions of numbers. Nothing here imports SciPy, because the console computes exact bounds
while a reviewer works and may not wait for that import; for the same reason NumPy is imported only with the
first function that takes arrays. A one-sided bound at 97.5 % is that end of a two-sided interval at 95 %.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from analysis.stats.bounds import clopper_pearson, hypergeometric_upper
from analysis.stats.clusters import (
    ClusterCounts,
    ShareCounts,
    cluster_counts,
    clustered_interval,
    clustered_share,
    design_effect,
    effective_n,
    share_effect,
)
from analysis.stats.fisher import fisher_exact
from analysis.stats.paired import (
    TaroneHolm,
    detectable_loss,
    holm,
    mcnemar_one_sided,
    tango_interval,
    tarone_holm,
)
from analysis.stats.prediction_powered import (
    LOOKS,
    LeadMoments,
    NetRise,
    lead_moments,
    look_at,
    look_share,
    looks,
    net_rise,
    pairs_needed,
)

if TYPE_CHECKING:
    from analysis.stats.calibration import brier, expected_calibration_error
    from analysis.stats.means import (
        Interval,
        bootstrap_mean,
        bootstrap_t_mean,
        clustered_mean,
        paired_mean_interval,
        two_way_mean,
    )
    from analysis.stats.representations import cosines, debiased_cka, neighbour_overlap

__all__ = [
    "LOOKS",
    "ClusterCounts",
    "Interval",
    "LeadMoments",
    "NetRise",
    "ShareCounts",
    "TaroneHolm",
    "bootstrap_mean",
    "bootstrap_t_mean",
    "brier",
    "clopper_pearson",
    "cluster_counts",
    "clustered_interval",
    "clustered_mean",
    "clustered_share",
    "cosines",
    "debiased_cka",
    "design_effect",
    "detectable_loss",
    "effective_n",
    "expected_calibration_error",
    "fisher_exact",
    "holm",
    "hypergeometric_upper",
    "lead_moments",
    "look_at",
    "look_share",
    "looks",
    "mcnemar_one_sided",
    "neighbour_overlap",
    "net_rise",
    "paired_mean_interval",
    "pairs_needed",
    "share_effect",
    "tango_interval",
    "tarone_holm",
    "two_way_mean",
]

_WITH_ARRAYS = {
    "Interval": "means",
    "bootstrap_mean": "means",
    "bootstrap_t_mean": "means",
    "clustered_mean": "means",
    "paired_mean_interval": "means",
    "two_way_mean": "means",
    "cosines": "representations",
    "debiased_cka": "representations",
    "neighbour_overlap": "representations",
    "brier": "calibration",
    "expected_calibration_error": "calibration",
}


def __getattr__(name: str) -> Any:
    if name not in _WITH_ARRAYS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WITH_ARRAYS[name]}"), name)
