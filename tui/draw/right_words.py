"""A verdict in words and as a mark, wherever verdicts are shown: which side is right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from analysis.base.records import SIDES

if TYPE_CHECKING:
    from analysis.base.review_records import Answer, ReviewState, Right, VerdictRecord

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
    words = (
        label_words((name, answers) for name, *answers in said.labels)
        if said.labels
        else RIGHT_WORDS[said.right]
    )
    return words + ("" if said.blind else " · not blind")


def settled_words(state: ReviewState, ref: str) -> str:
    """What reviewers agreed on after they disagreed: of the sides, or of what each answer does."""
    labels = next(one.labels for one in state.settlements if one.ref == ref)
    told = label_words((name, answers) for name, *answers in labels)
    return f"settled: {told if labels else RIGHT_WORDS[state.settled[ref]]}"


def sides_words(answers: Sequence[Answer]) -> list[str]:
    """One label in words, side by side: `base: no`, `candidate: not sure`."""
    return [
        f"{side}: {'not sure' if one == 'unsure' else one}" for side, one in zip(SIDES, answers, strict=True)
    ]


def short_words(said: VerdictRecord) -> str:
    """The same in a word or three, where labels are told elsewhere."""
    words = "labelled" if said.labels else RIGHT_WORDS[said.right]
    return words + ("" if said.blind else " · not blind")


def label_words(labels: Iterable[tuple[str, Sequence[Answer]]], titles: Sequence[str] = SIDES) -> str:
    """What each answer does, by title; `?` behind what nobody could tell: `base: nothing · candidate: spoils, pushes?`.

    Args:
        labels: what was asked after, with the answer for each title.
        titles: what the answers are called, in the same order.
    """
    rows = list(labels)
    told = []
    for number, title in enumerate(titles):
        does = [
            name.replace("_", " ") + ("?" if answers[number] == "unsure" else "")
            for name, answers in rows
            if answers[number] != "no"
        ]
        told.append(f"{title}: {', '.join(does) or 'nothing'}")
    return " · ".join(told)
