"""Which of many tried groups hold more of an outcome than chance would put there. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.stats.numeric import log_comb, require


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
