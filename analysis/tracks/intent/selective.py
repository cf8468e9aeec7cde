"""Routing by threshold: an assistant acts on a prediction from a confidence on, and leaves the rest to people.

What counts there is not accuracy. Measured: at .8 a candidate as accurate as its base made 44 % more errors among the
messages that it acted on, and no other number showed it. Terms as in selective classification (El-Yaniv and Wiener
2010; Geifman and El-Yaniv 2017): *coverage*, and *selective risk*, the error among what is covered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analysis.base.records import ALL, SIDES, Metric
from analysis.base.sql import queries
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import clopper_pearson, tango_interval
from analysis.tracks.intent.metric_specs import TRACK, metric
from analysis.tracks.intent.settings import intent_settings

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "selective.sql")

GRID = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Thresholds of the risk-coverage table; a declared one stands among them."""
EXACT = "Clopper-Pearson 95 %"
TANGO = "paired difference, Tango 95 %"


def selective_metrics(connection: duckdb.DuckDBPyConnection, threshold: float) -> list[Metric]:
    """Coverage, selective risk and what is routed wrongly by one side only, of all messages and each class.

    Args:
        connection: holds `intent_pair`, `membership` and `slice`.
        threshold: the confidence from which the assistant acts.
    """
    query = connection.execute(_SQL["routed_by_slice"], {"track": TRACK, "threshold": threshold})
    names = [column[0] for column in query.description or []]
    rows: list[Metric] = []
    for values in query.fetchall():
        rows += _of_slice(dict(zip(names, values, strict=True)), f"confidence at least {threshold:g}")
    return rows


def _of_slice(row: dict[str, Any], at: str) -> list[Metric]:
    name, messages, routed = row["slice"], row["messages"], row["routed"]
    rows: list[Metric] = []
    for side in SIDES:
        acted, wrong = row[f"{side}_routed"], row[f"{side}_wrong"]
        share, bounds = acted / messages, clopper_pearson(acted, messages)
        rows.append(metric("coverage", name, side, share, bounds, messages, f"{at}; {EXACT}"))
        risk = wrong / acted if acted else None
        bounds = clopper_pearson(wrong, acted)
        why = "" if acted else "no message is routed"
        rows.append(metric("selective_risk", name, side, risk, bounds, acted, f"{at}; {EXACT}", why=why))
    lost, gained = row["coverage_lost"], row["coverage_gained"]
    interval = tango_interval(lost, gained, messages)
    rows.append(
        metric(
            "coverage", name, "difference", (gained - lost) / messages, interval, messages, f"{at}; {TANGO}"
        )
    )
    broken, fixed = row["broken"], row["fixed"]
    counted = f"{at}; of the messages that either side routes"
    rows.append(metric("selective_broken", name, "difference", broken, None, routed, counted))
    rows.append(metric("selective_fixed", name, "difference", fixed, None, routed, counted))
    net = (broken - fixed) / routed if routed else None
    bounds = tango_interval(fixed, broken, routed)
    why = "" if routed else "no message is routed"
    rows.append(
        metric("selective_change", name, "difference", net, bounds, routed, f"{counted}; {TANGO}", why=why)
    )
    return rows


def risk_coverage(connection: duckdb.DuckDBPyConnection, threshold: float | None) -> pa.Table:
    """Messages, how many are routed and how many of those wrongly, by side, at each threshold of the grid."""
    thresholds = sorted({*GRID, *(() if threshold is None else (threshold,))})
    asked = {"track": TRACK, "all": ALL, "thresholds": thresholds}
    return connection.execute(_SQL["risk_coverage"], asked).to_arrow_table()


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    threshold = intent_settings(context.settings).threshold
    rows = [] if threshold is None else selective_metrics(context.workbench, threshold)
    return {
        "metric": metric_table(rows),
        "intent_risk_coverage": risk_coverage(context.workbench, threshold),
    }


SELECTIVE = Aggregate("intent.selective", 1, _compute)
