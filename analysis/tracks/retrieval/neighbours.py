"""Neighbour lists of both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, SIDES, Metric, Side
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.tracks.retrieval.metric_specs import metric
from analysis.tracks.retrieval.nearest import Found, method_for, nearest
from analysis.tracks.retrieval.settings import DEPTH, retrieval_settings
from analysis.tracks.retrieval.stage_queries import QUERIES, count
from analysis.tracks.retrieval.vectors import load_vectors, unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHECKED = 500
"""Items on which the approximate search is compared with the exact one."""


def _size(context: PlanContext) -> int:
    return count(context.workbench, "vector_count")


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    k = retrieval_settings(context.settings).k
    items, item_vectors = load_vectors(context.workbench, ("item",))
    queries, query_vectors = load_vectors(context.workbench, ("query", "pair"))
    pairs = context.workbench.execute(QUERIES["pairs_of_probes"], {"track": context.track}).fetchall()
    device = context.models.device
    tables = []
    metrics: list[Metric] = []
    for side in SIDES:
        own = unit_rows(item_vectors[side])
        method = method_for(len(items))
        if len(items) > 1:
            found = nearest(own, own, k, exclude_self=True, device=device, method=method)
            tables.append(side_rows(items, side, items, found))
            metrics.append(_method_row(side, own, found, method, device))
        if not queries:
            continue
        ranked = nearest(unit_rows(query_vectors[side]), own, DEPTH, exclude_self=False, device=device)
        tables.append(side_rows(queries, side, items, ranked))
        if pairs:
            row_of = {ref: index for index, ref in enumerate(queries)}
            rows = [row_of[parent] for _, parent in pairs]
            shown = Found(ranked.indices[rows], ranked.scores[rows])
            tables.append(side_rows([ref for ref, _ in pairs], side, items, shown))
    out: dict[str, pa.Table] = {}
    if tables:
        out["retrieval_side"] = pa.concat_tables(tables)
    if metrics:
        out["metric"] = metric_table(metrics)
    return out


def side_rows(refs: Sequence[str], side: Side, items: Sequence[str], found: Found) -> pa.Table:
    """Rows of `retrieval_side`: for each ref its neighbours, with their cosines.

    Args:
        refs: of which the neighbours are, m of them.
        side: on which side.
        items: refs of the items that the row numbers are of.
        found: (m, k) row numbers and cosines.
    """
    count, width = found.indices.shape
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * np.int32(width))
    names = pa.array(items, pa.string()).take(pa.array(found.indices.ravel()))
    return pa.table(
        {
            "ref": pa.array(refs, pa.string()),
            "side": pa.array([side] * count, pa.string()),
            "neighbours": pa.ListArray.from_arrays(offsets, names),
            "scores": pa.ListArray.from_arrays(offsets, pa.array(found.scores.ravel())),
        }
    )


def _method_row(side: Side, vectors: NDArray[np.float32], found: Found, method: str, device: str) -> Metric:
    """The share of true neighbours that was found, and how they were searched."""
    if method == "exact":
        return metric("neighbours_found", ALL, side, 1.0, None, len(vectors), method)
    rows = np.linspace(0, len(vectors) - 1, CHECKED).astype(np.int64)
    width = found.indices.shape[1]
    # The item itself is among its nearest, and is no neighbour.
    exact = nearest(vectors[rows], vectors, width + 1, exclude_self=False, device=device).indices
    hits = [
        len((set(true.tolist()) - {int(row)}) & set(found.indices[row].tolist()))
        for row, true in zip(rows, exact, strict=True)
    ]
    share = float(np.mean(hits) / width)
    return metric("neighbours_found", ALL, side, share, None, CHECKED, method)


NEIGHBOURS = Aggregate("retrieval.neighbours", 1, _compute, _size)
