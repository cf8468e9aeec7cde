"""A small real review taken through the cheap stages only, with the workbench still open."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import duckdb

from analysis.base.records import GateInput, GateResult, Metric, ReviewState, Slice
from analysis.plugin.registry import get
from analysis.plugin.stage import StageContext
from analysis.review.gates import evaluate
from analysis.run import pipeline
from analysis.run.check import check_review
from analysis.run.local_engine import LocalEngine, ShardCache
from analysis.tracks.intent.counterfactual import EFFECTS, VARIANTS
from analysis.tracks.intent.metrics import METRICS
from analysis.tracks.intent.predict import PREDICT
from analysis.tracks.intent.track import gate_settings

Change = Callable[[duckdb.DuckDBPyConnection], object]


def unchanged(workbench: duckdb.DuckDBPyConnection) -> None:
    """Leave the predictions as they are."""


def probe(path: Path, after_prediction: Change = unchanged) -> tuple[StageContext, list[Slice]]:
    """Plan variants, predict, change what `after_prediction` changes, then effects and metrics."""
    review = check_review(path).review
    settings = review.tracks["intent"]
    one = pipeline._prepare(get("intent"), settings, review, "cpu", False)
    workbench = duckdb.connect(":memory:")
    for name in ("evidence.sql", "intent.sql"):
        workbench.execute(files("analysis.store").joinpath("schema", name).read_text("utf-8"))
    for table, rows in (
        ("example", one.examples.rows),
        ("slice", one.slices),
        ("membership", one.memberships),
    ):
        pipeline.insert_rows(workbench, table, rows)
    context = StageContext("intent", settings, review, workbench, one.models)
    engine = LocalEngine(ShardCache(path.parent / "shards", fresh=False))
    for stage in (VARIANTS, PREDICT):
        pipeline._run_stage(stage, context, engine, lambda event: None)
    after_prediction(workbench)
    for stage in (EFFECTS, METRICS):
        pipeline._run_stage(stage, context, engine, lambda event: None)
    return context, one.slices


def metrics_of(context: StageContext, name: str) -> dict[tuple[str, str], Metric]:
    """Metrics of one name by slice and side."""
    found = context.workbench.execute(
        "SELECT track, name, slice, side, value, low, high, n, status, why, method FROM metric WHERE name = ?",
        [name],
    ).fetchall()
    return {(row[2], row[3]): Metric(*row) for row in found}


def gates_of(context: StageContext, slices: list[Slice]) -> dict[str, GateResult]:
    """Every gate of the run so far, with nothing said by anybody."""
    metrics = [
        Metric(*row)
        for row in context.workbench.execute(
            "SELECT track, name, slice, side, value, low, high, n, status, why, method FROM metric"
        ).fetchall()
    ]
    given = GateInput(
        run="0" * 12, owner="o", today="2026-11-22", reviewers_required=1, tracks=("intent",),
        metrics=tuple(metrics), slices=tuple(slices), rules=context.review.rules,
        settings={"intent": gate_settings(context.settings, context.workbench)}, expected=(), queue=(), flagged={},
        state=ReviewState((), {}, (), (), None),
    )  # fmt: skip
    return {one.key: one for one in evaluate(given)}
