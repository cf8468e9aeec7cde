"""Metrics of routing and changed predictions: counted by hand, classes without examples included."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import duckdb
import pytest

from analysis.base.records import ALL
from analysis.tracks.intent.metrics import class_metrics, slice_metrics


@pytest.fixture
def run() -> Iterator[duckdb.DuckDBPyConnection]:
    """Six messages of two classes (gold, base, candidate); none of the critical class `escalation`."""
    connection = duckdb.connect(":memory:")
    for name in ("evidence.sql", "intent.sql"):
        connection.execute(files("analysis.store").joinpath("schema", name).read_text("utf-8"))
    rows = [
        ("returns", "returns", "returns"),
        ("returns", "returns", "escalation"),
        ("returns", "escalation", "returns"),
        ("payment", "payment", "escalation"),
        ("payment", "returns", "shipping"),
        ("payment", "escalation", "escalation"),
    ]
    for number, (gold, base, candidate) in enumerate(rows):
        ref = f"intent/message:{number}"
        connection.execute(
            "INSERT INTO example VALUES (?, 'intent', 'message', ?, NULL, 'text', ?, '')",
            [ref, str(number), gold],
        )
        connection.execute("INSERT INTO membership VALUES (?, 'intent', ?)", [ALL, ref])
        for side, label in (("base", base), ("candidate", candidate)):
            connection.execute(
                "INSERT INTO intent_side VALUES (?, ?, ?, .9, 'x', .1, .8, .5, ?, [0])",
                [ref, side, label, label == gold],
            )
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
