"""Probes: what both sides answer to each query, and recall, reciprocal rank and nDCG by slice of probes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, SIDES, Metric, MetricSide, Side
from analysis.plugin.alpha import planned
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import Interval, bootstrap_mean, clustered_mean
from analysis.tracks.retrieval.gates.probe_answers import MEASURES
from analysis.tracks.retrieval.metric_specs import LEVEL, TRACK, metric, of_interval
from analysis.tracks.retrieval.ranking import Relevance, overlap, rank_biased_overlap, relevance, shared
from analysis.tracks.retrieval.settings import retrieval_settings
from analysis.tracks.retrieval.stage_queries import QUERIES, count
from analysis.tracks.retrieval.vectors import load_space

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from analysis.tracks.retrieval.vectors import EmbeddingSpace

    Floats = NDArray[np.float64]

NAMES = {"recall": "recall", "mrr": "reciprocal_rank", "ndcg": "ndcg"}
"""Metric -> column of `retrieval_probe` after its side."""
STUDENT = "mean, Student {:.4g}"
DRAWS = 2_000
MOST_RESAMPLED = 5_000
"""Values up to which a mean is resampled; beyond, Student's interval is the same at a fraction of the time."""
ROUNDING = 1e-9
"""Changes below this are arithmetic, and count as none."""


def probe_table(
    space: EmbeddingSpace,
    refs: Sequence[str],
    relevant: Mapping[str, Sequence[str]],
    titles: Mapping[str, str],
    k: int,
) -> pa.Table:
    """One row of `retrieval_probe` for each probe.

    Args:
        space: items and rankings of both sides.
        refs: the probes, each of them one of the space's queries.
        relevant: refs of the relevant items, by probe.
        titles: item -> the first item of the same text, for items that are not the first themselves.
        k: cut-off of the lists.
    """
    row_of = {ref: row for row, ref in enumerate(space.refs)}
    place = {ref: row for row, ref in enumerate(space.queries)}
    picked = np.array([place[ref] for ref in refs], np.int64)
    rankings = {side: space.ranking[side][picked] for side in SIDES}
    base, candidate = (rankings[side][:, :k] for side in SIDES)
    in_candidate, in_base = shared(base, candidate)
    stands = np.arange(len(space.refs))
    for ref, first in titles.items():
        stands[row_of[ref]] = row_of[first]
    wanted = [np.array([row_of[one] for one in relevant.get(ref, ())], np.int64) for ref in refs]
    columns: dict[str, pa.Array] = {
        "ref": pa.array(refs, pa.string()),
        "overlap": numbers(overlap(base, candidate)),
        "rank_biased_overlap": numbers(rank_biased_overlap(rankings["base"], rankings["candidate"])),
        "kept": lists(space.refs, candidate, in_base),
        "gained": lists(space.refs, candidate, ~in_base),
        "lost": lists(space.refs, base, ~in_candidate),
    }
    for side in SIDES:
        found: Relevance = relevance(rankings[side], wanted, stands, k)
        columns |= {f"{side}_{name}": numbers(getattr(found, name)) for name in NAMES.values()}
    return pa.table(columns)


def probe_metrics(
    table: pa.Table,
    slices: Mapping[str, Sequence[str]],
    critical: Sequence[str],
    seed: int,
    *,
    alpha: float = LEVEL,
    clusters: Mapping[str, str] = MappingProxyType({}),
) -> list[Metric]:
    """Recall, MRR and nDCG of both sides with their paired change, overlaps, and probes that broke, by slice.

    Args:
        table: rows of `retrieval_probe`.
        slices: refs of the probes of each slice.
        critical: slices with a gate of their own.
        seed: of the bootstrap.
        alpha: what `retrieval.probes` may spend, one-sided: divided among the slices with a gate, all probes counted
            in, and the measures that it reads.
        clusters: probes that are not independent of each other; one that is not in it is alone.
    """
    row_of = {ref: row for row, ref in enumerate(table["ref"].to_pylist())}
    column = {name: floats(table, name) for name in table.column_names if name not in _NOT_NUMBERS}
    rows: list[Metric] = []
    for name, refs in slices.items():
        chosen = np.array([row_of[ref] for ref in refs], np.int64)
        part = {key: values[chosen] for key, values in column.items()}
        owner = np.array([clusters.get(ref, ref) for ref in refs], str)
        rows += [
            _mean(measure, name, "difference", part[measure], 0.95, seed, owner)
            for measure in ("overlap", "rank_biased_overlap")
        ]
        known = ~np.isnan(part["base_recall"])
        if not known.any():
            continue
        judged = name == ALL or name in critical
        tests = len(MEASURES) * (1 + len(critical))
        for measure, key in NAMES.items():
            sides: dict[Side, Floats] = {side: part[f"{side}_{key}"][known] for side in SIDES}
            rows += [
                _mean(measure, name, side, values, 0.95, seed, owner[known]) for side, values in sides.items()
            ]
            change = sides["candidate"] - sides["base"]
            if judged and measure in MEASURES:
                # Percentiles of resampled means fall short at the small levels of a gate; Student's interval does not.
                confidence = 1 - 2 * alpha / tests
                one = clustered_mean(change, owner[known], confidence)
                rows.append(of_interval(measure, name, "difference", one, STUDENT.format(confidence)))
            else:
                rows.append(_mean(measure, name, "difference", change, 0.95, seed, owner[known]))
        change = part["candidate_recall"][known] - part["base_recall"][known]
        for what, hit in (("broken", change < -ROUNDING), ("fixed", change > ROUNDING)):
            method = f"probes with {'fewer' if what == 'broken' else 'more'} relevant items in the list"
            rows.append(
                metric(what, name, "difference", int(hit.sum()), None, int(known.sum()), f"count; {method}")
            )
    return rows


