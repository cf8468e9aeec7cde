"""How long a reviewer waits for `saved`: one append with fdatasync, alone and among eight."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from pathlib import Path

from benchmarks.console import sample_store
from benchmarks.measure import Result, percentile

EVENTS = 200


def _record(store: str, number: int, queue: multiprocessing.Queue[list[float]]) -> None:
    from analysis.review.scope import Scope
    from analysis.review.session import ReviewSession

    with ReviewSession.open(Path(store), reviewer=f"reviewer{number}") as session:
        refs = [row.ref for row in session.queue_page(Scope(), 0, 1000)]
        waits = []
        for event in range(EVENTS):
            before = time.perf_counter()
            session.verdict(refs[event % len(refs)], "both")
            waits.append((time.perf_counter() - before) * 1000)
    queue.put(waits)


def run() -> list[Result]:
    results = []
    for reviewers, target in ((1, "20 ms"), (8, "150 ms")):
        with tempfile.TemporaryDirectory() as folder:
            store = sample_store(Path(folder))
            context = multiprocessing.get_context("spawn")
            queue = context.Queue()
            people = [context.Process(target=_record, args=(str(store), n, queue)) for n in range(reviewers)]
            for one in people:
                one.start()
            waits = [wait for _ in people for wait in queue.get()]
            for one in people:
                one.join()
        what = f"`saved` after a verdict, p99, {reviewers} reviewer(s)"
        results.append(Result(what, percentile(waits, 0.99), "ms", target=target))
    return results
