"""Columns of the records that say what answers do: recorded labels, and leads of the kind `recorded`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from analysis.base.records import SIDES
from analysis.tracks.response.detect import OUTCOME
from analysis.tracks.response.leads.recorded import label_cell, score_cell, side_columns
from analysis.tracks.response.leads.settings import RecordedSection

if TYPE_CHECKING:
    from analysis.data.examples import Examples
    from analysis.tracks.response.settings import ResponseSettings

WHY = "recorded"


def take_recorded(examples: Examples, settings: ResponseSettings) -> tuple[Examples, dict[str, pa.Table]]:
    """The rows of `response_label` and `response_outcome`, and the examples without the columns that they were in.

    What was said of an answer defines no slice.

    Raises:
        AssayError: there is no such column, or a value that cannot be used.
    """
    taken: list[str] = []
    labels: list[dict[str, str]] = []
    for name, columns in settings.labels.items():
        named = {side: getattr(columns, side) for side in SIDES}
        wheres = {side: settings.where("labels", name, side) for side in SIDES}
        found = side_columns(examples, named, label_cell, wheres)
        labels += [
            {"ref": ref, "side": side, "behaviour": name, "answer": answer, "source": columns.source}
            for (ref, side), answer in found.items()
        ]
        taken += named.values()
    outcomes: list[dict[str, object]] = []
    for name, section in settings.detector.items():
        if not isinstance(section, RecordedSection):
            continue
        named = {side: getattr(section, side) for side in SIDES}
        wheres = {side: settings.where("detector", name, side) for side in SIDES}
        scores = side_columns(examples, named, score_cell, wheres)
        outcomes += [
            {"ref": ref, "side": side, "detector": name, "score": score, "hits": 0, "why": WHY}
            for (ref, side), score in scores.items()
        ]
        taken += named.values()
    schema = pa.schema([(key, pa.string()) for key in ("ref", "side", "behaviour", "answer", "source")])
    tables = {
        "response_label": pa.Table.from_pylist(labels, schema),
        "response_outcome": pa.Table.from_pylist(outcomes, OUTCOME),
    }
    left = examples.metadata.drop_columns(list(dict.fromkeys(taken)))
    return replace(examples, metadata=left), tables
