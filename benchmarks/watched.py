"""A command and all processes that it starts: wall and CPU seconds, and the memory that they take together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.5
WEIGHED_EVERY = 10
"""Looks from one at the memory to the next: what a process shares takes the kernel long to say."""
_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True)
class Watched:
    """What a command took: seconds, the most memory of all its processes at a look, and how it ended."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    status: int


def watched(
    command: Sequence[str],
    *,
    log: Path,
    env: dict[str, str] | None = None,
    look: Callable[[int, list[int]], object] = lambda pid, children: None,
) -> Watched:
    """Run a command to its end.

    Args:
        command: with its arguments.
        log: what it prints is appended here.
        env: of it.
        look: is called at every look with its number and those of its children, and may kill any of them.

    Returns:
        What it took. Memory is counted in shares (PSS), so that what processes share counts once; CPU seconds of
        processes that ended between two looks are those of the last look.
    """
    began = time.perf_counter()
    cpu: dict[int, float] = {}
    peak, looks = 0.0, 0
    with log.open("ab") as out:
        running = subprocess.Popen(command, stdout=out, stderr=out, env=env, start_new_session=True)
        try:
            while running.poll() is None:
                family = [running.pid, *descendants(running.pid)]
                for pid in family:
                    cpu[pid] = max(cpu.get(pid, 0.0), _cpu_s(pid))
                if looks % WEIGHED_EVERY == 0:
                    peak = max(peak, sum(_pss_mb(pid) for pid in family))
                looks += 1
                look(running.pid, family[1:])
                time.sleep(POLL_S)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()
    return Watched(time.perf_counter() - began, sum(cpu.values()), peak, running.returncode)


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and those that these have."""
    found: list[int] = []
    try:
        for task in (_PROC / str(pid) / "task").iterdir():
            for child in (task / "children").read_text("ascii").split():
                found += [int(child), *descendants(int(child))]
    except OSError:
        return found
    return found


def _cpu_s(pid: int) -> float:
    try:
        fields = (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _pss_mb(pid: int) -> float:
    try:
        rows = (_PROC / str(pid) / "smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(row.split()[1]) for row in rows if row.startswith("Pss:")) / 1024
