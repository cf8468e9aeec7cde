"""What production will see: accuracy weighed to the declared traffic, and what errors are expected to cost.

An evaluation set is stratified, traffic is not, and a missed escalation costs more than a false one: the raw change
of accuracy answers neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.base.errors import AssayError
from analysis.base.records import ALL, SIDES, Metric, MetricSide
from analysis.base.sql import queries
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.tracks.intent.metric_specs import TRACK, metric, of_interval
from analysis.tracks.intent.traffic_weights import traffic_weights, weighted_mean

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from numpy.typing import NDArray

    from analysis.plugin.settings import CostsSection

_SQL = queries(__package__, "production.sql")

MESSAGES = 10_000
"""Messages of which the expected cost is said."""


@dataclass(frozen=True)
class Messages:
    """The labelled messages: gold, what each side predicts, and which of the weighed slices each is in.

    Args:
        gold: shape (n,).
        predicted: of each side, shape (n,).
        inside: shape (n, slices), in the order of the declared weights.
    """

    gold: NDArray[np.str_]
    predicted: Mapping[MetricSide, NDArray[np.str_]]
    inside: NDArray[np.bool_]


def read_messages(connection: duckdb.DuckDBPyConnection, slices: Sequence[str]) -> Messages:
    """The messages of a workbench, by ref."""
    asked = {"track": TRACK, "all": ALL, "slices": list(slices)}
    rows = connection.execute(_SQL["weighed_messages"], asked).fetchall()
    gold, base, candidate, inside = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Messages(
        np.array(gold, dtype=str),
        {"base": np.array(base, dtype=str), "candidate": np.array(candidate, dtype=str)},
        np.array(inside, dtype=bool).reshape(len(gold), len(slices)),
    )


def weights_of(
    messages: Messages, shares: Mapping[str, float], class_slices: Sequence[str]
) -> NDArray[np.float64]:
    """Weight of each message, summing to one; equal where no share is declared. Raises AssayError."""
    names = list(shares)
    classes = [place for place, name in enumerate(names) if name in class_slices]
    others = [place for place, name in enumerate(names) if name not in class_slices]
    of_class = np.full(len(messages.gold), -1)
    for index, place in enumerate(classes):
        of_class[messages.inside[:, place]] = index
    return traffic_weights(
        of_class,
        [shares[names[place]] for place in classes],
        messages.inside[:, others].T,
        [shares[names[place]] for place in others],
    )


def costs_of(messages: Messages, costs: CostsSection) -> dict[MetricSide, NDArray[np.float64]]:
    """What each message costs on each side: its class missed, and another class wrongly served; shape (n,)."""
    found: dict[MetricSide, NDArray[np.float64]] = {}
    for side in SIDES:
        pairs = zip(messages.gold.tolist(), messages.predicted[side].tolist(), strict=True)
        found[side] = np.array(
            [
                0.0 if gold == said else costs.missed.get(gold, 0.0) + costs.false.get(said, 0.0)
                for gold, said in pairs
            ]
        )
    return found


def production_metrics(
    connection: duckdb.DuckDBPyConnection, shares: Mapping[str, float], costs: CostsSection
) -> list[Metric]:
    """Accuracy under the declared traffic, and the expected cost of errors; each where it was declared.

    Args:
        connection: holds `intent_pair`, `membership` and `slice`.
        shares: of production traffic, by slice.
        costs: of errors, by class.
    """
    costly = bool(costs.missed or costs.false)
    if not shares and not costly:
        return []
    messages = read_messages(connection, list(shares))
    n = len(messages.gold)
    mix = ", ".join(f"{name} {share:g}" for name, share in shares.items())
    method = f"{f'weighed to {mix}' if shares else 'unweighed'}; Hájek, delta method 95 %"
    try:
        if n == 0:
            raise AssayError("there is no labelled example")
        classes = [row[0] for row in connection.execute(_SQL["class_slices"], {"track": TRACK}).fetchall()]
        weights = weights_of(messages, shares, classes)
    except AssayError as error:
        names = [*(["traffic_accuracy"] if shares else []), *(["expected_cost"] if costly else [])]
        sides: tuple[MetricSide, ...] = (*SIDES, "difference")
        return [
            metric(name, ALL, side, None, None, n, method, why=error.message)
            for name in names
            for side in sides
        ]
    rows: list[Metric] = []
    if shares:
        right: dict[MetricSide, NDArray[np.float64]] = {
            side: (messages.predicted[side] == messages.gold).astype(np.float64) for side in SIDES
        }
        rows += _both_sides("traffic_accuracy", right, weights, 1.0, method)
    if costly:
        largest = max([*costs.missed.values(), 0.0]) + max([*costs.false.values(), 0.0])
        scaled = {side: MESSAGES * values for side, values in costs_of(messages, costs).items()}
        rows += _both_sides("expected_cost", scaled, weights, MESSAGES * largest, method)
    return rows


def _both_sides(
    name: str,
    values: Mapping[MetricSide, NDArray[np.float64]],
    weights: NDArray[np.float64],
    spread: float,
    method: str,
) -> list[Metric]:
    paired = {**values, "difference": values["candidate"] - values["base"]}
    return [
        of_interval(name, ALL, side, weighted_mean(one, weights, spread), method)
        for side, one in paired.items()
    ]


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    review = context.review
    rows = production_metrics(context.workbench, review.traffic.weights, review.costs)
    return {"metric": metric_table(rows)}


PRODUCTION = Aggregate("intent.production", 1, _compute)
