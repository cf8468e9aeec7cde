"""Shards travel: settings and sides are pickled, and a shard gives the same rows in another process."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from analysis.models.classifier_pair import ClassifierPair
from analysis.models.encoder import EncoderPair
from analysis.models.generator import GeneratorPair
from analysis.models.sides import Recorded, Sides
from analysis.models.threads import tune_threads
from analysis.plugin.stage import RunContext, Shard, Stage
from analysis.run import pipeline
from analysis.run.helpers import Helper
from analysis.run.leases import Leases
from analysis.run.local_engine import LocalEngine
from analysis.run.shard_cache import ShardCache
from analysis.store.run import current_run
from tests.analysis.store_fixture import publish_review, write_review
from tests.conftest import MakeClassifier


def rows(store: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of the run in force, but for what names the run."""
    evidence = store / "runs" / current_run(store) / "evidence.duckdb"
    with duckdb.connect(str(evidence), read_only=True) as connection:
        names = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE table_name <> 'meta'"
        ).fetchall()
        return {
            name: connection.execute(f'SELECT * FROM "{name}" ORDER BY ALL').fetchall() for (name,) in names
        }


class Elsewhere(LocalEngine):
    """An engine that runs every shard in another process, from what was pickled."""

    def __init__(self, workers: Executor, cache: ShardCache, leases: Leases) -> None:
        super().__init__(cache, leases)
        self.workers = workers
        self.stages: set[str] = set()

    def compute(self, stage: Stage, context: RunContext, shard: Shard) -> dict[str, pa.Table]:
        self.stages.add(stage.name)
        return self.workers.submit(run_there, pickle.dumps(context), stage.run, shard).result()


@cache
def context_of(pickled: bytes) -> RunContext:
    """What a shard is run with, in the process that runs it."""
    found: RunContext = pickle.loads(pickled)
    return found


def run_there(
    pickled: bytes, run: Callable[[RunContext, Shard], dict[str, pa.Table]], shard: Shard
) -> dict[str, pa.Table]:
    """Run one shard."""
    return run(context_of(pickled), shard)


@pytest.mark.soak
def test_a_run_whose_shards_are_run_in_another_process_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = publish_review(tmp_path / "here.review")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=tune_threads, initargs=(1,)) as workers:
        engines: list[Elsewhere] = []

        def engine(cache: ShardCache, leases: Leases, helping: Sequence[Helper]) -> Elsewhere:
            assert not helping
            engines.append(Elsewhere(workers, cache, leases))
            return engines[-1]

        monkeypatch.setattr(pipeline, "LocalEngine", engine)
        there = pipeline.analyze(write_review(tmp_path / "there"))
    assert current_run(there.store) == current_run(here)
    assert rows(there.store) == rows(here)
    (used,) = engines
    assert used.stages == {
        "intent.found_cues",
        "intent.predict",
        "intent.leading",
        "intent.options",
        "intent.attribution",
        "intent.interventions",
        "intent.change",
        "intent.drift_floor",
        "intent.randomisation",
    }


@pytest.mark.parametrize("kind", [Sides, Recorded, EncoderPair, GeneratorPair])
def test_sides_travel_as_folders_and_device(kind: type[Sides], tmp_path: Path) -> None:
    sides = kind({"base": tmp_path / "a", "candidate": tmp_path / "b"}, "cuda:1")
    again = pickle.loads(pickle.dumps(sides))
    assert type(again) is kind
    assert (again.folders, again.device) == (sides.folders, sides.device)


def test_what_is_loaded_stays_behind(tmp_path: Path, tiny_classifier: MakeClassifier) -> None:
    base, candidate = (tiny_classifier(tmp_path / name, seed=seed) for seed, name in enumerate(("a", "b")))
    pair = ClassifierPair(base, candidate, "cpu")
    before = len(pickle.dumps(pair))
    pair.load()
    assert len(pickle.dumps(pair)) == before < 1000
    again = pickle.loads(pickle.dumps(pair))
    assert again.labels == pair.labels
    assert again.digests == pair.digests
