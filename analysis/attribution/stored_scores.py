"""The precision in which attribution scores are kept."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_STEPS = 2047
"""Steps from zero to the largest score of an attribution: with the sign, 12 bits for each word."""
LEAST_EXPONENT = -149
"""Of the least positive number in float32."""


def in_steps(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores in whole steps of a power of two, of which the largest score has 1,024 to 2,047.

    A score is moved by less than a two-thousandth of the largest one in its text: the last of the three decimals that
    are shown may become the next, and what differs by less than that no method tells apart. Screens, reports and
    counts all read these numbers; a published run keeps the steps in 12 bits each and gives them back exactly.

    Args:
        scores: of the words of one text; what is not finite becomes zero.
    """
    finite = np.nan_to_num(scores, nan=0.0, posinf=0.0, neginf=0.0)
    largest = float(np.abs(finite).max(initial=0.0))
    if largest == 0:
        return finite
    # frexp gives a fraction from one half to one: the largest has 1,024 to 2,048 steps.
    exponent = max(math.frexp(largest)[1] - 11, LEAST_EXPONENT)
    if np.rint(math.ldexp(largest, -exponent)) > MOST_STEPS:
        exponent += 1
    steps = np.rint(np.ldexp(finite.astype(np.float64), -exponent))
    return np.ldexp(steps, exponent).astype(np.float32)
