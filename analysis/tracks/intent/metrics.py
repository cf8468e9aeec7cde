"""Metrics of the intent track: paired, by slice, each with n and an interval, computed once by SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, OUT_OF_SCOPE, SIDES, Metric, MetricSide, Side
from analysis.base.sql import column, queries
from analysis.models.classifier_pair import classifiers
from analysis.plugin.alpha import planned
from analysis.plugin.gate import ALPHA
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import (
    ShareCounts,
    bootstrap_mean,
    brier,
    clopper_pearson,
    clustered_interval,
    clustered_share,
    effective_n,
    expected_calibration_error,
    mcnemar_one_sided,
    paired_mean_interval,
    share_effect,
)
from analysis.tracks.intent.metric_specs import TRACK, metric, of_interval
from analysis.tracks.intent.names import NO_PROBABILITIES, RELEVANCE, SIGNALS
from analysis.tracks.intent.predict import softmax
from analysis.tracks.intent.relevance_metrics import relevance_metrics, signal_metrics
from analysis.tracks.intent.settings import intent_settings

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

_SQL = queries(__package__, "metrics.sql")

ECE_BINS = 15


class Counted(NamedTuple):
    """What the sides have right of a slice, by example and by cluster; columns of the query `by_slice`.

    `broken_clusters` and `fixed_clusters` are the clusters with more broken than fixed, and with fewer; `net_squares`
    sums the squares of that difference; `sizes`, `squares` and `products` of a side are the sums of `ShareCounts`.
    """

    n: int = 0
    base_right: int = 0
    candidate_right: int = 0
    broken: int = 0
    fixed: int = 0
    flips: int = 0
    broken_clusters: int = 0
    fixed_clusters: int = 0
    net_squares: int = 0
    sizes: int = 0
    base_squares: int = 0
    base_products: int = 0
    candidate_squares: int = 0
    candidate_products: int = 0

    def side(self, side: Side) -> tuple[int, ShareCounts]:
        """How many one side has right, and the same by cluster."""
        if side == "base":
            return self.base_right, ShareCounts(self.sizes, self.base_squares, self.base_products)
        return self.candidate_right, ShareCounts(self.sizes, self.candidate_squares, self.candidate_products)


def _by_slice(connection: duckdb.DuckDBPyConnection) -> dict[str, Counted]:
    found = connection.execute(_SQL["by_slice"], {"track": TRACK}).fetchall()
    return {name: Counted(*numbers) for name, *numbers in found}


def _share_right(measure: str, name: str, of: Counted) -> list[Metric]:
    """The share of a slice that each side has right, and their paired difference."""
    n, effective = of.n, effective_n(of.broken, of.fixed, of.n, of.net_squares)
    bounds = clustered_interval(of.broken, of.fixed, n, of.net_squares)
    rows = []
    for side in SIDES:
        right, by_cluster = of.side(side)
        least = int(n / share_effect(right, n, by_cluster))
        of_side = clustered_share(right, n, by_cluster)
        rows.append(metric(measure, name, side, right / n, of_side, n, SHARE, n_effective=least))
    change = (of.fixed - of.broken) / n
    rows.append(metric(measure, name, "difference", change, bounds, n, TANGO, n_effective=effective))
    return rows


def slice_metrics(connection: duckdb.DuckDBPyConnection) -> list[Metric]:
    """Accuracy of both sides, their paired difference, broken and fixed counts, for every slice.

    A cluster of dependent examples is one unit of the test, and of the interval of the difference.
    """
    rows: list[Metric] = []
    for name, of in _by_slice(connection).items():
        p = mcnemar_one_sided(of.broken_clusters, of.fixed_clusters)
        rows += _share_right("accuracy", name, of)
        rows += [
            metric(key, name, "difference", getattr(of, key), None, of.n, method)
            for key, method in (
                ("broken", "count"),
                ("fixed", "count"),
                ("flips", "count of changed predictions"),
                ("broken_clusters", BY_CLUSTER),
                ("fixed_clusters", BY_CLUSTER),
                ("net_squares", BY_CLUSTER),
            )
        ]
        rows.append(metric("mcnemar_p", name, "difference", p, None, of.n, MCNEMAR))
    return rows


def class_metrics(
    connection: duckdb.DuckDBPyConnection, label_column: str, critical: Sequence[str] = ()
) -> list[Metric]:
    """Recall, precision and false positives of every class: routing regresses both ways.

    A critical class without an example of its own still has false positives.
    """
    rows: list[Metric] = []
    by_slice = _by_slice(connection)
    query = connection.execute(_SQL["by_class"], {"track": TRACK, "all": ALL, "critical": list(critical)})
    names = [column[0] for column in query.description or []]
    for values in query.fetchall():
        row: dict[str, Any] = dict(zip(names, values, strict=True))
        name = f"{label_column}={row['name']}"
        of = by_slice.get(name, Counted())
        if of.n:
            rows += _share_right("recall", name, of)
        for side in SIDES:
            predicted, true = row[f"{side}_predicted"], row[f"{side}_true"]
            precision = true / predicted if predicted else None
            bounds = clopper_pearson(true, predicted) if predicted else None
            rows.append(metric("precision", name, side, precision, bounds, predicted, EXACT))
            rows.append(
                metric("false_positives", name, side, row[f"{side}_false"], None, row["negatives"], "count")
            )
        for key, method in (
            ("gained", "count"),
            ("lost", "count"),
            ("gained_clusters", BY_CLUSTER),
            ("lost_clusters", BY_CLUSTER),
            ("net_squares", BY_CLUSTER),
        ):
            rows.append(metric(f"routed_{key}", name, "difference", row[key], None, row["negatives"], method))
        counts = (row["lost"], row["gained"], row["negatives"], row["net_squares"])
        rate = (row["gained"] - row["lost"]) / row["negatives"] if row["negatives"] else None
        rows.append(
            metric(
                "false_positive_rate",
                name,
                "difference",
                rate,
                clustered_interval(*counts),
                row["negatives"],
                TANGO,
                n_effective=effective_n(*counts),
            )
        )
    return rows


def calibration_metrics(
    connection: duckdb.DuckDBPyConnection, labels: Sequence[str], seed: int
) -> list[Metric]:
    """Confidence, signed gap (mean confidence - accuracy), Brier score and ECE of both sides.

    The signed gap and its paired change can be judged; ECE and the Brier score are shown, never gated. Where nobody
    recorded probabilities there is nothing of all this, and why stands in their place.
    """
    values = connection.execute(
        _SQL["predictions"], {"track": TRACK, "all": ALL, "labels": list(labels)}
    ).fetchnumpy()
    confidence = {side: np.asarray(values[f"{side}_p"], float) for side in SIDES}
    right = {side: np.asarray(values[f"{side}_correct"], bool) for side in SIDES}
    gold = np.asarray(values["gold"], int)
    n = len(gold)
    if n == 0:
        return _without_probabilities(connection)
    rows: list[Metric] = []
    for side in SIDES:
        gap = confidence[side] - right[side]
        rows.append(
            of_interval(
                "mean_confidence", ALL, side, bootstrap_mean(confidence[side], None, 0.95, seed), BOOTSTRAP
            )
        )
        rows.append(of_interval("signed_gap", ALL, side, paired_mean_interval(gap), STUDENT))
        ece = expected_calibration_error(confidence[side], right[side], ECE_BINS)
        rows.append(metric("ece", ALL, side, ece, None, n, ECE))
    change = (confidence["candidate"] - right["candidate"]) - (confidence["base"] - right["base"])
    rows.append(of_interval("signed_gap", ALL, "difference", paired_mean_interval(change), STUDENT))
    for side in SIDES:
        score, why = _brier(values[f"{side}_logits"], gold)
        rows.append(metric("brier", ALL, side, score, None, n, BRIER, why=why))
    return rows


def _brier(rows: NDArray[np.object_], gold: NDArray[np.int_]) -> tuple[float | None, str]:
    """The Brier score of rows of logits; none, and why, where some are not of all classes or are not numbers."""
    # A column with nulls comes masked.
    if np.ma.getmaskarray(rows).any():
        return None, "the probabilities of all classes were not recorded"
    logits = np.stack([np.asarray(row, np.float32) for row in rows])
    if not np.isfinite(logits).all():
        return None, ""
    return brier(softmax(logits).astype(np.float64), gold), ""


def _without_probabilities(connection: duckdb.DuckDBPyConnection) -> list[Metric]:
    """What stands in the place of calibration where labelled predictions were recorded without probabilities."""
    (count,) = column(connection, _SQL["labelled"], {"track": TRACK, "all": ALL})
    if not count:
        return []
    measured: tuple[tuple[str, tuple[MetricSide, ...], str], ...] = (
        ("mean_confidence", SIDES, BOOTSTRAP),
        ("signed_gap", (*SIDES, "difference"), STUDENT),
        ("ece", SIDES, ECE),
        ("brier", SIDES, BRIER),
    )
    return [
        metric(name, ALL, side, None, None, count, method, why=NO_PROBABILITIES)
        for name, sides, method in measured
        for side in sides
    ]


def out_of_scope_metrics(connection: duckdb.DuckDBPyConnection, seed: int) -> list[Metric]:
    """Mean confidence on texts that belong to no class, and its paired change."""
    values = connection.execute(_SQL["out_of_scope"], {"track": TRACK, "name": OUT_OF_SCOPE}).fetchnumpy()
    if len(values["base"]) == 0:
        return []
    rows = [
        of_interval(
            "confidence",
            OUT_OF_SCOPE,
            side,
            bootstrap_mean(np.asarray(values[side]), None, 0.95, seed),
            BOOTSTRAP,
        )
        for side in SIDES
    ]
    change = np.asarray(values["candidate"]) - np.asarray(values["base"])
    return [
        *rows,
        of_interval("confidence", OUT_OF_SCOPE, "difference", paired_mean_interval(change), STUDENT),
    ]


def transition_metrics(connection: duckdb.DuckDBPyConnection) -> list[Metric]:
    """How many examples each transition has: both right, fixed, broken, both wrong."""
    found = connection.execute(_SQL["transitions"], {"track": TRACK, "all": ALL}).fetchall()
    return [
        metric(f"transition_{name}", ALL, "difference", count, None, n, "count") for name, count, n in found
    ]


def confusions(connection: duckdb.DuckDBPyConnection) -> tuple[list[Metric], pa.Table, pa.Table]:
    """Confusion pairs, candidate minus base, as metrics and as slices with their examples."""
    rows: list[Metric] = []
    slices: list[dict[str, Any]] = []
    members: list[dict[str, str]] = []
    found = connection.execute(_SQL["confusions"], {"track": TRACK, "all": ALL}).fetchall()
    for pair, base, candidate, refs, gold, predicted in found:
        counts: dict[MetricSide, int] = {"base": base, "candidate": candidate, "difference": candidate - base}
        for side, value in counts.items():
            rows.append(metric("confused", pair, side, value, None, len(refs), "count"))
        slices.append(
            {
                "slice": pair,
                "track": TRACK,
                "kind": "confusion",
                "critical": False,
                "definition": f"gold {gold}, predicted {predicted} by either side; never tested",
                "n": len(refs),
            }
        )
        members += [{"slice": pair, "track": TRACK, "ref": ref} for ref in refs]
    slice_schema = pa.schema(
        [("slice", pa.string()), ("track", pa.string()), ("kind", pa.string()), ("critical", pa.bool_()),
         ("definition", pa.string()), ("n", pa.int64())]
    )  # fmt: skip
    member_schema = pa.schema([("slice", pa.string()), ("track", pa.string()), ("ref", pa.string())])
    return rows, pa.Table.from_pylist(slices, slice_schema), pa.Table.from_pylist(members, member_schema)


EXACT = "Clopper-Pearson 95 %"
SHARE = "Clopper-Pearson 95 % at effective counts"
TANGO = "paired difference, Tango 95 % at effective counts"
MCNEMAR = "exact one-sided sign test on clusters"
BY_CLUSTER = "count by cluster; an example that shares none is its own"
BOOTSTRAP = "bootstrap 95 %"
ECE = f"{ECE_BINS} equal-mass bins; shown, never gated"
BRIER = "all classes, 0 to 2; shown, never gated"
STUDENT = "mean of paired differences, Student 95 %"


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    connection, seed = context.workbench, context.seed
    settings = intent_settings(context.settings)
    # Of a gate that is switched off, or has nothing declared, intervals are only shown.
    alpha = planned(context.review.rules, context.review.as_recorded())
    labels = classifiers(context.models).labels if context.models else column(connection, _SQL["classes"])
    confused, slices, members = confusions(connection)
    rows = [
        *slice_metrics(connection),
        *class_metrics(connection, settings.label, settings.critical),
        *transition_metrics(connection),
        *calibration_metrics(connection, labels, seed),
        *out_of_scope_metrics(connection, seed),
        *confused,
    ]
    if context.models:
        rows += relevance_metrics(connection, settings.irrelevant, alpha.get(RELEVANCE, ALPHA))
        rows += signal_metrics(connection, settings.signals, alpha.get(SIGNALS, ALPHA), seed)
    return {"metric": metric_table(rows), "slice": slices, "membership": members}


METRICS = Aggregate("intent.metrics", 3, _compute)
