"""Counts of the metrics, on a handful of predictions that can be counted by hand."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pytest

from analysis.base.records import ALL, Example
from analysis.data.memberships import membership_rows
from analysis.run.pipeline import insert_arrow, insert_rows
from analysis.stats import clustered_interval, mcnemar_one_sided, tango_interval
from analysis.tracks.intent.metrics import class_metrics, slice_metrics
from analysis.tracks.intent.predict import side_rows
from tests.analysis.tracks.intent.probed import empty_workbench

LABELS = ["returns", "payment", "escalation", "shipping"]
ROWS = [
    ("returns", "returns", "returns"),
    ("returns", "returns", "escalation"),
    ("returns", "escalation", "returns"),
    ("payment", "payment", "escalation"),
    ("payment", "returns", "shipping"),
    ("payment", "escalation", "escalation"),
]
"""Gold, base and candidate of six messages of two classes; none is of the critical class `escalation`."""


@pytest.fixture
def run() -> Iterator[duckdb.DuckDBPyConnection]:
    """A workbench with what both sides predict for ROWS."""
    golds = [gold for gold, _, _ in ROWS]
    refs = [f"intent/message:{number}" for number in range(len(ROWS))]
    connection = empty_workbench()
    examples = [
        Example(ref, "intent", "message", ref, None, "a text", gold, "")
        for ref, gold in zip(refs, golds, strict=True)
    ]
    insert_rows(connection, "example", examples)
    insert_arrow(connection, "membership", membership_rows("intent", {ALL: refs}))
    for column, side in enumerate(("base", "candidate"), start=1):
        chosen = [LABELS.index(row[column]) for row in ROWS]
        logits = 3 * np.eye(len(LABELS), dtype=np.float32)[chosen]
        insert_arrow(connection, "intent_side", side_rows(refs, side, logits, LABELS, golds))
    yield connection
    connection.close()


def test_messages_newly_sent_to_a_critical_class_without_examples_are_counted(
    run: duckdb.DuckDBPyConnection,
) -> None:
    found = {
        (one.name, one.side): one
        for one in class_metrics(run, "label", ["escalation"])
        if one.slice == "label=escalation"
    }
    assert found["routed_gained", "difference"].value == 2
    assert found["routed_lost", "difference"].value == 1
    assert found["routed_gained", "difference"].n == 6
    assert found["false_positives", "base"].value == 2
    assert found["false_positives", "candidate"].value == 3
    assert found["false_positive_rate", "difference"].value == pytest.approx(1 / 6)
    assert ("recall", "base") not in found
    assert found["precision", "candidate"].value == 0


def test_flips_count_every_changed_prediction_and_not_only_broken_and_fixed(
    run: duckdb.DuckDBPyConnection,
) -> None:
    found = {
        one.name: one.value for one in slice_metrics(run) if one.slice == ALL and one.side == "difference"
    }
    assert (found["flips"], found["broken"], found["fixed"]) == (4, 2, 1)


CLUSTERED = {0: 0, 1: 0, 3: 0, 2: 2, 5: 2}
"""Messages 0, 1 and 3 are one cluster, of which two broke; 2, which was fixed, and 5 are another."""


def clustered(run: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    rows = [
        ("intent", f"intent/message:{ref}", f"intent/message:{first}") for ref, first in CLUSTERED.items()
    ]
    run.executemany("INSERT INTO cluster VALUES (?, ?, ?)", rows)
    return run


def test_without_clusters_every_message_is_one(run: duckdb.DuckDBPyConnection) -> None:
    found = {one.name: one for one in slice_metrics(run) if one.slice == ALL and one.side == "difference"}
    assert [found[name].value for name in ("broken_clusters", "fixed_clusters", "net_squares")] == [2, 1, 3]
    assert found["mcnemar_p"].value == mcnemar_one_sided(2, 1)
    assert (found["accuracy"].low, found["accuracy"].high) == tango_interval(2, 1, 6)
    assert found["accuracy"].n_effective == 6


def test_a_cluster_that_breaks_together_is_one_regression(run: duckdb.DuckDBPyConnection) -> None:
    found = {
        one.name: one
        for one in slice_metrics(clustered(run))
        if one.slice == ALL and one.side == "difference"
    }
    assert [found[name].value for name in ("broken", "fixed")] == [2, 1]
    assert [found[name].value for name in ("broken_clusters", "fixed_clusters", "net_squares")] == [1, 1, 5]
    assert found["mcnemar_p"].value == mcnemar_one_sided(1, 1)
    assert (found["accuracy"].low, found["accuracy"].high) == clustered_interval(2, 1, 6, 5)
    assert (found["accuracy"].n, found["accuracy"].n_effective) == (6, 3)


def test_routing_is_counted_by_cluster(run: duckdb.DuckDBPyConnection) -> None:
    """Both messages newly sent to escalation are of one cluster, the one no longer sent there of another."""
    found = {
        one.name: one
        for one in class_metrics(clustered(run), "label", ["escalation"])
        if one.slice == "label=escalation" and one.side == "difference"
    }
    names = ("routed_gained", "routed_lost", "routed_gained_clusters", "routed_lost_clusters")
    assert [found[name].value for name in (*names, "routed_net_squares")] == [2, 1, 1, 1, 5]
    rate = found["false_positive_rate"]
    assert (rate.low, rate.high) == clustered_interval(1, 2, 6, 5)
    assert rate.n_effective == 3


def test_nothing_routed_is_counted_as_nothing(run: duckdb.DuckDBPyConnection) -> None:
    found = {
        one.name: one.value
        for one in class_metrics(run, "label", ["nobody"])
        if one.slice == "label=nobody" and one.side == "difference"
    }
    assert [found[f"routed_{name}"] for name in ("gained_clusters", "lost_clusters", "net_squares")] == [
        0,
        0,
        0,
    ]
