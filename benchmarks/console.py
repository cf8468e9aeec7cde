"""Opening a finished review: import, session, gates; against importing torch, which it must not do."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import Result
from benchmarks.terminal import KEPT_BYTECODE, Console

ROOT = Path(__file__).parents[1]
ROUNDS = 5
OPEN = """
from pathlib import Path
import tui.console.app
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
with ReviewSession.open(Path({store!r}), read_only=True) as session:
    session.gates(); session.slices(); session.queue_page(Scope(), 0, 50)
"""


def sample_review(folder: Path) -> Path:
    """The review of the sample's defective candidate, with all three tracks, to be analysed in `folder`."""
    text = (ROOT / "sample_data" / "review-rc1.toml").read_text("utf-8")
    review = folder / "review.toml"
    for name in ("titles.txt", "intent", "models", "retrieval", "response"):
        (folder / name).symlink_to(ROOT / "sample_data" / name)
    review.write_text(text, "utf-8")
    return review


def sample_store(folder: Path) -> Path:
    """The store of that review, freshly analysed."""
    from analysis.run.pipeline import analyze

    return analyze(sample_review(folder)).store


def _seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=KEPT_BYTECODE)
    return time.perf_counter() - started


def _painted(store: Path) -> float:
    with Console(store) as console:
        return console.painted_s


def run() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        store = sample_store(Path(folder))
        rounds = [
            (_seconds(OPEN.format(store=str(store))), _painted(store), _seconds("import torch"))
            for _ in range(ROUNDS)
        ]
    ours, painted, torch = (statistics.median(column) for column in zip(*rounds, strict=True))
    return [
        Result(
            "process start to gates, slices and first page of the queue", ours, "s", "`import torch` alone", torch,
            torch / ours, "0.5 s to first paint",
        ),
        Result(
            "`assay review` in a terminal of 80x24 to its first screen", painted, "s", "`import torch` alone", torch,
            torch / painted, "0.5 s to first paint",
        ),
    ]  # fmt: skip
