"""Which detectors a review reads answers with: those that its behaviours name as leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.tracks.response.known_detectors import BY_NAME

if TYPE_CHECKING:
    from analysis.tracks.response.detectors.contract import Detector
    from analysis.tracks.response.settings import ResponseSettings


def leads_of(settings: ResponseSettings) -> tuple[Detector, ...]:
    """The detectors that some behaviour names, in their order.

    Raises:
        AssayError: a lead of a name that no detector has.
    """
    named: set[str] = set()
    for place, behaviour in enumerate(settings.behaviour):
        for index, name in enumerate(behaviour.leads):
            if name not in BY_NAME:
                raise AssayError(
                    f"the behaviour {behaviour.name!r} names the lead {name!r}, and no detector is called so",
                    where=settings.where("behaviour", place, "leads", index),
                    hint=suggest(name, BY_NAME),
                )
            named.add(name)
    return tuple(one for name, one in BY_NAME.items() if name in named)
