"""From a review file to a published run: stages in order, resumable, progress as events."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.records import Flag
from analysis.base.sql import identifier, sql_text
from analysis.data.memberships import membership_rows
from analysis.models.threads import tune_threads
from analysis.plugin.alpha import declared_for_gates
from analysis.plugin.metric import check_declared, spec_by_name
from analysis.plugin.registry import get
from analysis.plugin.settings import Review
from analysis.plugin.stage import Aggregate, PlanContext, Stage, StageProgress, Step
from analysis.review.plan import newest_plan
from analysis.review.reuse import CandidateRun
from analysis.run.call import call_for_help, read_call
from analysis.run.device import device_of
from analysis.run.foreseen import Foreseen, after_plan, drawn_by, foresee
from analysis.run.helpers import helpers
from analysis.run.leases import Leases
from analysis.run.local_engine import LocalEngine
from analysis.run.predecessors import pinned
from analysis.run.prepared import Prepared
from analysis.run.queue import build_queue, draw_known_answers, selected_refs
from analysis.run.ray_engine import RayCluster, RayEngine, ray_pool
from analysis.run.run_clock import RunClock
from analysis.run.shard_cache import ShardCache
from analysis.store.run import (
    CACHE,
    LEASES,
    SCHEMA,
    create_store,
    open_store,
    publish,
    run_exists,
    run_id,
    run_names,
)
from analysis.text.searched import searched_rows

ROWS_AT_ONCE = 20_000
"""Rows that are made into one Arrow batch."""

OnProgress = Callable[[StageProgress], None]


@dataclass(frozen=True)
class Published:
    """What `analyze` did: `created` is False where the same run existed already."""

    store: Path
    run: str
    created: bool
    skipped: int


def analyze(
    path: Path,
    *,
    fresh: bool = False,
    skip_bad_rows: bool = False,
    workers: int = 1,
    ray: RayCluster | None = None,
    group: str | None = None,
    on_progress: OnProgress | None = None,
) -> Published:
    """Run both models side by side and publish the evidence as an immutable run.

    Args:
        path: the review file.
        fresh: forget the cached shards and compute everything again.
        skip_bad_rows: go on without rows that cannot be read; the run says how many.
        workers: processes of this machine that compute, at least 1; others may help by `help_analyze`.
        ray: the cluster whose actors compute, in place of processes of this machine.
        group: a Unix group whose members share the store from now on.
        on_progress: called after every shard, and while a long one is run.

    Raises:
        AssayError: anything wrong with the review file, the data, the models or the store.
    """
    work = foresee(path, skip_bad_rows=skip_bad_rows)
    store = create_store(work.review.store_path, group)
    description = after_plan({**work.description, "after": run_names(store)}, newest_plan(store))
    run = run_id(description)
    if run_exists(store, run) and not fresh:
        publish(store, None, description)
        return Published(store, run, created=False, skipped=work.skipped)
    threads = tune_threads(work.parameters, workers)
    for one in work.prepared:
        # As `check` does: what fails, fails before anything is kept.
        one.track.trial(one.models, one.examples, one.settings, work.review)
    cache = ShardCache(store / CACHE, fresh=fresh)
    leases = Leases(store / LEASES)
    with ExitStack() as running:
        running.enter_context(call_for_help(store, path, run, skip_bad_rows))
        if ray is None:
            helping = running.enter_context(helpers(workers - 1, store, threads))
            engine, count = LocalEngine(cache, leases, helping), workers
        else:
            pool = running.enter_context(ray_pool(ray, device_of(work.review)))
            engine, count = RayEngine(cache, leases, pool), pool.actors
        workbench, schemas = _measure(work, engine, _clock(work, on_progress, count))
    description = _with_gate_settings(description, work, workbench)
    publish(store, workbench, description, schemas=schemas)
    return Published(store, run, created=True, skipped=work.skipped)


def help_analyze(store: Path, *, on_progress: OnProgress | None = None) -> str:
    """Compute what is missing of the run that is being made in a store, beside whoever makes it; publishes nothing.

    Everything is planned here as it is there, from the same files, so that nothing but finished work travels.

    Args:
        store: its folder.
        on_progress: called after every shard, and while a long one is run.

    Returns:
        The name of the run.

    Raises:
        AssayError: no run is being made; review file, data or models are not the same here as there; and whatever
            `analyze` raises.
    """
    called = read_call(open_store(store))
    work = foresee(called.review, skip_bad_rows=called.skip_bad_rows)
    if run_id(after_plan(work.description, newest_plan(store))) != called.run:
        raise AssayError(
            "the run that is being made there is another than this review file makes here",
            where=str(called.review),
            hint="review file, data, models, device and versions of libraries must be the same on both machines",
        )
    tune_threads(work.parameters)
    engine = LocalEngine(ShardCache(store / CACHE), Leases(store / LEASES))
    _measure(work, engine, _clock(work, on_progress))
    return called.run


def _clock(work: Foreseen, on_progress: OnProgress | None, workers: int = 1) -> RunClock:
    """What the steps of all tracks are expected to take, and whom it is told what they took. Raises AssayError."""
    expected = {
        one.track.name: one.track.expected(one.models, one.examples, one.settings, work.review)
        for one in work.prepared
    }
    return RunClock(expected, on_progress or (lambda event: None), workers)


def _measure(
    work: Foreseen, engine: LocalEngine, clock: RunClock
) -> tuple[duckdb.DuckDBPyConnection, list[str]]:
    """The evidence of every track in a workbench, and the schemas that it is in."""
    workbench = duckdb.connect(":memory:")
    # A fifth of what the same rows take in a database in memory that is not compressed.
    workbench.execute("ATTACH ':memory:' AS workbench (COMPRESS); USE workbench")
    schemas = [
        sql_text(SCHEMA, "evidence.sql"),
        *(sql for one in work.prepared if (sql := one.track.schema())),
    ]
    for schema in schemas:
        workbench.execute(schema)
    for one in work.prepared:
        _declare(one, workbench)
        insert_arrow(workbench, "taught", work.taught.rows(one.track.name))
    flags: list[Flag] = []
    for one in work.prepared:
        flags.extend(_run_track(one, work.review, work.previous, workbench, engine, clock))
    insert_rows(workbench, "flag", flags)
    _insert_searched(workbench)
    return workbench, schemas


def insert_rows(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Any]) -> None:
    """Append dataclass rows to a table of the same columns, in Arrow batches."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        columns = [field.name for field in dataclasses.fields(part[0])]
        insert_arrow(
            connection, table, pa.table({name: [getattr(row, name) for row in part] for name in columns})
        )


