"""Shards computed by actors of a Ray cluster: the same evidence, though an actor or a node is killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from analysis.base.errors import AssayError
from analysis.plugin.stage import StageProgress
from analysis.run import ray_engine
from analysis.run.pipeline import analyze
from analysis.run.ray_engine import Pool, RayCluster, ray_pool
from analysis.store.run import current_run
from tests.analysis.store_fixture import write_review
from tests.analysis.test_shards import rows

ray: Any = pytest.importorskip("ray", reason="Ray is an optional extra, and not installed here")
cluster_utils: Any = pytest.importorskip("ray.cluster_utils")
pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return analyze(write_review(tmp_path_factory.mktemp("alone") / "review")).store


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[Pool]:
    """The pools that are made, so that a test can find their actors."""
    made: list[Pool] = []

    class Watched(Pool):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            made.append(self)

    monkeypatch.setattr(ray_engine, "Pool", Watched)
    return made


def test_actors_of_two_nodes_make_the_evidence_of_one_process(
    alone: Path, tmp_path: Path, pools: list[Pool]
) -> None:
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        second = cluster.add_node(num_cpus=1)
        done: list[str] = []

        def kill(event: StageProgress) -> None:
            if event.stage == "intent.predict" and "actor" not in done:
                done.append("actor")
                (actor, *_) = pools[0]._idle
                os.kill(ray.get(actor.ready.remote()), signal.SIGKILL)
            if event.stage == "intent.options" and "node" not in done:
                done.append("node")
                cluster.remove_node(second, allow_graceful=False)

        made = analyze(
            write_review(tmp_path / "review"), ray=RayCluster(cluster.address, 2), on_progress=kill
        )
    finally:
        cluster.shutdown()
    assert done == ["actor", "node"]
    assert current_run(made.store) == current_run(alone)
    assert rows(made.store) == rows(alone)


def test_what_an_actor_fails_of_is_said(tmp_path: Path) -> None:
    review = write_review(tmp_path / "review")

    def break_model(event: StageProgress) -> None:
        if event.stage == "intent.predict":
            for weights in review.parent.rglob("*.safetensors"):
                weights.write_bytes(b"")

    with pytest.raises(AssayError) as said:
        analyze(review, ray=RayCluster(actors=1), on_progress=break_model)
    assert said.value.where
    assert not (tmp_path / "tiny.review" / "current").exists()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "no-such-host.invalid:6379"])
def test_no_cluster_is_an_error_of_one_sentence(address: str) -> None:
    with pytest.raises(AssayError, match="no Ray cluster answers at"), ray_pool(RayCluster(address), "cpu"):
        pass
