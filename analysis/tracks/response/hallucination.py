"""Hallucination: what nothing supports, by all detectors that find such things together."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.tracks.response.known_detectors import RATED

HALLUCINATION = "hallucination"
"""Stands beside the names of the detectors wherever a rate has one."""
INVENTING = tuple(detector.name for detector in RATED if detector.invents)


def listed(names: Sequence[str], last: str) -> str:
    """`facts, promises and citations`: names as they are said, with a word before the last of them."""
    return f" {last} ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "") if part)


TITLE = f"{listed(INVENTING, 'or').capitalize()} that nothing supports"
VERB = f"says what nothing supports ({', '.join(INVENTING)}) in"
"""What an answer does that hallucinates, as the verb of a detector."""
QUALITY = f"{listed(INVENTING, 'and')} together"
"""What is known of its rate: no more than of theirs."""