def insert_arrow(connection: duckdb.DuckDBPyConnection, table: str, arrow: pa.Table) -> None:
    """Append an Arrow table to a table of the workbench, by column name."""
    connection.register("incoming", arrow)
    connection.execute(f"INSERT INTO {identifier(table)} BY NAME SELECT * FROM incoming")
    connection.unregister("incoming")


def _with_gate_settings(
    description: dict[str, Any], work: Foreseen, workbench: duckdb.DuckDBPyConnection
) -> dict[str, Any]:
    declared = declared_for_gates(work.review.rules, work.review.as_recorded())
    settings = {
        one.track.name: {
            **one.track.measured_for_gates(one.settings, workbench),
            **declared[one.track.name],
        }
        for one in work.prepared
    }
    return {**description, "gate_settings": settings}


def _run_track(
    one: Prepared,
    review: Review,
    previous: Sequence[CandidateRun],
    workbench: duckdb.DuckDBPyConnection,
    engine: LocalEngine,
    clock: RunClock,
) -> list[Flag]:
    """Cheap stages on all examples, queue, costly stages on the selected ones, queue again, and the rest."""
    # Before the workbench holds anything: both together are the most that a run of many examples takes.
    _insert_clusters(workbench, one)
    drawn = drawn_by(one, review)
    insert_rows(workbench, "example", one.examples.rows)
    workbench.register("incoming", one.examples.metadata)
    workbench.execute(f"CREATE TABLE {identifier(f'metadata_{one.track.name}')} AS SELECT * FROM incoming")
    workbench.unregister("incoming")
    for table, rows in one.examples.payload.items():
        insert_arrow(workbench, table, rows)
    members = one.members
    one.forget()
    # What was inserted is compressed, as in a file.
    workbench.execute("CHECKPOINT")
    insert_rows(workbench, "slice", one.slices)
    insert_arrow(workbench, "membership", membership_rows(one.track.name, members))
    workbench.execute("CHECKPOINT")
    del members
    pa.default_memory_pool().release_unused()
    context = PlanContext(
        one.track.name,
        one.settings,
        review.review.seed,
        one.models,
        review=review,
        workbench=workbench,
        drawn=drawn,
    )
    for step in one.steps:
        if not (step.costly or step.after_queue):
            _run_step(step, context, engine, clock)
    done: set[str] = set()
    # What the costly stages find raises flags of its own, so the queue is made again, once, and the examples
    # that are new in it get those stages too.
    for also in (one.track.also_costly(workbench, one.settings, review.review.seed), ()):
        queue = _queue(one, review, previous, workbench, drawn)
        refs = selected_refs(
            workbench, one.track.name, queue, review.queue.attribute, review.review.seed, also
        )
        _select(workbench, [ref for ref in refs if ref not in done])
        done.update(refs)
        for step in one.steps:
            if step.costly:
                _run_step(step, context, engine, clock)
    _select(workbench, sorted(done))
    for step in one.steps:
        if step.after_queue:
            _run_step(step, context, engine, clock)
    known = draw_known_answers(
        one.track.known_answers(workbench, one.settings),
        queue,
        review.queue.known_answers,
        drawn,
    )
    insert_rows(workbench, "known_answer", known)
    return queue


