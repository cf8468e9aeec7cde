"""The detectors of the response track: each a file, each a line here.

A detector is a lead: it points at spans and says why, a person confirms.
"""

from __future__ import annotations

from analysis.response.detectors import (
    citations,
    escalation,
    facts,
    length,
    promises,
    refusal,
    spoilers,
    tone,
)
from analysis.response.detectors.base import (
    Detector,
    Found,
    Knowledge,
    Passage,
    Policy,
    Promise,
    Response,
    Title,
)

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
