"""Work on what strangers wrote, in a process of its own that has so much memory and so much time and no more.

A limit that is looked at between two steps of some library is none: one step can take all there is. The system holds
these: the child asks for them before it touches anything that was given to it, and ends with its parent.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import analysis

MEMORY_BYTES = 2 << 30
"""Memory that the work may take beside what its libraries take."""
_STARTING_S = 60.0
"""What a busy machine may take to start a process, beside the time of the work itself."""
NO_MEMORY = 75
"""Exit status of a child whose work ran out of memory, where the library said so."""
_SET_PARENT_DEATH_SIGNAL = 1


class LimitError(Exception):
    """The work did not end within its limits.

    Attributes:
        of: `time`, `memory`, or `failed` where the process ended in another way.
    """

    def __init__(self, of: Literal["time", "memory", "failed"], told: str = "") -> None:
        super().__init__(told or of)
        self.of = of


def run_limited(module: str, given: bytes, *, seconds: float) -> bytes:
    """Give something to `python -m MODULE` and return what it writes; it must call `limit` first of all.

    Args:
        module: that reads its standard input and writes its answer.
        given: what it reads.
        seconds: of processor time that the work may take; of wall time, more by what a busy machine needs.

    Raises:
        LimitError: it took more time or memory, or ended in another way.
    """
    command = [sys.executable, "-m", module, str(os.getpid()), f"{seconds:g}"]
    try:
        done = subprocess.run(
            command,
            input=given,
            capture_output=True,
            timeout=4 * seconds + _STARTING_S,
            check=False,
            # The code that runs here, wherever it was started; not what lies in its folder.
            cwd=Path(analysis.__file__).parents[1],
            env={**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"},
        )
    except subprocess.TimeoutExpired:
        raise LimitError("time") from None
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise LimitError("time")
    told = done.stderr.decode("utf-8", "replace").strip()
    # Libraries in C++ and Rust abort where they are given no memory.
    if done.returncode in (NO_MEMORY, -signal.SIGABRT, -signal.SIGSEGV):
        raise LimitError("memory", told)
    if done.returncode != 0:
        raise LimitError("failed", told.splitlines()[-1] if told else f"status {done.returncode}")
    return done.stdout


def limit(arguments: list[str]) -> None:
    """Take the limits upon this process, which `run_limited` has started; its libraries are loaded already.

    Args:
        arguments: of the process: its parent, and the seconds that it may take.
    """
    parent, seconds = int(arguments[0]), float(arguments[1])
    end_with(parent)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    most = int(spent.ru_utime + spent.ru_stime + seconds + 1)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit_memory(MEMORY_BYTES)


def limit_memory(extra: int) -> None:
    """Let this process take no more than some bytes beside what it has, for good."""
    memory = _data_bytes() + extra
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


@contextmanager
def memory_limit(extra: int) -> Iterator[None]:
    """Let this process take no more than some bytes beside what it has, while the block runs.

    For one step of a library that asks for memory by what a file says, and tells where it is given none. What other
    threads ask for meanwhile counts as well, so the limit is for what a step may take at the very most.
    """
    held, (soft, hard) = _data_bytes(), resource.getrlimit(resource.RLIMIT_DATA)
    if not held:
        yield
        return
    most = held + extra
    resource.setrlimit(
        resource.RLIMIT_DATA, (most if soft == resource.RLIM_INFINITY else min(most, soft), hard)
    )
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def no_memory() -> None:
    """End the process because its work ran out of memory."""
    os._exit(NO_MEMORY)


def end_with(parent: int) -> None:
    """Let this process end when the one that started it does, however that ends; where the system knows how."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)


def _data_bytes() -> int:
    """Memory that this process may write to already; 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmData:")), 0)
