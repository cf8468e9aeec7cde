"""Spoilers: how a story goes on, told to somebody who did not ask."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

DETECTOR = Detector(
    name="spoilers",
    title="how a story goes on",
    place=10,
    against="catalogue",
    version=4,
    detect=deferred(f"{__name__}.detector", "detect"),
    applies=deferred(f"{__name__}.detector", "applies"),
)
