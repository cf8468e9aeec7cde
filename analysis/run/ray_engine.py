"""The engine that has shards computed by actors of a Ray cluster: a fixed pool, one shard at a time each.

What an actor fails of comes back as a value, so that one bad shard names itself; an actor or node that dies loses the
shard that it was at, which another takes up. Results are kept in the store's cache by the process that plans, so nodes
need the models and the program, and no access to the store.

Source of what is known of the cluster: measured with Ray 2.60; actors that together ask for all CPUs of a small
cluster starve what feeds them, so one CPU is always left.
"""

from __future__ import annotations

import importlib
import os
import pickle
import socket
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.base.errors import AssayError
from analysis.run.local_engine import LocalEngine
from analysis.run.shard_cache import ShardCache

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from analysis.plugin.stage import RunContext, Shard, Stage
    from analysis.run.leases import Leases
    from analysis.run.progress import StageClock

WATCH_S = 10.0
"""So often it is looked whether the pool is alive while no shard is finished."""
PATIENCE_S = 120.0
"""A pool of which no actor is alive or started for so long is given up."""
REACH_S = 5.0
"""So long a cluster is waited for."""
TRIES = 3
"""Actors that one shard may take with it before it is the shard's fault."""


class ShardActor:
    """What runs in an actor's process. Keeps the models that it has loaded.

    Args:
        threads: for tensors.
    """

    def __init__(self, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        self._contexts: dict[bytes, RunContext] = {}

    def ready(self) -> int:
        """The number of the process, once it stands."""
        return os.getpid()

    def run(
        self, stage: Stage, pickled: bytes, shard: Shard
    ) -> tuple[dict[str, pa.Table] | None, AssayError | None]:
        """The rows of a shard by table, or what was wrong."""
        try:
            if pickled not in self._contexts:
                self._contexts[pickled] = pickle.loads(pickled)
            return stage.run(self._contexts[pickled], shard), None
        except AssayError as error:
            return None, error
        except Exception:
            return None, AssayError(f"a shard of {stage.name} failed in an actor:\n{traceback.format_exc()}")


class RayEngine(LocalEngine):
    """Has the shards of a stage computed by the actors of a cluster.

    Args:
        cache: of the store.
        leases: of the store; not used by actors, whose pool is planned here.
        pool: the actors.
    """

    def __init__(self, cache: ShardCache, leases: Leases, pool: Pool) -> None:
        super().__init__(cache, leases)
        self.pool = pool

    def compute_missing(
        self,
        stage: Stage,
        context: RunContext,
        shards: Sequence[Shard],
        paths: Sequence[Path],
        found: list[dict[str, pa.Table] | None],
        clock: StageClock,
    ) -> None:
        missing = [number for number, tables in enumerate(found) if tables is None]
        pickled = pickle.dumps(context)
        work = [(number, (stage, pickled, shards[number])) for number in missing]
        for number, tables in self.pool.results(work, clock):
            self.cache.save(paths[number], tables)
            found[number] = tables
            clock.finish(number)


class Pool:
    """Actors of a cluster, replaced as they die.

    Args:
        actors: how many.
        resources: of each, as Ray names them.
        threads: of each.
    """

    def __init__(self, actors: int, resources: dict[str, float], threads: int) -> None:
        self.actors = actors
        ray = self._ray = imported_ray()
        self._class: Any = ray.remote(ShardActor).options(**resources)
        self._threads = threads
        self._starting: dict[Any, Any] = {}
        self._idle: list[Any] = []
        self._lost: Counter[int] = Counter()
        for _ in range(actors):
            self._start()

    def _start(self) -> None:
        actor = self._class.remote(self._threads)
        self._starting[actor.ready.remote()] = actor

    def results(
        self, work: Sequence[tuple[int, tuple[Any, ...]]], clock: StageClock
    ) -> Iterator[tuple[int, dict[str, pa.Table]]]:
        """The tables of each piece of work, as they are finished.

        Raises:
            AssayError: what an actor says of a shard; a shard that takes its actors with it; a cluster without actors.
        """
        open_work = list(reversed(work))
        busy: dict[Any, tuple[Any, int, tuple[Any, ...]]] = {}
        silent = 0.0
        while open_work or busy:
            while self._idle and open_work:
                actor = self._idle.pop()
                number, given = open_work.pop()
                clock.start(number)
                busy[actor.run.remote(*given)] = (actor, number, given)
            done, _ = self._ray.wait([*busy, *self._starting], num_returns=1, timeout=WATCH_S)
            silent = 0.0 if done or busy else silent + WATCH_S
            if silent >= PATIENCE_S:
                raise AssayError(
                    f"no actor of the cluster has started for {PATIENCE_S:.0f} s",
                    where="--engine ray",
                    hint="see `ray status`: free CPUs or GPUs, or give fewer --workers; what is finished is kept",
                )
            for future in done:
                if future in self._starting:
                    self._started(future)
                    continue
                actor, number, given = busy.pop(future)
                try:
                    tables, error = self._ray.get(future)
                except self._ray.exceptions.RayError as lost:
                    self._bury(number, lost)
                    open_work.append((number, given))
                    continue
                self._idle.append(actor)
                if error is not None:
                    raise error
                yield number, tables

    def _started(self, future: Any) -> None:
        """Take an actor into the pool; one that died before it stood is started again."""
        actor = self._starting.pop(future)
        try:
            self._ray.get(future)
        except self._ray.exceptions.RayError:
            self._start()
        else:
            self._idle.append(actor)

    def _bury(self, number: int, lost: Exception) -> None:
        """An actor died, or its node: another is started, unless this shard has killed enough of them."""
        self._lost[number] += 1
        if self._lost[number] >= TRIES:
            raise AssayError(
                f"{TRIES} actors died at the same shard, most likely for lack of memory: {type(lost).__name__}",
                where="--engine ray",
                hint="give fewer --workers, so that each has more memory, then run the same command again: it goes on",
            ) from lost
        self._start()


@dataclass(frozen=True)
class RayCluster:
    """Where actors run, and how many.

    Args:
        address: of a cluster, as Ray writes it; None starts one on this machine.
        actors: how many; None takes one for each GPU where the run is on GPUs, else as many as there are CPUs but one.
    """

    address: str | None = None
    actors: int | None = None


@contextmanager
def ray_pool(cluster: RayCluster, device: str) -> Iterator[Pool]:
    """A pool of actors for the length of a `with` block.

    Args:
        cluster: where they run.
        device: `cpu` or `cuda`, of the run.

    Raises:
        AssayError: Ray is not installed, or no cluster answers.
    """
    ray = imported_ray()
    if cluster.address:
        _reach(cluster.address)
    try:
        local = {} if cluster.address else {"include_dashboard": False}
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR", **local)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise AssayError(
            f"no Ray cluster answers: {error}",
            where="--ray-address",
            hint="give the address that `ray start` printed",
        ) from error
    try:
        has = ray.cluster_resources()
        cpus, gpus = has.get("CPU", 1.0), has.get("GPU", 0.0)
        on_gpu = device.startswith("cuda") and gpus > 0
        count = cluster.actors or int(gpus if on_gpu else max(1.0, cpus - 1))
        own = min(1.0, max(0.1, (cpus - 1) / count)) if cpus > 1 else 0.1
        resources = {"num_cpus": own, **({"num_gpus": gpus / count} if on_gpu else {})}
        yield Pool(count, resources, max(1, int(own)))
    finally:
        ray.shutdown()


def imported_ray() -> Any:
    """The module. Raises AssayError where it is not installed."""
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise AssayError(
            "Ray is not installed", where="--engine ray", hint="pip install 'assay-review[ray]'"
        ) from None


def _reach(address: str) -> None:
    """Raise AssayError where nothing listens at an address: Ray itself would try for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not (host and port.isdigit()):
        return
    try:
        socket.create_connection((host, int(port)), REACH_S).close()
    except (OSError, OverflowError) as error:
        raise AssayError(
            f"no Ray cluster answers at {address}: {error}",
            where="--ray-address",
            hint="give the address that `ray start` printed",
        ) from None
