"""Refusal: whether what must be refused is, and nothing else."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="refusal",
    place=60,
    title="Refusal against what was expected",
    version=2,
    detect=deferred(CODE, "detect"),
    applies=deferred(CODE, "applies"),
)
