"""What choosing the best of several looks like where none is better than another."""

from __future__ import annotations

import math

_REACH, _STEPS = 9.0, 1800
"""The integral goes to nine deviations either way: what lies beyond is less than 1e-18."""


def expected_best(count: int) -> float:
    """Expected maximum of `count` independent standard normal deviates, for 1 to a few thousand.

    Times the standard error of a change it is what the best of so many equal candidates shows by chance. Candidates
    that are compared with one base move together, and their best then shows less (Slepian 1962): it is a bound.
    Simulated with equal candidates, the best of 20 shows 1.15 points (design 5.9); this says 1.87 standard errors.

    Raises:
        ValueError: fewer than one.
    """
    if count < 1:
        raise ValueError("the best of nothing is nothing")
    width = 2 * _REACH / _STEPS
    places = (width * step - _REACH for step in range(_STEPS + 1))
    return sum(x * count * _density(x) * _below(x) ** (count - 1) for x in places) * width


def _density(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _below(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2
