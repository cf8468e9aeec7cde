"""Inputs of the response gates, made by the track's own readers, stages and SQL over a workbench."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb

from analysis.base.gate_records import GateInput, GateResult
from analysis.base.records import Metric, Side, Slice
from analysis.base.review_records import Answer, Label, ReviewState, SpanRecord, SpanVerdict, VerdictRecord
from analysis.base.sql import dictionaries, records
from analysis.plugin.metric import spec_by_name
from analysis.plugin.registry import get
from analysis.review.evaluate import evaluate, resolve_rules
from analysis.tracks.response.behaviour_data import behaviour_data
from analysis.tracks.response.heard import BEHAVIOUR_FIELDS
from analysis.tracks.response.lengths import length_metrics
from analysis.tracks.response.metric_specs import TRACK, rows_for, specs_for
from analysis.tracks.response.preference import preference_metrics
from analysis.tracks.response.rates import lead_metrics, unread_metrics

GATES = get(TRACK).gates()
NOTHING = ReviewState((), {}, (), (), None)
Word = tuple[str, Side, str, int, int, SpanVerdict, str]
"""What somebody said of a span: ref, side, detector, start, end, verdict, reviewer."""


def given(
    connection: duckdb.DuckDBPyConnection,
    state: ReviewState = NOTHING,
    *,
    preferences: bool = False,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    reviewers: int = 1,
) -> GateInput:
    """What the gates read of a workbench and of what people said."""
    behaviours = dictionaries(
        connection, f"SELECT {', '.join(BEHAVIOUR_FIELDS)} FROM response_behaviour ORDER BY place"
    )
    names = [one["name"] for one in behaviours]
    rows = rows_for(names)
    metrics: list[Metric] = [
        *lead_metrics(connection, rows),
        *unread_metrics(connection, rows),
        *length_metrics(connection, 0),
        *preference_metrics(connection, 0),
    ]
    return GateInput(
        run="0123456789ab",
        owner="carol",
        today="2026-11-22",
        reviewers_required=reviewers,
        tracks=(TRACK,),
        metrics=tuple(metrics),
        specs={TRACK: spec_by_name(specs_for(names))},
        slices=tuple(records(connection, Slice, "SELECT * FROM slice")),
        rules=resolve_rules(overrides or {}, GATES),
        settings={
            TRACK: {"behaviours": behaviours, "preferences": preferences, **behaviour_data(connection)}
        },
        expected=(),
        queue=(),
        flagged={},
        state=state,
    )


def labelled(
    said: Mapping[str, Sequence[tuple[str, Answer, Answer]]],
    *,
    who: Iterable[str] = ("alice",),
    spans: Sequence[Word] = (),
) -> ReviewState:
    """Labels of prompts as (behaviour, base, candidate), the same by each reviewer; and words on spans."""
    return ReviewState(
        tuple(
            VerdictRecord(
                ref, name, name, "both", None, None, True, None, (), tuple(Label(*one) for one in labels)
            )
            for name in who
            for ref, labels in said.items()
        ),
        {},
        (),
        (),
        None,
        tuple(
            SpanRecord(ref, side, detector, start, end, verdict, name, name)
            for ref, side, detector, start, end, verdict, name in spans
        ),
    )


def drawn(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The prompts in the order in which they are labelled."""
    return [ref for (ref,) in connection.execute("SELECT ref FROM response_drawn ORDER BY place").fetchall()]


def gate(one: GateInput, key: str) -> GateResult:
    return next(result for result in evaluate(one, GATES) if result.key == key)
