"""Every attribution method there is: those of the folder `methods`, and those that plug-ins bring."""

from __future__ import annotations

from analysis.plugin.discovery import members
from analysis.tracks.intent.methods.contract import Method

FOLDER = "analysis.tracks.intent.methods"
GROUP = "assay.attribution_methods"
"""Entry points of methods that other packages bring; each names a tuple of `Method`."""


def _found() -> tuple[Method, ...]:
    """The methods by place and name; a plug-in's method of a name that is taken is passed over."""
    found: dict[str, Method] = {}
    for method in (method for methods in members(FOLDER, "METHODS", GROUP, Method) for method in methods):
        found.setdefault(method.name, method)
    return tuple(sorted(found.values(), key=lambda method: (method.place, method.name)))


METHODS = _found()
"""In the order in which they are shown."""
