"""Keys of the gates of the response track, by which flags, triggers and the report name them."""

from __future__ import annotations

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL
from analysis.plugin.trigger import flagged
from analysis.tracks.response.metric_specs import TRACK

BEHAVIOUR = f"{TRACK}.behaviour"
"""The gate of all behaviours; each of its keys is named by one."""
TRADEOFF = f"{TRACK}.tradeoff"
LENGTH = f"{TRACK}.length"
ARTEFACT = f"{TRACK}.artefact"


def key_of(behaviour: str, slice_name: str) -> str:
    """Key of a behaviour on a slice."""
    return f"{TRACK}.{behaviour}" + ("" if slice_name == ALL else f"[{slice_name}]")


def flagged_for(given: GateInput, behaviour: str, slice_name: str) -> tuple[str, ...]:
    """Examples that bear on a behaviour, worst first."""
    return flagged(given, key_of(behaviour, slice_name))
