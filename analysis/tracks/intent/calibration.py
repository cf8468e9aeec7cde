"""Confidence minus accuracy of each class: an average over all hides a class that became overconfident."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.base.records import ALL, Metric
from analysis.base.sql import queries
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import paired_mean_interval
from analysis.tracks.intent.metric_specs import TRACK, of_interval
from analysis.tracks.intent.settings import intent_settings

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_SQL = queries(__package__, "calibration.sql")

STUDENT = "mean over the texts of the class, Student 95 %"


def class_gaps(connection: duckdb.DuckDBPyConnection, label_column: str) -> list[Metric]:
    """The signed gap of both sides and its paired change, on the slice of each class.

    Args:
        connection: holds `intent_pair` and `membership`.
        label_column: the column that names the class slices.
    """
    rows: list[Metric] = []
    for gold, *gaps in connection.execute(
        _SQL["confidence_by_class"], {"track": TRACK, "all": ALL}
    ).fetchall():
        base, candidate = (np.asarray(gap, dtype=np.float64) for gap in gaps)
        name = f"{label_column}={gold}"
        rows += [
            of_interval("signed_gap", name, "base", paired_mean_interval(base), STUDENT),
            of_interval("signed_gap", name, "candidate", paired_mean_interval(candidate), STUDENT),
            of_interval("signed_gap", name, "difference", paired_mean_interval(candidate - base), STUDENT),
        ]
    return rows


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    rows = class_gaps(context.workbench, intent_settings(context.settings).label)
    return {"metric": metric_table(rows)}


CALIBRATION = Aggregate("intent.calibration", 1, _compute)
