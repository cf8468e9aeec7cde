"""Checks of an answer against what is given: catalogue, policy and passages.

Each finds with the module `detector` of the folder of its name, which is imported when it is first asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis.plugin.discovery import deferred
from analysis.tracks.response.detectors.contract import Detector, Knowledge


def _check(name: str, title: str, needs: Callable[[Knowledge], bool], **more: Any) -> Detector:
    """The check of the folder `name`; `needs`: whether there is anything to hold an answer against."""
    return Detector(
        name=name,
        title=title,
        detect=deferred(f"{__package__}.{name}.detector", "detect"),
        applies=lambda response, knowledge: needs(knowledge),
        **more,
    )


DETECTOR = (
    _check(
        "spoilers",
        "how a story goes on",
        lambda given: bool(given.catalogue or given.policy.spoiler_words),
        place=10,
        against="catalogue",
        version=4,
    ),
    _check(
        "facts",
        "facts that the catalogue contradicts or lacks",
        lambda given: bool(given.catalogue),
        place=20,
        against="catalogue",
        version=4,
    ),
    _check(
        "promises",
        "promises beyond policy",
        lambda given: bool(given.policy.promises),
        place=30,
        against="policy",
        version=3,
    ),
    _check(
        "citations",
        "citations that do not hold",
        lambda given: given.policy.citation_pattern is not None,
        place=40,
        against="passages",
        version=3,
        languages=(),
    ),
)
