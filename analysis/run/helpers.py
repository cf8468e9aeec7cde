"""Further processes of this machine that compute shards for a run, beside the one that plans them."""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.base.errors import AssayError

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from analysis.plugin.stage import RunContext, Shard, Stage

LOG = logging.getLogger(__name__)
END_S = 5.0
"""A helper that is told to end is given so long."""


class Helper:
    """One process, which takes up what is asked of it, one stage after the other."""

    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        self.process = process
        self._pipe = pipe

    def ask(self, stage: Stage, context: RunContext, units: Sequence[tuple[Path, Shard]]) -> bool:
        """Name the units of a stage that are missing, with their places in the cache; False where it is gone."""
        try:
            # As bytes, so that the helper knows models that it has loaded already.
            self._pipe.send((stage, pickle.dumps(context), units))
        except (BrokenPipeError, ConnectionError):
            return False
        return True

    def is_alive(self) -> bool:
        """Whether it is still at work; one that was killed leaves its unit to others.

        Raises:
            AssayError: what it failed of.
        """
        try:
            if self._pipe.poll():
                raise self._pipe.recv()
        except (EOFError, ConnectionError):
            LOG.warning("worker %s is gone (%s)", self.process.pid, self.process.exitcode)
            return False
        return True

    def end(self) -> None:
        """End it."""
        self._pipe.close()
        self.process.join(END_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


@contextmanager
def helpers(count: int, root: Path, threads: int) -> Iterator[list[Helper]]:
    """Processes that help for the length of a `with` block.

    Args:
        count: how many.
        root: the store.
        threads: of each, for its tensors.
    """
    spawn = multiprocessing.get_context("spawn")
    made: list[Helper] = []
    try:
        for _ in range(count):
            here, there = spawn.Pipe()
            process = spawn.Process(target=_help, args=(there, root, threads), daemon=True)
            process.start()
            there.close()
            made.append(Helper(process, here))
        yield made
    finally:
        for one in made:
            one.end()


def _help(pipe: Connection, root: Path, threads: int) -> None:
    """Take up units until the pipe is closed; say what failed."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import torch

    from analysis.run.leases import Leases
    from analysis.run.shard_cache import ShardCache
    from analysis.store.run import CACHE, LEASES

    torch.set_num_threads(threads)
    cache, leases = ShardCache(root / CACHE), Leases(root / LEASES)
    contexts: dict[bytes, RunContext] = {}
    try:
        while True:
            stage, pickled, units = pipe.recv()
            if pickled not in contexts:
                contexts[pickled] = pickle.loads(pickled)
            context = contexts[pickled]
            for path, shard in units:
                if path.is_dir():
                    continue
                with leases.held(path.name) as mine:
                    if mine and not path.is_dir():
                        cache.save(path, stage.run(context, shard))
    except EOFError:
        return
    except AssayError as error:
        pipe.send(error)
    except Exception:
        pipe.send(RuntimeError(f"in a worker:\n{traceback.format_exc()}"))


def _end_with_parent() -> None:
    """End with the process that plans: nobody would keep what is computed after it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
