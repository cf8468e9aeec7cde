"""What each metric of the track is."""

from __future__ import annotations

from analysis.base.records import MetricSpec
from analysis.plugin.metric import ONE, MetricRows

SPECS: tuple[MetricSpec, ...] = (
    MetricSpec(
        "error",
        "mean error",
        "mean difference in hours between an estimate and what was due",
        "hours",
        "level",
        "down",
    ),
    MetricSpec(
        "late",
        "late",
        "share of texts whose estimate is later than due by more than the tolerance",
        "share",
        "level",
        "down",
    ),
    MetricSpec(
        "broken",
        "newly late",
        "texts in time on the base and late on the candidate",
        "texts",
        "count",
        "down",
        ONE,
    ),
    MetricSpec(
        "fixed",
        "no longer late",
        "texts late on the base and in time on the candidate",
        "texts",
        "count",
        "up",
        ONE,
    ),
    MetricSpec(
        "late_p",
        "p of more late texts",
        "exact one-sided McNemar test that the candidate is late more often",
        "probability",
        "p",
        "up",
        ONE,
    ),
)
ROWS = MetricRows("toy", SPECS)
