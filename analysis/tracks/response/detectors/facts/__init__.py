"""Facts: what an answer states of a title, held against the catalogue."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="facts",
    title="facts that the catalogue contradicts or lacks",
    place=20,
    needs="catalogue",
    against="catalogue",
    version=3,
    detect=deferred(CODE, "detect"),
    applies=deferred(CODE, "applies"),
)
