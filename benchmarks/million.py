"""A finished review with a million examples: its size, its first paint, and what a reader waits for.

Models would take days, so the sample's intent track is analysed, and its run published again with its messages a
thousand times over (`benchmarks.large_store`).
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from pathlib import Path

from analysis.store.run import current_run
from benchmarks.console import ROOT
from benchmarks.large import read_figures
from benchmarks.large_store import grow
from benchmarks.measure import Result
from benchmarks.terminal import Console

EXAMPLES = 1_000_000
ROUNDS = 5


def run(examples: int = EXAMPLES) -> list[Result]:
    from analysis.run.pipeline import analyze

    with tempfile.TemporaryDirectory() as root:
        sample = Path(shutil.copytree(ROOT / "sample_data", Path(root) / "sample"))
        store = grow(analyze(sample / "review-aa.toml").store, Path(root) / "million.review", examples)
        size = (store / "runs" / current_run(store) / "evidence.duckdb").stat().st_size / 2**20
        read = {name: found.get("ms", 0.0) for name, found in read_figures(store).items()}
        painted = []
        for _ in range(ROUNDS):
            with Console(store) as console:
                painted.append(console.painted_s)
    of = f"{examples:,} examples"
    return [
        Result(f"`assay review` to its first screen, {of}", statistics.median(painted), "s", target="0.7 s"),
        Result(f"fetch one example, {of}", read["one example, first"], "ms", target="2 ms"),
        Result(f"slice aggregate, {of}", read["slice aggregate"], "ms", target="30 ms"),
        Result(f"whole Overview, {of}", read["gates"] + read["Overview"], "ms", target="150 ms"),
        Result(
            "store size per million short examples, two sides, two methods",
            size * 1_000_000 / examples, "MB", target="400 MB",
        ),
    ]  # fmt: skip
