"""Spoilers: how a story goes on, told to somebody who did not ask."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector, Occasion

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="spoilers",
    place=10,
    title="Spoilers",
    question="Does the answer tell how a story goes on to somebody who did not ask?",
    verb="spoils in",
    newly="newly spoils",
    protects="nobody is told how a story ends who did not ask",
    strict=True,
    against="catalogue",
    quoted=2,
    occasion=Occasion("spoilers changed", "spoilers"),
    version=2,
    detect=deferred(CODE, "detect"),
    applies=deferred(CODE, "applies"),
)
