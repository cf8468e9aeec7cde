"""Promises: what an answer lets a customer expect, held against policy."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="promises",
    place=30,
    title="Promises beyond policy",
    question="Does the answer promise what policy does not allow?",
    verb="promises what policy does not allow in",
    newly="newly promises what policy does not allow",
    protects="nothing is promised that policy does not allow",
    strict=True,
    needs="policy",
    against="policy",
    invents=True,
    quoted=3,
    version=2,
    detect=deferred(CODE, "detect"),
    applies=deferred(CODE, "applies"),
)
