"""Exact one- and two-sided bounds on how many failures a sample leaves possible. Plain Python."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

from analysis.stats.numeric import binomial_at_least, bisect, level, log_comb, require


@lru_cache(maxsize=8192)
def clopper_pearson(
    k: int, n: int, confidence: float = 0.95, side: Literal["two", "upper", "lower"] = "two"
) -> tuple[float, float]:
    """Exact binomial bounds for a rate of which `k` of `n` were seen; (0, 1) when n is 0.

    `side` "upper" gives (0, bound) and "lower" (bound, 1), each spending all of 1 - confidence on its side.

    Raises:
        ValueError: k is not within 0 to n, or confidence is not inside (0, 1).

    Source: Clopper and Pearson (1934), Biometrika 26:404.
    """
    require(0 <= k <= n, f"need 0 <= k <= n: k={k}, n={n}")
    require(side in ("two", "upper", "lower"), f"side must be two, upper or lower, got {side!r}")
    tail = (1 - level(confidence)) / (2 if side == "two" else 1)
    low, high = 0.0, 1.0
    if side != "upper" and k > 0:
        low = bisect(lambda rate: binomial_at_least(k, n, rate) > tail, 0.0, 1.0)
    if side != "lower" and k < n:
        high = bisect(lambda rate: 1 - binomial_at_least(k + 1, n, rate) <= tail, 0.0, 1.0)
    return low, high


def hypergeometric_upper(
    failures_seen: int, inspected: int, population: int, confidence: float = 0.95
) -> int:
    """Largest total number of failures in a finite population that a random sample of it does not exclude.

    A total T is excluded when P(at most `failures_seen` among `inspected` | T) <= 1 - confidence, one-sided.
    None of 20 from 55 allows 6 at 95 % and 7 at 97.5 %. Only a random sample supports this bound.

    Raises:
        ValueError: not 0 <= failures_seen <= inspected <= population, or confidence is not inside (0, 1).
    """
    require(
        0 <= failures_seen <= inspected <= population,
        f"need 0 <= seen <= inspected <= population: {failures_seen}, {inspected}, {population}",
    )
    tail = 1 - level(confidence)
    all_samples = log_comb(population, inspected)

    def allowed(total: int) -> bool:
        passing = population - total
        probability = sum(
            math.exp(log_comb(total, seen) + log_comb(passing, inspected - seen) - all_samples)
            for seen in range(max(0, inspected - passing), min(failures_seen, total) + 1)
        )
        return probability > tail

    low, high = failures_seen, population - (inspected - failures_seen)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if allowed(middle) else (low, middle - 1)
    return low
