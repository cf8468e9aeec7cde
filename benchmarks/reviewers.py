"""Scripted reviewers: one who reads and errs, two who do not read; and the loop in which a session asks them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from analysis.base.review_records import Answer
from analysis.review.asked import Asked, Choice
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession

Reviewer = Callable[[Asked, str], Choice]
"""What a reviewer chooses on a closed page; the second argument is the label that is right."""
Labeller = Callable[[str, Asked], Mapping[str, Sequence[Answer]]]
"""What a reviewer says of each answer of a page, by what is asked; the first argument is the ref."""


def honest(seed: int, errs: float) -> Reviewer:
    """Reads, and is wrong about a share of the pages."""
    rng = np.random.default_rng(seed)

    def choose(asked: Asked, truth: str) -> Choice:
        right = [answer == (truth,) for answer in asked.answers]
        best: Choice = "neither" if not any(right) else "first" if right[0] else "second"
        options: list[Choice] = ["first", "neither"] if len(right) == 1 else ["first", "second", "neither"]
        if rng.random() < errs:
            best = str(rng.choice([one for one in options if one != best]))  # type: ignore[assignment]
        return best

    return choose


def always_first(asked: Asked, truth: str) -> Choice:
    """Presses the first key and reads nothing."""
    return "first"


def always_unsure(asked: Asked, truth: str) -> Choice:
    """Never tells."""
    return "unsure"


def answer_all(
    session: ReviewSession,
    choose: Callable[[str, Asked], Choice],
    cause: str = "",
    label: Labeller | None = None,
) -> int:
    """Answer closed page after closed page, as the console asks, until nothing is left that must be judged.

    Args:
        session: the review, open for one reviewer.
        choose: what that reviewer chooses, from the ref and what is asked.
        cause: recorded with each answer, as error analysis asks; empty for none.
        label: what that reviewer says where each answer is asked by itself.

    Returns:
        How many pages were answered.
    """
    answered = 0
    while (ref := session.neighbour(None, Scope(must=True), 1, undecided=True)) is not None:
        asked = session.asked(ref)
        if asked is None:
            raise ValueError(f"{ref} must be judged and asks nothing")
        if asked.asks and label is not None:
            session.label(ref, label(ref, asked), 2.0)
        else:
            session.answer(ref, choose(ref, asked), 2.0)
        if cause:
            session.cause(ref, cause)
        answered += 1
    return answered
