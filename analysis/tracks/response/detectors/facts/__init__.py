"""Facts: what an answer states of a title, held against the catalogue."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="facts",
    place=20,
    title="Facts that the catalogue contradicts or lacks",
    question="Does the answer state of a title what the catalogue contradicts or does not hold?",
    verb="states what the catalogue contradicts or does not hold in",
    newly="newly states what the catalogue does not",
    protects="what is said of a title is what the catalogue says",
    strict=True,
    needs="catalogue",
    against="catalogue",
    invents=True,
    quoted=2,
    version=1,
    detect=deferred(CODE, "detect"),
    applies=deferred(CODE, "applies"),
)
