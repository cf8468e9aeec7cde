"""Promises: what an answer lets a customer expect, held against policy."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="promises",
    title="promises beyond policy",
    place=30,
    needs="policy",
    against="policy",
    version=3,
    detect=deferred(CODE, "detect"),
    applies=deferred(CODE, "applies"),
)
