"""What each step of an analysis costs, and the most memory: CPU seconds, in a process of its own."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

LAST = "queue and publishing"


def measured(review: Path) -> tuple[dict[str, float], float]:
    """Analyse a review in a process of its own, so that its peak is that of the review alone.

    Returns:
        CPU seconds by step, from the end of the step before to its own end, so that planning, loading and keeping its
        rows count; reading goes with the first one. And the peak of the resident memory in megabytes.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (str(review),))


def _measured(review: str) -> tuple[dict[str, float], float]:
    from analysis.plugin.stage import StageProgress
    from analysis.run.pipeline import analyze

    seconds: dict[str, float] = {}
    last = time.process_time()

    def took(event: StageProgress) -> None:
        nonlocal last
        now = time.process_time()
        with_reading = f"reading, and {event.stage}"
        name = with_reading if not seconds or with_reading in seconds else event.stage
        seconds[name] = seconds.get(name, 0.0) + now - last
        last = now

    analyze(Path(review), on_progress=took)
    seconds[LAST] = time.process_time() - last
    return seconds, _peak_mb()


def _peak_mb() -> float:
    """The most memory of this process; `ru_maxrss` would tell what the process that started it held, too."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) / 1024
