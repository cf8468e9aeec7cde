"""Hard negatives: how much nearer to a query the right item is than the one that is easily taken for it, by slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, SIDES, Metric, MetricSide, Side
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import (
    clopper_pearson,
    cluster_counts,
    clustered_interval,
    effective_n,
    mcnemar_one_sided,
)
from analysis.tracks.retrieval.metric_specs import TRACK, metric, of_interval
from analysis.tracks.retrieval.probes import mean_interval, members
from analysis.tracks.retrieval.stage_queries import QUERIES, count
from analysis.tracks.retrieval.vectors import load_space

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.tracks.retrieval.vectors import EmbeddingSpace

TIE = 1e-6
"""Margins up to this are ties, which float32 cannot tell apart; a tie does not put the right item first."""
EXACT = "share of the pairs, Clopper-Pearson 95 %"
TANGO = "paired difference, Tango 95 % at effective counts"
MCNEMAR = "exact one-sided sign test on queries"
BY_CLUSTER = "count by query; near-duplicate queries are one"


class Pair(NamedTuple):
    """A hard negative: its ref, the ref whose vector is the query's, and the two items."""

    ref: str
    query: str
    positive: str
    negative: str


def margins(space: EmbeddingSpace, pairs: Sequence[Pair]) -> pa.Table:
    """One row of `retrieval_margin` for each pair: cosine to the positive minus cosine to the negative item."""
    item = {ref: row for row, ref in enumerate(space.refs)}
    query = {ref: row for row, ref in enumerate(space.queries)}
    asked = np.array([query[pair.query] for pair in pairs], np.int64)
    positive = np.array([item[pair.positive] for pair in pairs], np.int64)
    negative = np.array([item[pair.negative] for pair in pairs], np.int64)
    found: dict[Side, NDArray[np.float64]] = {}
    for side in SIDES:
        vectors = space.vectors[side]
        between = vectors[positive].astype(np.float64) - vectors[negative]
        found[side] = np.einsum("pd,pd->p", space.query_vectors[side][asked].astype(np.float64), between)
    return pa.table(
        {
            "ref": pa.array([pair.ref for pair in pairs], pa.string()),
            **{f"{side}_margin": pa.array(found[side]) for side in SIDES},
            **{f"{side}_violated": pa.array(found[side] <= TIE) for side in SIDES},
        }
    )


def pair_metrics(
    table: pa.Table, slices: Mapping[str, Sequence[str]], clusters: Mapping[str, str], seed: int
) -> list[Metric]:
    """Violations and margins of both sides with their paired change, and the counts of the McNemar test, by slice.

    A pair is *broken* where only the candidate violates it, and *fixed* where only the base does. The pairs of one
    query move together: a cluster of them is one unit of the test and of the interval, and is resampled whole.

    Args:
        table: rows of `retrieval_margin`.
        slices: refs of the pairs of each slice.
        clusters: what each pair belongs to: its query, or a near-duplicate of it.
        seed: of the bootstrap.
    """
    row_of = {ref: row for row, ref in enumerate(table["ref"].to_pylist())}
    column = {name: table[name].to_numpy() for name in table.column_names if name != "ref"}
    rows: list[Metric] = []
    for name, refs in slices.items():
        chosen = np.array([row_of[ref] for ref in refs], np.int64)
        if not len(chosen):
            continue
        part = {key: values[chosen] for key, values in column.items()}
        n = len(refs)
        base, candidate = (part[f"{side}_violated"].astype(bool) for side in SIDES)
        broken, fixed = int((candidate & ~base).sum()), int((base & ~candidate).sum())
        for side, violated in zip(SIDES, (base, candidate), strict=True):
            of = int(violated.sum())
            rows.append(metric("violations", name, side, of / n, clopper_pearson(of, n), n, EXACT))
        _, owner = np.unique([clusters[ref] for ref in refs], return_inverse=True)
        nets = np.bincount(owner, weights=candidate.astype(float) - base)
        counted = cluster_counts(int(net) for net in nets)
        interval = clustered_interval(fixed, broken, n, counted.squares)
        p = mcnemar_one_sided(counted.worse, counted.better)
        sides = {side: part[f"{side}_margin"] for side in SIDES}
        rows += [
            metric(
                "violations",
                name,
                "difference",
                (broken - fixed) / n,
                interval,
                n,
                TANGO,
                n_effective=effective_n(broken, fixed, n, counted.squares),
            ),
            metric(
                "pairs_broken", name, "difference", broken, None, n, "count; only the candidate violates it"
            ),
            metric("pairs_fixed", name, "difference", fixed, None, n, "count; only the base violates it"),
            metric("pairs_broken_clusters", name, "difference", counted.worse, None, n, BY_CLUSTER),
            metric("pairs_fixed_clusters", name, "difference", counted.better, None, n, BY_CLUSTER),
            metric("pairs_net_squares", name, "difference", counted.squares, None, n, BY_CLUSTER),
            metric("pairs_mcnemar_p", name, "difference", p, None, n, MCNEMAR),
        ]
        moved: list[tuple[MetricSide, NDArray[np.float64]]] = [(side, sides[side]) for side in SIDES]
        moved.append(("difference", sides["candidate"] - sides["base"]))
        for each, values in moved:
            one, method = mean_interval(values, 0.95, seed, owner)
            rows.append(of_interval("margin", name, each, one, f"{method}, by query"))
    return rows


def _size(context: PlanContext) -> int:
    return count(context.workbench, "pair_count")


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    connection = context.workbench
    found = connection.execute(QUERIES["pairs"], {"track": TRACK}).fetchall()
    pairs = [Pair(*row) for row in found]
    slices = {ALL: [pair.ref for pair in pairs]}
    slices |= {name: refs for name, refs in members(connection, "pair").items() if name != ALL}
    table = margins(load_space(connection), pairs)
    clusters = dict(connection.execute(QUERIES["clusters"], {"track": TRACK, "kind": "pair"}).fetchall())
    rows = pair_metrics(table, slices, clusters, context.seed)
    return {"retrieval_margin": table, "metric": metric_table(rows)}


NEGATIVES = Aggregate("retrieval.negatives", 2, _compute, _size)
