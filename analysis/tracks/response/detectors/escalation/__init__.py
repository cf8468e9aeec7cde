"""Escalation: whether who needs a person is handed over to one."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector, Occasion

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="escalation",
    place=50,
    title="Hand-over to a person against what was expected",
    question="Does the answer fail to hand over to a person where it should, or hand over where it should not?",
    verb="is wrong about handing over to a person in",
    newly="newly fails to hand over, or hands over wrongly",
    protects="who needs a person gets one",
    occasion=Occasion("escalation regressed", "wrong about handing over to a person", either_way=False),
    version=1,
    detect=deferred(CODE, "detect"),
    applies=deferred(CODE, "applies"),
)
