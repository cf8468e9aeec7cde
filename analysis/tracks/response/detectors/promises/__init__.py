"""Promises: what an answer lets a customer expect, held against policy."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="promises",
    place=30,
    title="Promises beyond policy",
    needs="policy",
    against="policy",
    version=2,
    detect=deferred(CODE, "detect"),
    applies=deferred(CODE, "applies"),
)
