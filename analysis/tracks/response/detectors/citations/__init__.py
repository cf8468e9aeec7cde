"""Citations: whether what is cited exists and carries what is said."""

from __future__ import annotations

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector

CODE = f"{__name__}.detector"

DETECTOR = Detector(
    name="citations",
    title="citations that do not hold",
    place=40,
    needs="policy",
    languages=(),
    version=3,
    detect=deferred(CODE, "detect"),
    applies=deferred(CODE, "applies"),
)
