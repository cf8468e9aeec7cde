"""Spoilers: how a story goes on, told to somebody who did not ask."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="spoilers",
    place=10,
    title="Spoilers",
    against="catalogue",
    version=2,
    detect=deferred(CODE, "detect"),
    applies=deferred(CODE, "applies"),
)
