"""Counts of the metrics, on a handful of predictions that can be counted by hand."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pytest

from analysis.base.records import ALL, Example, Membership
from analysis.run.pipeline import insert_arrow, insert_rows
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
    insert_rows(connection, "membership", [Membership(ALL, "intent", ref) for ref in refs])
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
