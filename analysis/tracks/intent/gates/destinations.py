"""Where the messages of a class went that the candidate no longer recognises."""

from __future__ import annotations

from analysis.base.gate_records import GateInput
from analysis.tracks.intent.metric_specs import TRACK

LEAST = 3
"""Messages of one class that must have gone astray before it is worth saying where."""


def destination(given: GateInput, slice_name: str) -> str:
    """`26 of 40 now go to X`; empty where too few went astray to speak of a direction."""
    found = given.settings.get(TRACK, {}).get("destinations", {}).get(slice_name)
    if not found:
        return ""
    to, count, lost = found
    return f"{count} of {lost} now go to {to}" if lost >= LEAST else ""
