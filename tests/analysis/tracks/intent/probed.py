"""A small real review taken through the cheap stages only, with the workbench still open."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import duckdb

from analysis.base.gate_records import GateInput, GateResult
from analysis.base.records import Metric, Slice
from analysis.base.review_records import ReviewState
from analysis.base.sql import sql_text
from analysis.data.memberships import membership_rows
from analysis.plugin.registry import get, specs_of
from analysis.plugin.stage import PlanContext
from analysis.review.evaluate import evaluate
from analysis.run import pipeline
from analysis.run.check import check_review
from analysis.run.leases import Leases
from analysis.run.local_engine import LocalEngine
from analysis.run.run_clock import RunClock
from analysis.run.shard_cache import ShardCache
from analysis.store.files import make_directory
from analysis.store.run import SCHEMA, create_evidence_tables
from analysis.tracks.intent.counterfactual import EFFECTS, VARIANTS
from analysis.tracks.intent.metrics import METRICS
from analysis.tracks.intent.predict import PREDICT
from tests.analysis.store_fixture import SHELF

Change = Callable[[duckdb.DuckDBPyConnection], object]


def empty_workbench() -> duckdb.DuckDBPyConnection:
    """A workbench with the tables of a run of the track, and nothing in them."""
    workbench = duckdb.connect(":memory:")
    make_tables(workbench)
    return workbench


def attached_run() -> duckdb.DuckDBPyConnection:
    """A connection to which a run of the track is attached that holds nothing."""
    connection = duckdb.connect(":memory:")
    connection.execute("ATTACH ':memory:' AS evidence; USE evidence")
    create_evidence_tables(connection, [sql_text(SCHEMA, "evidence.sql"), get("intent").schema()])
    connection.execute("USE memory")
    return connection


def make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of a run of the track in the catalog that is in use."""
    for schema in (sql_text(SCHEMA, "evidence.sql"), get("intent").schema()):
        connection.execute(schema)


def unheard() -> RunClock:
    """The clock of a run of the track that nobody waits for."""
    return RunClock({"intent": {}}, lambda event: None)


def unchanged(workbench: duckdb.DuckDBPyConnection) -> None:
    """Leave the predictions as they are."""


def probe(path: Path, after_prediction: Change = unchanged) -> tuple[PlanContext, list[Slice]]:
    """Plan variants, predict, change what `after_prediction` changes, then effects and metrics."""
    checked = check_review(path, trial=False)
    review, (one,) = checked.review, checked.prepared
    workbench = empty_workbench()
    for table, rows in (("example", one.examples.rows), ("slice", one.slices)):
        pipeline.insert_rows(workbench, table, rows)
    pipeline.insert_arrow(workbench, "membership", membership_rows("intent", one.members))
    context = PlanContext(
        "intent", one.settings, review.review.seed, one.models, review=review, workbench=workbench
    )
    # What a process predicted before, of the same texts with the same models, need not be predicted again.
    shelf = Path(os.environ[SHELF]) / f"probed-{os.getpid()}"
    make_directory(shelf)
    engine = LocalEngine(ShardCache(shelf / "shards"), Leases(shelf / "leases"))
    for step in (VARIANTS, PREDICT):
        pipeline._run_step(step, context, engine, unheard())
    after_prediction(workbench)
    for step in (EFFECTS, METRICS):
        pipeline._run_step(step, context, engine, unheard())
    return context, one.slices


def all_metrics(context: PlanContext) -> list[Metric]:
    """Every metric so far."""
    columns = ", ".join(Metric.__slots__)
    rows = context.workbench.execute(f"SELECT {columns} FROM metric ORDER BY ALL").fetchall()
    return [Metric(*row) for row in rows]


def metrics_of(context: PlanContext, name: str) -> dict[tuple[str, str], Metric]:
    """Metrics of one name by slice and side."""
    return {(one.slice, one.side): one for one in all_metrics(context) if one.name == name}


def gates_of(context: PlanContext, slices: list[Slice]) -> dict[str, GateResult]:
    """Every gate of the track on the run so far, with nothing said by anybody."""
    track = get("intent")
    given = GateInput(
        run="0" * 12, owner="o", today="2026-11-22", reviewers_required=1, tracks=("intent",),
        metrics=tuple(all_metrics(context)), specs={"intent": specs_of("intent")}, slices=tuple(slices),
        rules={gate.name: context.review.rules[gate.name] for gate in track.gates()},
        settings={"intent": {
            **track.measured_for_gates(context.settings, context.workbench),
            **track.declared_for_gates(context.settings.as_recorded()),
        }}, expected=(), queue=(),
        flagged={}, state=ReviewState((), {}, (), (), None),
    )  # fmt: skip
    return {one.key: one for one in evaluate(given, track.gates())}
