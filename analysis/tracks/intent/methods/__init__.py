"""The attribution methods: each is a file beside this one that names its `METHODS`, or comes from a plug-in."""

from __future__ import annotations

from analysis.plugin.discovery import members
from analysis.tracks.intent.methods.contract import Method

GROUP = "assay.attribution_methods"
"""Entry points of methods that other packages bring; each names a tuple of `Method`."""

METHODS: tuple[Method, ...] = tuple(
    sorted(
        (method for found in members(__name__, "METHODS", GROUP) for method in found),
        key=lambda method: (method.place, method.name),
    )
)
"""In the order in which they are shown."""
