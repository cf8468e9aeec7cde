"""Every detector there is: those of the folder `detectors`, and those that plug-ins bring.

A detector is a lead: it points at spans and says why, a person confirms. Its words are read wherever it is spoken of;
what it finds with is imported only when it is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from analysis.plugin.discovery import members
from analysis.tracks.response.detectors.contract import Detector

_LOG = logging.getLogger(__name__)

FOLDER = "analysis.tracks.response.detectors"
GROUP = "assay.detectors"
"""Entry points of detectors that other packages bring: each names a `Detector`, or a tuple of them."""


def in_order(found: Iterable[Detector | tuple[Detector, ...]]) -> tuple[Detector, ...]:
    """Detectors by their place; one whose name is taken is left out, and the log says so."""
    by_name: dict[str, Detector] = {}
    for given in found:
        for one in given if isinstance(given, tuple) else (given,):
            if one.name in by_name:
                _LOG.warning("left out: a second detector %r; its name is taken", one.name)
            else:
                by_name[one.name] = one
    return tuple(sorted(by_name.values(), key=lambda one: (one.place, one.name)))


DETECTORS = in_order(members(FOLDER, "DETECTOR", GROUP, Detector))
BY_NAME = {detector.name: detector for detector in DETECTORS}
