"""Facts: what an answer states of a title, held against the catalogue."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

DETECTOR = Detector(
    name="facts",
    title="facts that the catalogue contradicts or lacks",
    place=20,
    against="catalogue",
    version=3,
    detect=deferred(f"{__name__}.detector", "detect"),
    applies=deferred(f"{__name__}.detector", "applies"),
)
