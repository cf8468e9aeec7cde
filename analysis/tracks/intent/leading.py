"""Which gradient method leads: layer-wise relevance where its rules hold on both sides, else integrated gradients.

The leading method stands for its family: deletion has to agree with it, it is compared with re-initialised models, and
enrichment is read from it. What the test of the rules said of each side is the metric `relevance_holds`, so that a run
knows which method led it, and a reader why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from analysis.attribution.relevance_check import refusal
from analysis.base.records import ALL, SIDES, Side
from analysis.base.sql import column, queries
from analysis.models.classifier_pair import classifiers
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import PlanContext, RunContext, Shard, Stage
from analysis.tracks.intent.metric_specs import TRACK, metric
from analysis.tracks.intent.names import INTEGRATED_GRADIENTS, LRP

if TYPE_CHECKING:
    import duckdb

    from analysis.models.load_classifier import LoadedClassifier

_SQL = queries(__package__, "stages.sql")


def leading_method(models: Mapping[Side, LoadedClassifier]) -> str:
    """The gradient method that leads for these sides."""
    return INTEGRATED_GRADIENTS if any(refusal(one.model) for one in models.values()) else LRP


def led_by(connection: duckdb.DuckDBPyConnection) -> str:
    """The gradient method that leads in the run whose workbench this is."""
    (refused,) = column(connection, _SQL["relevance_refused"], {"track": TRACK})
    return INTEGRATED_GRADIENTS if refused else LRP


def _plan(context: PlanContext) -> list[Shard]:
    return [Shard({}, None, len(SIDES))]


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    refusals = {side: refusal(classifiers(context.models).side(side).model) for side in SIDES}
    rows = [
        metric("relevance_holds", ALL, side, float(not why), None, None, LRP, why=why)
        for side, why in refusals.items()
    ]
    return {"metric": metric_table(rows)}


LEADING = Stage("intent.leading", 1, _plan, _run, asks_models=True)
