"""The slices that are classes: `COLUMN=CLASS`, by whatever name the column of labels has."""

from __future__ import annotations

from analysis.base.gate_records import GateInput
from analysis.base.records import Slice
from analysis.tracks.intent.metric_specs import TRACK


def critical_classes(given: GateInput) -> list[Slice]:
    """The slice of each critical class, in the order of the run."""
    return [one for one in given.slices if one.track == TRACK and one.critical and one.kind == "class"]


def class_of(one: Slice) -> str:
    """The class that a class slice holds, as it stands in the keys of gates."""
    return one.slice.partition("=")[2]
