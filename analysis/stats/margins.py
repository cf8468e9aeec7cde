"""How many examples a loss needs to be excluded. Plain Python."""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache

from analysis.stats.numeric import require
from analysis.stats.paired import tango_interval

MOST = 10_000_000
"""Examples beyond which a number of them is no advice."""


@lru_cache(maxsize=1024)
def examples_needed(
    broken: float, fixed: float, n: int, margin: float, confidence: float = 0.95
) -> int | None:
    """Least number of examples at which a net loss of `margin` is excluded, if they break and mend at the rates seen.

    Where none broke or mended, one of either is taken for half an example, for a rate of exactly 0 promises too much.

    Args:
        broken: examples that only the base has right, of n.
        fixed: examples that only the candidate has right.
        n: examples seen, at least 1.
        margin: the loss to be excluded, as a share.
        confidence: of the two-sided interval whose lower bound excludes it.

    Returns:
        The number, or None where the loss that was seen reaches the margin, or no such number is below ten million.

    Raises:
        ValueError: n or margin is not positive.

    Source: Tango (1998), inverted; FDA (2016), Non-Inferiority Clinical Trials, on margins.
    """
    require(n > 0 and margin > 0, f"need examples and a margin above 0: n={n}, margin={margin}")
    lost, won = max(broken, 0.5) / n, max(fixed, 0.5) / n
    changed = max(1.0, lost + won)
    lost, won = lost / changed, won / changed
    if (broken - fixed) / n >= margin:
        return None

    def excluded(size: int) -> bool:
        # Rounding must not make more of them change than there are.
        return tango_interval(size * lost, min(size * won, size - size * lost), size, confidence)[0] > -margin

    high = 1
    while not excluded(high):
        high *= 2
        if high > MOST:
            return None
    untried = range(high // 2 + 1, high)
    return untried.start + bisect_left(untried, True, key=excluded)
