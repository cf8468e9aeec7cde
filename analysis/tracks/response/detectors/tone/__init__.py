"""Tone: warmer, terser, pushier; only pushing counts."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector, always

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="tone",
    place=70,
    title="Pushy tone",
    version=2,
    detect=deferred(CODE, "detect"),
    applies=always,
)
