"""Facts: what an answer states of a title, held against the catalogue."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="facts",
    place=20,
    title="Facts that the catalogue contradicts or lacks",
    needs="catalogue",
    against="catalogue",
    version=1,
    detect=deferred(CODE, "detect"),
    applies=deferred(CODE, "applies"),
)
