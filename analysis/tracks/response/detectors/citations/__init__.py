"""Citations: whether what is cited exists and carries what is said."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

DETECTOR = Detector(
    name="citations",
    title="citations that do not hold",
    place=40,
    against="passages",
    languages=(),
    version=3,
    detect=deferred(f"{__name__}.detector", "detect"),
    applies=deferred(f"{__name__}.detector", "applies"),
)
