"""Fisher's exact test of two shares. Plain Python."""

from __future__ import annotations

import math
from functools import lru_cache

from analysis.stats.numeric import log_comb, require

_AS_LIKELY = 1 + 1e-7
"""Tables whose probabilities differ by less are equally likely: they are sums of logarithms."""


@lru_cache(maxsize=4096)
def fisher_exact(first: int, of_first: int, second: int, of_second: int) -> float:
    """Two-sided exact p of no difference between the shares `first / of_first` and `second / of_second`.

    The sum over all tables with the same margins that are no likelier than the one seen; 1 where a margin is empty.

    Raises:
        ValueError: a count is negative or larger than what it is of.

    Source: Fisher (1935), "The logic of inductive inference", JRSS 98:39.
    """
    require(
        0 <= first <= of_first and 0 <= second <= of_second,
        f"need 0 <= count <= of: {first} of {of_first}, {second} of {of_second}",
    )
    total, hits = of_first + of_second, first + second
    tables = range(max(0, hits - of_second), min(hits, of_first) + 1)
    every = log_comb(total, hits)
    chances = {k: math.exp(log_comb(of_first, k) + log_comb(of_second, hits - k) - every) for k in tables}
    limit = chances[first] * _AS_LIKELY
    return min(1.0, sum(chance for chance in chances.values() if chance <= limit))
