"""Tests and intervals for paired outcomes, and corrections for many of them. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from analysis.stats.numeric import binomial_at_least, binomial_probability, bisect, level, require

_EXACT_PAIRS = 1_000
"""Up to here binomial tails at 1/2 are summed in integers, so that p = alpha is met exactly."""


_ROUNDING = 1e-12
"""By how much a sum of effective counts may exceed the whole, relative to it."""


@dataclass(frozen=True)
class TaroneHolm:
    """The outcome of `tarone_holm`; the tuples follow the order of the input.

    `k` is Tarone's divisor K. `flips_needed` is the least number of one-way flips, nothing fixed, with
    which a hypothesis that cannot be decided would become testable, and then rejected.
    """

    k: int
    testable: tuple[bool, ...]
    rejected: tuple[bool, ...]
    flips_needed: int


def mcnemar_one_sided(broken: int, fixed: int) -> float:
    """Exact one-sided McNemar test that the candidate is worse: P(Bin(broken + fixed, 1/2) >= broken).

    Returns 1.0 when no pair is discordant: that is never a regression.

    Raises:
        ValueError: a count is negative.

    Source: McNemar (1947), Psychometrika 12:153, in its exact conditional form.
    """
    require(broken >= 0 and fixed >= 0, f"counts must not be negative: broken={broken}, fixed={fixed}")
    pairs = broken + fixed
    if pairs <= _EXACT_PAIRS:
        return sum(math.comb(pairs, count) for count in range(broken, pairs + 1)) / (1 << pairs)
    return binomial_at_least(broken, pairs, 0.5)


@lru_cache(maxsize=4096)
def tango_interval(broken: float, fixed: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval of the paired difference (fixed - broken) / n: candidate accuracy minus base accuracy.

    Returns bounds in [-1, 1]; (-1, 1) when n is 0. It is not symmetric, and keeps a width when nothing
    flipped. Counts may be fractions: effective counts of dependent examples (`analysis.stats.clusters`).

    Raises:
        ValueError: counts are negative or exceed n, or confidence is not inside (0, 1).

    Source: Tango (1998), Statistics in Medicine 17:891.
    """
    require(
        broken >= 0 and fixed >= 0 and broken + fixed <= n * (1 + _ROUNDING),
        f"need 0 <= broken + fixed <= n: broken={broken}, fixed={fixed}, n={n}",
    )
    z = NormalDist().inv_cdf(0.5 + level(confidence) / 2)
    if n == 0:
        return -1.0, 1.0
    estimate = max(-1.0, min(1.0, (fixed - broken) / n))

    def score(difference: float) -> float:
        numerator = fixed - broken - n * difference
        linear = (2 * n - fixed + broken) * difference - broken - fixed
        product = 8 * n * broken * difference * (1 - difference)
        share_broken = (math.sqrt(max(linear * linear + product, 0.0)) - linear) / (4 * n)
        variance = n * (2 * share_broken + difference * (1 - difference))
        return numerator / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, numerator)

    low = -1.0 if estimate == -1 else bisect(lambda d: score(d) <= z, -1.0, estimate)
    high = 1.0 if estimate == 1 else bisect(lambda d: score(d) < -z, estimate, 1.0)
    return low, high


def holm(p: Sequence[float], alpha: float) -> list[bool]:
    """Which hypotheses Holm's step-down procedure rejects, in the order of `p`; family-wise level `alpha`.

    Source: Holm (1979), Scandinavian Journal of Statistics 6:65.
    """
    rejected = [False] * len(p)
    for step, index in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        if not p[index] <= alpha / (len(p) - step):
            break
        rejected[index] = True
    return rejected


def tarone_holm(broken: Sequence[int], fixed: Sequence[int], alpha: float) -> TaroneHolm:
    """Exact one-sided McNemar tests over many slices, spending `alpha` only on those that can be decided.

    A slice with b + c discordant pairs can reach at best p = 0.5 ** (b + c). K is the smallest divisor for
    which at most K slices can reach alpha / K; these are tested with Holm among themselves, the rest cannot
    be decided. Which ones are testable depends on b + c alone, so the family-wise level holds under any
    dependence.

    Raises:
        ValueError: the sequences differ in length, a count is negative, or alpha is not inside (0, 1).

    Source: Tarone (1990), Biometrics 46:515; Holm (1979).
    """
    require(len(broken) == len(fixed), f"lengths differ: {len(broken)} broken, {len(fixed)} fixed")
    require(0 < alpha < 1, f"alpha must be inside (0, 1), got {alpha}")
    require(all(count >= 0 for count in (*broken, *fixed)), "counts must not be negative")
    best = [0.5 ** (b + c) for b, c in zip(broken, fixed, strict=True)]
    k = _tarone_divisor(best, alpha)
    testable = tuple(p <= alpha / k for p in best)
    chosen = [index for index, decidable in enumerate(testable) if decidable]
    outcome = holm([mcnemar_one_sided(broken[i], fixed[i]) for i in chosen], alpha)
    losers = {index for index, lost in zip(chosen, outcome, strict=True) if lost}
    flips = 1
    # One more testable slice may raise K, so the slice itself is counted in.
    while 0.5**flips > alpha / _tarone_divisor([*best, 0.5**flips], alpha, start=k):
        flips += 1
    return TaroneHolm(k, testable, tuple(index in losers for index in range(len(best))), flips)


def detectable_loss(n: int, alpha: float, fixed_share: float = 0.0) -> float:
    """Net loss, as a share of n, that the exact one-sided McNemar test at `alpha` misses half the time.

    Model: of n independent examples each is broken with probability q, fixed with probability
    `fixed_share`, and unchanged otherwise; the result is q - fixed_share at power one half, by enumeration.
    With `fixed_share` 0, the most favourable case, broken ~ Bin(n, q) and the test needs the least b with
    0.5 ** b <= alpha. For n = 55 and alpha .025: 10.2 points if nothing is fixed, 12.8 if 3 % are. Infinite
    if no loss can reach `alpha`.

    Raises:
        ValueError: n is negative, alpha is not inside (0, 1), or fixed_share is not in [0, 1).
    """
    require(n >= 0, f"n must not be negative, got {n}")
    require(0 < alpha < 1, f"alpha must be inside (0, 1), got {alpha}")
    require(0 <= fixed_share < 1, f"fixed_share must be in [0, 1), got {fixed_share}")
    spread = 9 * math.sqrt(n * fixed_share * (1 - fixed_share)) + 9
    mean = n * fixed_share
    likely = range(max(0, int(mean - spread)), min(n, int(mean + spread)) + 1)
    fixed_counts = likely if fixed_share > 0 else range(1)
    cases: list[tuple[int, int, float]] = []
    needed = 0
    for fixed in fixed_counts:
        while needed + fixed <= n and mcnemar_one_sided(needed, fixed) > alpha:
            needed += 1
        if needed + fixed > n:
            break
        cases.append((needed, n - fixed, binomial_probability(fixed, n, fixed_share)))

    def found_half(broken_share: float) -> bool:
        among_rest = broken_share / (1 - fixed_share)
        return sum(w * binomial_at_least(b, rest, among_rest) for b, rest, w in cases) >= 0.5

    if not found_half(1 - fixed_share):
        return math.inf
    return bisect(found_half, 0.0, 1 - fixed_share) - fixed_share


def _tarone_divisor(best: Sequence[float], alpha: float, start: int = 1) -> int:
    k = start
    while sum(p <= alpha / k for p in best) > k:
        k += 1
    return k
