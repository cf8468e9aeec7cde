"""The stage that lays out both sides' items on a pair of maps, measures them, and withholds what is not good enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from analysis.base.records import SIDES, Metric
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import paired_mean_interval
from analysis.tracks.retrieval.layouts import Method, methods, parameters
from analysis.tracks.retrieval.map_limits import QUALITIES
from analysis.tracks.retrieval.map_quality import K
from analysis.tracks.retrieval.maps import FEWEST, MapPair, fit_pair, sample_rows
from analysis.tracks.retrieval.metric_specs import metric, of_interval
from analysis.tracks.retrieval.stage_queries import count
from analysis.tracks.retrieval.vectors import EmbeddingSpace, load_space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSION = 1


def _size(context: PlanContext) -> int:
    return len(methods()) * count(context.workbench, "item_count")


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    """The maps of every method that can be drawn here."""
    space = load_space(context.workbench)
    found: dict[str, list[pa.Table]] = {}
    for method in methods():
        for name, table in map_tables(space, method, context.seed).items():
            found.setdefault(name, []).append(table)
    return {name: pa.concat_tables(tables) for name, tables in found.items()}


def map_tables(space: EmbeddingSpace, method: Method, seed: int) -> dict[str, pa.Table]:
    """Rows of `retrieval_map`, `retrieval_map_quality` and `metric` for the maps of one method.

    Args:
        space: the items.
        method: of the layouts.
        seed: of sample, starts and layouts.
    """
    rows = sample_rows(space, seed)
    pair: MapPair | None = None
    if len(rows) >= FEWEST:
        pair = fit_pair({side: space.vectors[side][rows] for side in SIDES}, seed, method)
        why = ", ".join(pair.shortfalls())
    else:
        why = f"{len(rows)} items are too few for a map, which needs {FEWEST}"
    quality = {
        "method": [method],
        "drawn": [not why],
        "why": [why],
        "items": [len(rows)],
        "of_items": [len(space.refs)],
        "k": [K],
        "rearranged": [pair is not None and pair.rearranged],
        "parameters": [parameters(method, len(rows))],
    }
    tables = {
        "retrieval_map_quality": pa.table(quality),
        "metric": metric_table(_metrics(pair, method, len(rows), why)),
    }
    if pair is not None and not why:
        tables["retrieval_map"] = _places([space.refs[row] for row in rows], method, pair)
    return tables


def _metrics(pair: MapPair | None, method: Method, items: int, why: str) -> list[Metric]:
    found = [metric("map_drawn", "all", "difference", float(not why), None, items, method, why=why)]
    for quality in QUALITIES:
        for side in SIDES:
            if pair is None:
                found.append(metric(quality.metric, "all", side, None, None, items, method, why=why))
                continue
            values: NDArray[np.float64] = pair.quality[quality.name, side]
            found.append(of_interval(quality.metric, "all", side, paired_mean_interval(values), method))
    return found


def _places(refs: list[str], method: Method, pair: MapPair) -> pa.Table:
    columns: dict[str, object] = {"ref": refs, "method": [method] * len(refs)}
    for side in SIDES:
        for axis, name in enumerate("xy"):
            columns[f"{side}_{name}"] = pair.coordinates[side][:, axis]
    return pa.table(columns)


MAPS = Aggregate("retrieval.maps", VERSION, _compute, _size, after_queue=True)
