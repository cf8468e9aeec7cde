"""Nearest neighbours by cosine similarity: exact up to 50,000 items, and above where faiss is not installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = Callable[[NDArray[np.int64]], NDArray[np.float32]]

BLOCK_BYTES = 64 * 2**20
"""Memory for the similarities of one block of queries with all items."""

TIE = 1e-6
"""Cosines nearer than this are equal: float32 sums of the same numbers in another order differ by about 2e-7."""

SPARE = 8
"""Neighbours found beyond those wanted, so that ties at the end are seen."""

GROUP = 64
"""Items whose largest similarity stands for them in the first pass over a block."""

EXACT_ITEMS = 50_000
"""Items up to which exact search is used in any case."""


class Found(NamedTuple):
    """Row numbers (m, k) int32, most similar first, and their cosines (m, k) float32."""

    indices: NDArray[np.int32]
    scores: NDArray[np.float32]


def method_for(items: int) -> str:
    """How the nearest of that many items are found: `exact`, or `faiss HNSW32`."""
    large = items > EXACT_ITEMS and importlib.util.find_spec("faiss") is not None
    return "faiss HNSW32" if large else "exact"


def nearest(
    queries: NDArray[np.float32],
    items: NDArray[np.float32],
    k: int,
    *,
    exclude_self: bool,
    device: str = "cpu",
    method: str = "exact",
) -> Found:
    """The k nearest items of each query.

    Items whose cosines differ by less than `TIE` come in the order of their rows, so that equal vectors, and
    the same vectors under a rotation, give equal lists.

    Args:
        queries: (m, d) float32, rows of unit length.
        items: (n, d) float32, rows of unit length.
        k: neighbours wanted; fewer come back where there are fewer items.
        exclude_self: the queries are the items, and none is its own neighbour.
        device: where the products are computed.
        method: one that `method_for` names; the approximate one finds about 99.5 % of the neighbours.

    Raises:
        ValueError: no items are left to be neighbours, or rows of different length.
    """
    if queries.shape[1] != items.shape[1]:
        raise ValueError(f"queries have {queries.shape[1]} dimensions, items {items.shape[1]}")
    wanted = min(k, len(items) - exclude_self)
    if wanted < 1:
        raise ValueError("there are no other items")
    fetched = min(wanted + SPARE, len(items) - exclude_self)
    if method != "exact":
        found, values = _in_order(*_by_faiss(queries, items, fetched, exclude_self))
        return Found(found[:, :wanted], values[:, :wanted])
    return _by_blocks(queries, items, wanted, fetched, exclude_self, device)


def _by_blocks(
    queries: NDArray[np.float32],
    items: NDArray[np.float32],
    wanted: int,
    fetched: int,
    exclude_self: bool,
    device: str,
) -> Found:
    import torch

    n = len(items)
    groups = -(-n // GROUP)
    padded = groups * GROUP
    step = max(1, min(len(queries), BLOCK_BYTES // (4 * padded)))
    columns = torch.from_numpy(np.ascontiguousarray(items)).to(device).T
    rows = torch.from_numpy(np.ascontiguousarray(queries)).to(device)
    indices = np.empty((len(queries), wanted), dtype=np.int32)
    scores = np.empty((len(queries), wanted), dtype=np.float32)
    block = torch.full((step, padded), -torch.inf, device=device)
    for start in range(0, len(queries), step):
        stop = min(start + step, len(queries))
        similar = block[: stop - start]
        torch.mm(rows[start:stop], columns, out=similar[:, :n]) if n == padded else similar[:, :n].copy_(
            rows[start:stop] @ columns
        )
        if exclude_self:
            own = torch.arange(stop - start, device=device)
            similar[own, own + start] = -torch.inf
        best, where = _largest(similar, groups, fetched)
        found, values = _in_order(where.cpu().numpy().astype(np.int32), best.cpu().numpy())
        if fetched < n - exclude_self:
            _close_ties(similar, found, values, wanted)
        indices[start:stop], scores[start:stop] = found[:, :wanted], values[:, :wanted]
    return Found(indices, scores)


def _largest(similar: Any, groups: int, count: int) -> tuple[Any, Any]:
    """Values and columns of the `count` largest of each row.

    The largest of a row lie in the groups of columns with the largest maxima, and maxima are taken at the
    speed of memory; so only few columns are sorted.
    """
    import torch

    if groups <= 2 * count:
        return torch.topk(similar, count, dim=1)
    by_group = similar.view(len(similar), groups, GROUP)
    top = torch.topk(by_group.amax(dim=2), count, dim=1, sorted=False).indices
    inside = torch.gather(by_group, 1, top[:, :, None].expand(-1, -1, GROUP)).flatten(1)
    best, at = torch.topk(inside, count, dim=1)
    return best, torch.gather(top, 1, at // GROUP) * GROUP + at % GROUP


def _in_order(
    indices: NDArray[np.int32], scores: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Sort descending rows so that within a run of equal scores the smaller row number comes first."""
    run = np.zeros(scores.shape, dtype=np.int64)
    np.cumsum(scores[:, :-1] - scores[:, 1:] > TIE, axis=1, out=run[:, 1:])
    order = np.argsort(run * (int(indices.max(initial=0)) + 1) + indices, axis=1, kind="stable")
    return np.take_along_axis(indices, order, axis=1), np.take_along_axis(scores, order, axis=1)


def _close_ties(similar: Any, indices: NDArray[np.int32], scores: NDArray[np.float32], wanted: int) -> None:
    """Where the run of equal scores at the last wanted place may go on beyond what was found, look at the whole row."""
    lowest = scores.min(axis=1)
    steps = np.sort(scores, axis=1)[:, ::-1]
    unbroken = (steps[:, wanted - 1 : -1] - steps[:, wanted:] <= TIE).all(axis=1)
    for row in np.flatnonzero(unbroken):
        every = similar[row].cpu().numpy()
        kept = np.flatnonzero(every >= lowest[row])
        while True:
            wider = np.flatnonzero(every >= every[kept].min() - TIE)
            if len(wider) == len(kept):
                break
            kept = wider
        order = kept[np.argsort(-every[kept], kind="stable")].astype(np.int32)
        found, values = _in_order(order[None, :], every[None, order])
        indices[row], scores[row] = found[0, : indices.shape[1]], values[0, : indices.shape[1]]


def _by_faiss(
    queries: NDArray[np.float32], items: NDArray[np.float32], count: int, exclude_self: bool
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Hierarchical navigable small worlds (Malkov and Yashunin 2018), built by one thread: always the same graph."""
    import faiss

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        index = faiss.IndexHNSWFlat(items.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = 100
        index.hnsw.efSearch = max(128, 2 * count)
        index.add(np.ascontiguousarray(items))
        scores, indices = index.search(np.ascontiguousarray(queries), count + exclude_self)
    finally:
        faiss.omp_set_num_threads(threads)
    if exclude_self:
        # An item that has many equals may not find itself; then its last neighbour is left out.
        own = indices == np.arange(len(queries))[:, None]
        own[~own.any(axis=1), -1] = True
        indices = indices[~own].reshape(len(queries), count)
        scores = scores[~own].reshape(len(queries), count)
    return indices.astype(np.int32), scores.astype(np.float32)
