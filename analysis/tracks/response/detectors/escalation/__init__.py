"""Escalation: whether who needs a person is handed over to one."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="escalation",
    place=50,
    title="Hand-over to a person against what was expected",
    version=1,
    detect=deferred(CODE, "detect"),
    applies=deferred(CODE, "applies"),
)
