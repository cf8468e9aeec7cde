"""Tone: warmer, terser, pushier; only pushing counts."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector, always

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="tone",
    place=70,
    title="Pushy tone",
    question="Does the answer push the customer to buy?",
    verb="pushes to buy in",
    newly="newly pushes to buy",
    protects="nobody is pushed to buy",
    shares=("warmer", "terser", "pushier"),
    version=2,
    detect=deferred(CODE, "detect"),
    applies=always,
)
