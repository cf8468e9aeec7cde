"""A verdict in words and as a mark, wherever verdicts are shown: which side is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.base.review_records import Right, VerdictRecord

RIGHT_WORDS: dict[Right, str] = {
    "candidate": "candidate is right",
    "base": "base is right",
    "both": "both are right",
    "neither": "neither is right",
    "unsure": "not sure",
}
RIGHT_MARKS: dict[Right, tuple[str, str]] = {
    "candidate": ("▲", "good"),
    "base": ("▼", "bad"),
    "both": ("=", "text"),
    "neither": ("×", "bad"),
    "unsure": ("?", "warn"),
}
"""Mark and style of each verdict: up where the candidate is the better side, down where it is the worse."""


def verdict_words(said: VerdictRecord) -> str:
    """A verdict in words, and whether its reviewer looked at the sides before."""
    return RIGHT_WORDS[said.right] + ("" if said.blind else " · not blind")
