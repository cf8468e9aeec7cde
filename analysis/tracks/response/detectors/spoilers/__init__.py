"""Spoilers: how a story goes on, told to somebody who did not ask."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="spoilers",
    title="how a story goes on",
    place=10,
    needs="catalogue",
    against="catalogue",
    version=4,
    detect=deferred(CODE, "detect"),
    applies=deferred(CODE, "applies"),
)