def members(connection: duckdb.DuckDBPyConnection, kind: str) -> dict[str, list[str]]:
    """The examples of one kind in each slice of the track."""
    found = connection.execute(QUERIES["members"], {"track": TRACK, "kind": kind}).fetchall()
    return dict(found)


def critical_slices(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Names of the critical slices of the track."""
    found = connection.execute(QUERIES["critical_slices"], {"track": TRACK}).fetchall()
    return [name for (name,) in found]


def mean_interval(
    values: Floats, confidence: float, seed: int, clusters: NDArray[np.generic] | None = None
) -> tuple[Interval, str]:
    """A mean with its interval, and how the interval was made.

    Args:
        values: (n,), without NaN.
        confidence: two-sided, inside (0, 1).
        seed: of the bootstrap.
        clusters: (n,) what each value belongs to, where values are not independent.
    """
    if len(values) > MOST_RESAMPLED:
        return clustered_mean(values, clusters, confidence), STUDENT.format(confidence)
    draws = max(DRAWS, math.ceil(20 / (1 - confidence)))
    return bootstrap_mean(values, clusters, confidence, seed, draws), f"mean, bootstrap {confidence:.4g}"


def lists(refs: Sequence[str], rows: NDArray[np.int32], chosen: NDArray[np.bool_]) -> pa.ListArray:
    """The chosen entries (n, k) of each row of item numbers (n, k), as n lists of refs in the order of the row."""
    offsets = np.concatenate([[0], np.cumsum(chosen.sum(axis=1))]).astype(np.int32)
    values = pa.array(refs, pa.string()).take(pa.array(rows[chosen], pa.int32()))
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def numbers(values: Floats) -> pa.Array:
    """A column of numbers (n,), with NULL for NaN."""
    return pa.array(values, pa.float64(), from_pandas=True)


def floats(table: pa.Table, name: str) -> Floats:
    """A nullable column of numbers as (n,), with NaN for NULL."""
    return np.asarray(table[name].cast(pa.float64()).to_numpy(), np.float64)


_NOT_NUMBERS = ("ref", "kept", "gained", "lost")


def _mean(
    name: str,
    slice_name: str,
    side: MetricSide,
    values: Floats,
    confidence: float,
    seed: int,
    clusters: NDArray[np.str_],
) -> Metric:
    known = ~np.isnan(values)
    one, method = mean_interval(values[known], confidence, seed, clusters[known])
    return of_interval(name, slice_name, side, one, method)


def _size(context: PlanContext) -> int:
    return count(context.workbench, "example_count", track=TRACK, kind="query")


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    connection = context.workbench
    slices = members(connection, "query")
    refs = sorted({ref for chosen in slices.values() for ref in chosen})
    relevant = dict(connection.execute(QUERIES["relevant_items"]).fetchall())
    titles = dict(connection.execute(QUERIES["duplicates"]).fetchall())
    k = retrieval_settings(context.settings).k
    table = probe_table(load_space(connection), refs, relevant, titles, k)
    clusters = connection.execute(QUERIES["clusters"], {"track": TRACK, "kind": "query"}).fetchall()
    rows = probe_metrics(
        table,
        slices,
        critical_slices(connection),
        context.seed,
        alpha=planned(context.review.rules, context.review.as_recorded()).get("retrieval.probes", LEVEL),
        clusters=dict(clusters),
    )
    return {"retrieval_probe": table, "metric": metric_table(rows)}


PROBES = Aggregate("retrieval.probes", 2, _compute, _size)
