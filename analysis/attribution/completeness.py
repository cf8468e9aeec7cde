"""Completeness of an attribution: whether its scores add up to what is explained (Sundararajan et al. 2017)."""

from __future__ import annotations

DELTA_FLOOR = 0.1
"""Least denominator of the completeness delta, in logits: a relative error explodes near zero."""


def completeness_delta(total: float, output: float, baseline_output: float) -> float:
    """|sum - (F(x) - F(x'))| / max(|F(x) - F(x')|, floor): 0 where the attribution is complete."""
    difference = output - baseline_output
    return abs(total - difference) / max(abs(difference), DELTA_FLOOR)