def _insert_searched(workbench: duckdb.DuckDBPyConnection) -> None:
    """Write down in which form texts are searched that are not searched as they are."""
    found = searched_rows(workbench.execute("SELECT ref, id, text FROM example").fetchall())
    rows = {
        "ref": pa.array([ref for ref, _ in found], pa.string()),
        "form": pa.array([form for _, form in found], pa.string()),
    }
    insert_arrow(workbench, "searched", pa.table(rows))


def _insert_clusters(workbench: duckdb.DuckDBPyConnection, one: Prepared) -> None:
    """Write down which examples are not independent of each other."""
    clusters = one.track.clusters(one.examples, one.settings)
    rows = {
        "track": pa.array([one.track.name] * len(clusters), pa.string()),
        "ref": pa.array(list(clusters), pa.string()),
        "cluster": pa.array(list(clusters.values()), pa.string()),
    }
    insert_arrow(workbench, "cluster", pa.table(rows))


def _queue(
    one: Prepared,
    review: Review,
    previous: Sequence[CandidateRun],
    workbench: duckdb.DuckDBPyConnection,
    drawn: str,
) -> list[Flag]:
    flags = [*pinned(workbench, one.track, previous), *one.track.flags(workbench, one.settings)]
    share = -(-review.queue.budget // len(review.tracks))
    queue = review.queue.model_copy(update={"budget": share})
    return build_queue(workbench, one.track.name, flags, queue, drawn)


def _select(workbench: duckdb.DuckDBPyConnection, refs: Sequence[str]) -> None:
    workbench.execute("CREATE OR REPLACE TEMP TABLE selected (ref VARCHAR)")
    insert_arrow(workbench, "selected", pa.table({"ref": pa.array(refs, pa.string())}))


def _run_step(step: Step, context: PlanContext, engine: LocalEngine, clock: RunClock) -> None:
    clock.begin(context.track, step.name)
    tables = (
        _run_stage(step, context, engine, clock)
        if isinstance(step, Stage)
        else _compute(step, context, clock)
    )
    for name, parts in tables.items():
        rows = pa.concat_tables(parts, promote_options="permissive")
        if name == "metric":
            _refuse_undeclared(context, rows)
        insert_arrow(context.workbench, name, rows)
    clock.end()


def _compute(step: Aggregate, context: PlanContext, clock: RunClock) -> dict[str, list[pa.Table]]:
    size = step.size(context)
    if size == 0:
        return {}
    started = time.monotonic()
    tables = {name: [table] for name, table in step.compute(context).items()}
    clock.told(StageProgress(step.name, size, size, 0, time.monotonic() - started, None, 1))
    return tables


def _run_stage(
    stage: Stage, context: PlanContext, engine: LocalEngine, clock: RunClock
) -> dict[str, list[pa.Table]]:
    shards = stage.plan(context)
    here = clock.stage(shards)
    runs = dataclasses.replace(context.for_run(), listener=here.hear, learned=here.pace.learned)
    tables: dict[str, list[pa.Table]] = {}
    for rows in engine.run(stage, runs, shards, here):
        for name, table in rows.items():
            tables.setdefault(name, []).append(table)
    return tables


def _declare(one: Prepared, workbench: duckdb.DuckDBPyConnection) -> None:
    """Write down what the track's metrics are and how its methods are called, for whoever reads the run.

    Without models there is no method that anything could be explained by.
    """
    track = one.track
    specs = [
        {"track": track.name, **dataclasses.asdict(spec)}
        for spec in track.metrics_for(one.settings.as_recorded())
    ]
    if specs:
        insert_arrow(workbench, "metric_spec", pa.Table.from_pylist(specs))
    methods = [
        {"track": track.name, "place": place, **dataclasses.asdict(spec)}
        for place, spec in enumerate(track.methods() if one.models else ())
    ]
    if methods:
        insert_arrow(workbench, "attribution_method", pa.Table.from_pylist(methods))


def _refuse_undeclared(context: PlanContext, rows: pa.Table) -> None:
    """Raise AssayError for a metric that the track does not declare: nobody could say what the number is."""
    specs = spec_by_name(get(context.track).metrics_for(context.settings.as_recorded()))
    for name, side in sorted(set(zip(rows["name"].to_pylist(), rows["side"].to_pylist(), strict=True))):
        check_declared(context.track, specs, name, side)
