"""Keys of the gates of the response track, by which flags, triggers and the report name them."""

from __future__ import annotations

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL
from analysis.plugin.trigger import flagged
from analysis.tracks.response.detectors.contract import Detector
from analysis.tracks.response.known_detectors import RATED
from analysis.tracks.response.metric_specs import TRACK

TRADEOFF = f"{TRACK}.tradeoff"
LENGTH = f"{TRACK}.length"
ARTEFACT = f"{TRACK}.artefact"


def key_of(detector: str, slice_name: str) -> str:
    """Key of a detector's gate on a slice."""
    return f"{TRACK}.{detector}" + ("" if slice_name == ALL else f"[{slice_name}]")


def judged_slices(given: GateInput) -> list[str]:
    """All prompts, then each critical slice: these have keys of their own."""
    return [ALL, *(one.slice for one in given.slices if one.track == TRACK and one.critical)]


def flagged_for(given: GateInput, detector: str, slice_name: str) -> tuple[str, ...]:
    """Examples that bear on a detector's gate, worst first."""
    return flagged(given, key_of(detector, slice_name))


def detectors_of(given: GateInput) -> tuple[Detector, ...]:
    """The detectors with a rate that the run was made with; one that was installed since is not among them."""
    specs = given.specs.get(TRACK, {})
    return tuple(one for one in RATED if f"{one.name}_rate" in specs)


def strict_of(given: GateInput) -> tuple[Detector, ...]:
    """Those of them that a single confirmed hit fails."""
    return tuple(one for one in detectors_of(given) if one.strict)
