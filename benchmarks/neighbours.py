"""Exact neighbours against scikit-learn's brute force, in the same run: time by process CPU, and peak memory."""

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.measure import Result, compare

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH = 384
K = 10
CLUSTERS = 200
ROUNDS = 3


def mixture(rows: int, width: int = WIDTH, seed: int = 0) -> NDArray[np.float32]:
    """Unit vectors (rows, width) around random centres: cosines of neighbours about .6 to .9, as of sentences."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(CLUSTERS, width)).astype(np.float32)
    vectors = centres[rng.integers(CLUSTERS, size=rows)]
    vectors += 0.8 * rng.normal(size=(rows, width)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def ours(vectors: NDArray[np.float32]) -> object:
    from analysis.tracks.retrieval.nearest import nearest

    return nearest(vectors, vectors, K, exclude_self=True)


def scikit_learn(vectors: NDArray[np.float32]) -> object:
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=K, metric="cosine", algorithm="brute").fit(vectors).kneighbors()


def run() -> list[Result]:
    results = [
        _in_process(_times, rows, threads) for rows, threads in ((10_000, 1), (10_000, 2), (20_000, 1))
    ]
    for rows in (10_000, 20_000):
        mine = _in_process(_peak, rows, 1, ours)
        theirs = _in_process(_peak, rows, 1, scikit_learn)
        results.append(
            Result(
                f"memory beyond the vectors, {rows:,} items",
                mine,
                "MB",
                "scikit-learn",
                theirs,
                theirs / mine,
            )
        )
    return results


def _times(rows: int, threads: int) -> Result:
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(threads)
    vectors = mixture(rows)
    with threadpool_limits(threads):
        return compare(
            f"{K} neighbours of each of {rows:,} items of {WIDTH} dimensions, {threads} thread(s), an item",
            "scikit-learn",
            lambda: ours(vectors),
            lambda: scikit_learn(vectors),
            rounds=ROUNDS,
            per=rows,
            target="1.5x" if rows == 10_000 else "",
        )


def _peak(rows: int, threads: int, work: Callable[[NDArray[np.float32]], object]) -> float:
    """Megabytes that the process grew by beyond its peak with the vectors and the libraries loaded."""
    import torch

    torch.set_num_threads(threads)
    vectors = mixture(rows)
    # Libraries and their threads' memory are there before the measurement.
    work(vectors[:100])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work(vectors)
    return max(1.0, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def _in_process(work: Callable[..., Any], *given: object) -> Any:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, given)
