"""Root finding and the incomplete beta function, in plain Python: what exact tests and bounds stand on."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache


def require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def level(confidence: float) -> float:
    require(0 < confidence < 1, f"confidence must be inside (0, 1), got {confidence}")
    return confidence


def bisect(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Where `holds`, which is false at low values and true at high ones, turns true."""
    for _ in range(64):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return (low + high) / 2


def log_comb(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def binomial_probability(k: int, n: int, rate: float) -> float:
    if rate in (0.0, 1.0):
        return float(k == n * rate)
    return math.exp(log_comb(n, k) + k * math.log(rate) + (n - k) * math.log1p(-rate))


def binomial_at_least(k: int, n: int, rate: float) -> float:
    """P(Bin(n, rate) >= k)."""
    if k <= 0:
        return 1.0
    return 0.0 if k > n else incomplete_beta(k, n - k + 1, rate)


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function I_x(a, b), by Lentz's continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    value = d
    for m in range(1, 100_000):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + term * d
            c = 1 + term / c
            d = 1 / (d if abs(d) > tiny else tiny)
            c = c if abs(c) > tiny else tiny
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * value / a


@lru_cache(maxsize=4096)
def student_quantile(confidence: float, freedom: int) -> float:
    """The t with P(|T| <= t) = confidence."""
    share = bisect(lambda x: incomplete_beta(0.5, freedom / 2, x) >= confidence, 0.0, 1.0)
    return math.sqrt(freedom * share / (1 - share))
