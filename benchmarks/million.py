"""A finished review with a million examples: its size, its first paint, and what a reader waits for.

Models would take days, so the sample's intent track is analysed, and its run published again with its messages a
thousand times over (`benchmarks.large_store`).
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from analysis.store.run import current_run
from benchmarks.console import ROOT
from benchmarks.large_store import grow
from benchmarks.measure import Result
from benchmarks.terminal import Console

EXAMPLES = 1_000_000
ROUNDS = 5


def run(examples: int = EXAMPLES) -> list[Result]:
    from analysis.review.scope import Scope
    from analysis.review.session import ReviewSession
    from analysis.run.pipeline import analyze

    with tempfile.TemporaryDirectory() as root:
        sample = Path(shutil.copytree(ROOT / "sample_data", Path(root) / "sample"))
        store = grow(analyze(sample / "review-aa.toml").store, Path(root) / "million.review", examples)
        size = (store / "runs" / current_run(store) / "evidence.duckdb").stat().st_size / 2**20
        painted = []
        for _ in range(ROUNDS):
            with Console(store) as console:
                painted.append(console.painted_s)
        everything = Scope(everything=True)
        with ReviewSession.open(store, read_only=True) as session:
            places = [examples * number // (ROUNDS + 1) for number in range(ROUNDS + 1)]
            refs = [session.queue_page(everything, place, 1)[0].ref for place in places]
            # What is loaded for the first one is no part of it.
            session.example(refs.pop())
            fetched = [_ms(lambda ref=ref: session.example(ref)) for ref in refs]  # type: ignore[misc]
            slices = [Scope(everything=True, slice=one.slice) for one in session.slices("intent")[:ROUNDS]]
            summed = [_ms(lambda of=of: session.queue_count(of)) for of in slices]  # type: ignore[misc]
        overviews = []
        for _ in range(ROUNDS):
            with ReviewSession.open(store, read_only=True) as session:
                overviews.append(_ms(lambda: (session.overview(), session.gates(), session.slices())))
    of = f"{examples:,} examples"
    return [
        Result(f"`assay review` to its first screen, {of}", statistics.median(painted), "s", target="0.7 s"),
        Result(f"fetch one example, {of}", statistics.median(fetched), "ms", target="2 ms"),
        Result(f"slice aggregate, {of}", statistics.median(summed), "ms", target="30 ms"),
        Result(f"whole Overview, {of}", statistics.median(overviews), "ms", target="150 ms"),
        Result(
            "store size per million short examples, two sides, two methods",
            size * 1_000_000 / examples, "MB", target="400 MB",
        ),
    ]  # fmt: skip


def _ms(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return (time.perf_counter() - before) * 1000
