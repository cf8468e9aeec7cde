"""Two workers on one machine against one, and Ray against a local worker: wall seconds of the sample's intents.

Each has one thread. To be believed on a machine with two free cores only; `benchmarks.at_size` does the first with
classifiers of MiniLM size. Without Ray, or with one core, the second is left out.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.console import ROOT
from benchmarks.measure import Result

ROUNDS = 2


RAY = "ray"


def run() -> list[Result]:
    """In turn, the least of each; the load of the machine before is told with them."""
    load = os.getloadavg()[0]
    ways: dict[str, list[str]] = {"1": ["--workers", "1"], "2": ["--workers", "2"]}
    if importlib.util.find_spec("ray") is not None:
        ways[RAY] = ["--engine", "ray", "--workers", "1"]
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, options in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                seconds[name].append(_seconds(_review(Path(folder)), options))
    least = {name: min(times) for name, times in seconds.items()}
    what = f"whole `assay analyze` of the sample's intents (load before: {load:.1f})"
    one = least["1"]
    found = [Result(f"two workers, {what}", least["2"], "s", "one worker", one, one / least["2"], "1.7x")]
    if RAY in least:
        found.append(Result(f"Ray, one actor, {what}", least[RAY], "s", "one worker", one, one / least[RAY]))
    return found


def _review(folder: Path) -> Path:
    """A review of the sample that has intents alone."""
    text = (ROOT / "sample_data" / "review-rare.toml").read_text("utf-8")
    for path in (ROOT / "sample_data").iterdir():
        if not path.name.startswith("review"):
            (folder / path.name).symlink_to(path)
    review = folder / "review.toml"
    review.write_text(text, "utf-8")
    return review


def _seconds(review: Path, options: list[str]) -> float:
    command = [sys.executable, "-m", "tui.cli", "analyze", str(review), *options]
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, check=False
    )
    # Its status is that of the gates.
    if not list(review.parent.glob("*.review/current")):
        raise RuntimeError(done.stderr.decode())
    return time.perf_counter() - started
