"""The detectors of the response track: each is found in a file or folder beside this one, or in a plug-in.

A detector is a lead: it points at spans and says why, a person confirms. Its words are read wherever it is spoken of;
what it finds with is imported only when it is asked.
"""

from __future__ import annotations

from analysis.plugin.discovery import members
from analysis.tracks.response.detectors.contract import Detector

GROUP = "assay.detectors"
"""Entry points of detectors that other packages bring."""

DETECTORS: tuple[Detector, ...] = tuple(
    sorted(members(__name__, "DETECTOR", GROUP), key=lambda one: (one.place, one.name))
)
RATED: tuple[Detector, ...] = tuple(one for one in DETECTORS if one.rated)
"""Those with a rate and a gate, what a single confirmed hit fails first."""
BY_NAME = {detector.name: detector for detector in DETECTORS}
