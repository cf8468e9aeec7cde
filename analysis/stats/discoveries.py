"""Which of many tests are discoveries, and the tests of groups and means that are asked so. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.stats.numeric import incomplete_beta, log_comb, require


def hypergeometric_at_least(hits: int, drawn: int, marked: int, total: int) -> float:
    """P(X >= hits), where X of `drawn` examples taken at random from `total` are among the `marked`.

    The one-sided test of Fisher: whether what was drawn holds more of what is marked than all of it does.

    Raises:
        ValueError: a count is negative, or larger than what it is of.

    Source: Fisher (1935), "The logic of inductive inference", JRSS 98:39.
    """
    require(
        0 <= hits <= min(drawn, marked) and max(drawn, marked) <= total,
        f"need 0 <= hits <= drawn, marked <= total: {hits}, {drawn}, {marked}, {total}",
    )
    every = log_comb(total, drawn)
    least, most = max(hits, drawn + marked - total), min(drawn, marked)
    return min(
        1.0,
        math.fsum(
            math.exp(log_comb(marked, k) + log_comb(total - marked, drawn - k) - every)
            for k in range(least, most + 1)
        ),
    )


def benjamini_hochberg(p: Sequence[float], level: float) -> list[bool]:
    """Which tests are discoveries, so that on average at most a share `level` of these is false.

    Args:
        p: of every test that was made, in [0, 1].
        level: of the false discovery rate, inside (0, 1).

    Raises:
        ValueError: a p or the level is out of range.

    Source: Benjamini and Hochberg (1995), JRSS B 57:289.
    """
    require(0 < level < 1 and all(0 <= one <= 1 for one in p), "need 0 <= p <= 1 and 0 < level < 1")
    ranked = sorted(p)
    passed = [one for rank, one in enumerate(ranked, 1) if one <= level * rank / len(ranked)]
    return [bool(passed) and one <= passed[-1] for one in p]


def mean_at_most_p(values: Sequence[float], limit: float) -> float:
    """One-sided p of the hypothesis that a mean is at most `limit`: Student's t over independent units.

    Args:
        values: one of each unit, finite; fewer than two tell nothing, and give 1.
        limit: in the unit of the values.

    Raises:
        ValueError: a value is not finite.
    """
    require(all(map(math.isfinite, values)), "values must be finite")
    n = len(values)
    if n < 2:
        return 1.0
    mean = math.fsum(values) / n
    variance = math.fsum((one - mean) ** 2 for one in values) / (n - 1)
    if variance <= 0:
        return 0.0 if mean > limit else 1.0
    t = (mean - limit) / math.sqrt(variance / n)
    tail = incomplete_beta((n - 1) / 2, 0.5, (n - 1) / (n - 1 + t * t)) / 2
    return tail if t > 0 else 1 - tail
