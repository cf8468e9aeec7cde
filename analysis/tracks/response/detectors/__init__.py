"""The detectors of the response track: each a file, each a line here.

A detector is a lead: it points at spans and says why, a person confirms.
"""

from __future__ import annotations

from analysis.tracks.response.detectors import citations, escalation, length
from analysis.tracks.response.detectors.contract import (
    Detector,
    Found,
    Knowledge,
    Passage,
    Policy,
    Promise,
    Response,
    Title,
)
from analysis.tracks.response.detectors.facts import detector as facts
from analysis.tracks.response.detectors.promises import detector as promises
from analysis.tracks.response.detectors.refusal import detector as refusal
from analysis.tracks.response.detectors.spoilers import detector as spoilers
from analysis.tracks.response.detectors.tone import detector as tone

DETECTORS: tuple[Detector, ...] = (
    spoilers.DETECTOR,
    facts.DETECTOR,
    promises.DETECTOR,
    citations.DETECTOR,
    escalation.DETECTOR,
    refusal.DETECTOR,
    tone.DETECTOR,
    length.DETECTOR,
)
BY_NAME = {detector.name: detector for detector in DETECTORS}

__all__ = [
    "BY_NAME",
    "DETECTORS",
    "Detector",
    "Found",
    "Knowledge",
    "Passage",
    "Policy",
    "Promise",
    "Response",
    "Title",
]
