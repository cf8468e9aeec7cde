"""The engine that runs the shards of stages in this process, beside helpers of this machine and other workers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.run.helpers import Helper
from analysis.run.shard_cache import ShardCache

if TYPE_CHECKING:
    import pyarrow as pa

    from analysis.plugin.stage import RunContext, Shard, Stage
    from analysis.run.leases import Leases
    from analysis.run.progress import StageClock

POLL_S = 0.1
"""How often it is looked whether another worker has finished what this one waits for."""


class LocalEngine:
    """Runs shards one by one in this process, unless the cache has them or another worker is at them.

    Args:
        cache: of the store; what is finished anywhere is there.
        leases: of the store.
        helpers: other processes of this machine that take up shards of the same stage.
    """

    def __init__(self, cache: ShardCache, leases: Leases, helpers: Sequence[Helper] = ()) -> None:
        self.cache = cache
        self.leases = leases
        self.helpers = list(helpers)

    def run(
        self, stage: Stage, context: RunContext, shards: Sequence[Shard], clock: StageClock
    ) -> list[dict[str, pa.Table]]:
        """The rows of every shard by table, in the order of the shards, whoever computed them.

        Raises:
            AssayError: a shard cannot be computed here or by a helper, or kept.
        """
        paths = [self.cache.path(stage, context, shard) for shard in shards]
        found: list[dict[str, pa.Table] | None] = [self.cache.load(path) for path in paths]
        for number, tables in enumerate(found):
            if tables is not None:
                clock.finish(number, cached=True)
        if None in found:
            self.compute_missing(stage, context, shards, paths, found, clock)
        return [tables for tables in found if tables is not None]

    def compute_missing(
        self,
        stage: Stage,
        context: RunContext,
        shards: Sequence[Shard],
        paths: Sequence[Path],
        found: list[dict[str, pa.Table] | None],
        clock: StageClock,
    ) -> None:
        """Put the rows of what is missing into `found`, and into the cache. Raises AssayError."""
        missing = [number for number, tables in enumerate(found) if tables is None]
        units = [(paths[number], shards[number]) for number in missing]
        self.helpers = [one for one in self.helpers if one.ask(stage, context, units)]
        while missing:
            waiting = self._pass(stage, context, shards, paths, missing, found, clock)
            self._hear_of_failures()
            if len(waiting) == len(missing):
                time.sleep(POLL_S)
            missing = waiting

    def _pass(
        self,
        stage: Stage,
        context: RunContext,
        shards: Sequence[Shard],
        paths: Sequence[Path],
        missing: Sequence[int],
        found: list[dict[str, pa.Table] | None],
        clock: StageClock,
    ) -> list[int]:
        """Take up what nobody is at, and what others have finished since; the numbers that others are still at."""
        waiting = []
        for number in missing:
            tables = self.cache.load(paths[number])
            if tables is None:
                with self.leases.held(paths[number].name) as mine:
                    # It may have been finished between the look and the lease.
                    tables = self.cache.load(paths[number]) if mine else None
                    if mine and tables is None:
                        clock.start(number)
                        tables = self.compute(stage, context, shards[number])
                        self.cache.save(paths[number], tables)
            if tables is None:
                waiting.append(number)
            else:
                found[number] = tables
                clock.finish(number)
        return waiting

    def compute(self, stage: Stage, context: RunContext, shard: Shard) -> dict[str, pa.Table]:
        """The rows of one shard by table."""
        return stage.run(context, shard)

    def _hear_of_failures(self) -> None:
        """Raise what a helper failed of; one that was killed is done without."""
        for one in tuple(self.helpers):
            if not one.is_alive():
                self.helpers.remove(one)
