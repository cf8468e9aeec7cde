"""Tone: warmer, terser, pushier; only pushing counts."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector, Occasion, always

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
    occasion=Occasion("a LoRA or DPO model changed tone", "answers by tone"),
    version=2,
    detect=deferred(CODE, "detect"),
    applies=always,
)
