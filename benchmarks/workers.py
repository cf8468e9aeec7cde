"""Two workers on one machine against one: wall seconds of the sample's intent review, each of one thread.

To be believed on a machine with two free cores only; `benchmarks.at_size` does it with classifiers of MiniLM size.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.console import ROOT
from benchmarks.measure import Result

ROUNDS = 2


def run() -> list[Result]:
    """One and two in turn; the least of each, and the load of the machine before."""
    load = os.getloadavg()[0]
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for count, times in seconds.items():
            with tempfile.TemporaryDirectory() as folder:
                times.append(_seconds(_review(Path(folder)), count))
    one, two = (min(times) for times in seconds.values())
    return [
        Result(
            f"whole `assay analyze` of the sample's intents, two workers (load before: {load:.1f})", two, "s",
            "one worker", one, one / two, "1.7x",
        )
    ]  # fmt: skip


def _review(folder: Path) -> Path:
    """A review of the sample that has intents alone."""
    text = (ROOT / "sample_data" / "review-rare.toml").read_text("utf-8")
    for path in (ROOT / "sample_data").iterdir():
        if not path.name.startswith("review"):
            (folder / path.name).symlink_to(path)
    review = folder / "review.toml"
    review.write_text(text, "utf-8")
    return review


def _seconds(review: Path, workers: int) -> float:
    command = [sys.executable, "-m", "tui.cli", "analyze", str(review), "--workers", str(workers)]
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, check=False
    )
    # Its status is that of the gates.
    if not list(review.parent.glob("*.review/current")):
        raise RuntimeError(done.stderr.decode())
    return time.perf_counter() - started
