"""Promises: what an answer lets a customer expect, held against policy."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

DETECTOR = Detector(
    name="promises",
    title="promises beyond policy",
    place=30,
    against="policy",
    version=3,
    detect=deferred(f"{__name__}.detector", "detect"),
    applies=deferred(f"{__name__}.detector", "applies"),
)
