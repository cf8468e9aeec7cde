"""The bounds of the three sentences are wrong in at most one review of twenty, whoever the reviewer is."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

import pytest

from analysis.review.coverage import bounds

REVIEWS = 2000
CONTROLS = 20
MOST_WRONG = 0.05 + 3 * (0.05 * 0.95 / REVIEWS) ** 0.5
"""A twentieth, and three standard errors of the simulation."""

Reviewer = Callable[[bool, random.Random], str]


def honest(failing: bool, dice: random.Random) -> str:
    return "base" if failing else "both"


def hesitant(failing: bool, dice: random.Random) -> str:
    """Cannot tell half of what fails."""
    return "unsure" if failing and dice.random() < 0.5 else honest(failing, dice)


def timid(failing: bool, dice: random.Random) -> str:
    """Cannot tell some of what is right either."""
    return "unsure" if dice.random() < 0.2 else honest(failing, dice)


said_bounds = cache(bounds)


@pytest.mark.parametrize("reviewer", [honest, hesitant, timid])
@pytest.mark.parametrize(("size", "failing"), [(21, 1), (55, 3), (55, 7), (60, 30), (400, 12), (400, 60)])
def test_a_bound_on_the_slice_is_wrong_in_at_most_one_review_of_twenty(
    reviewer: Reviewer, size: int, failing: int
) -> None:
    dice = random.Random(f"{reviewer.__name__}/{size}/{failing}")
    truth = [number < failing for number in range(size)]
    wrong = 0
    for _ in range(REVIEWS):
        said = [reviewer(one, dice) for one in dice.sample(truth, min(CONTROLS, size))]
        failed = sum(one not in ("candidate", "both") for one in said)
        wrong += said_bounds(failed, len(said), size)[0] < failing
    assert wrong / REVIEWS <= MOST_WRONG


@pytest.mark.parametrize("reviewer", [honest, hesitant, timid])
@pytest.mark.parametrize("rate", [0.01, 0.05, 0.13, 0.14, 0.3])
def test_a_bound_on_future_traffic_is_wrong_in_at_most_one_review_of_twenty(
    reviewer: Reviewer, rate: float
) -> None:
    dice = random.Random(f"{reviewer.__name__}/{rate}")
    wrong = 0
    for _ in range(REVIEWS):
        said = [reviewer(dice.random() < rate, dice) for _ in range(CONTROLS)]
        failed = sum(one not in ("candidate", "both") for one in said)
        wrong += said_bounds(failed, CONTROLS, 10 * CONTROLS)[1] < rate
    assert wrong / REVIEWS <= MOST_WRONG


def test_leaving_out_what_nobody_could_tell_would_break_the_promise() -> None:
    """Why `unsure` counts as failed: a reviewer who cannot tell half of what fails would hide it."""
    dice = random.Random(7)
    truth = [number < 12 for number in range(55)]
    wrong = 0
    for _ in range(REVIEWS):
        said = [hesitant(one, dice) for one in dice.sample(truth, CONTROLS)]
        wrong += said_bounds(said.count("base"), CONTROLS, 55)[0] < 12
    assert wrong / REVIEWS > 2 * MOST_WRONG


def test_nobody_looks_until_it_suits() -> None:
    """Why there is no bound while controls are open: one who stops at the first good count is wrong more often."""
    dice = random.Random(11)
    truth = [number < 16 for number in range(55)]
    wrong = 0
    for _ in range(REVIEWS):
        drawn = dice.sample(truth, CONTROLS)
        looks = (said_bounds(sum(drawn[:looked]), looked, 55)[0] for looked in range(5, CONTROLS + 1))
        wrong += min(looks) < 16
    assert wrong / REVIEWS > MOST_WRONG
