"""Numbers as text, where they stand in a table of any metric."""

from __future__ import annotations

ROUNDING = 1e-12
"""Magnitudes below this are what floating-point sums leave of zero."""


def significant(value: float, digits: int) -> str:
    """A number in that many significant digits; what is only rounding is 0."""
    return "0" if abs(value) < ROUNDING else f"{value:.{digits}g}"
