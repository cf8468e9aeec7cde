"""Slices that got better or worse, counted, for tracks that do not tell their changes."""

from __future__ import annotations

from analysis.report.reviewed import Reviewed

TOP = 5
"""Slices named as most improved or most regressed."""


def moved_slices(seen: Reviewed, *, improved: bool) -> list[str]:
    """The slices in which most examples were fixed (or broken) on balance, as sentences."""
    sign = 1 if improved else -1
    told = {one.track for one in seen.changes}
    silent = [one for one in seen.slices if one.track not in told]
    moved = [(sign * ((one.fixed or 0) - (one.broken or 0)), one) for one in silent]
    moved = [(gain, one) for gain, one in moved if gain > 0]
    moved.sort(key=lambda pair: (-pair[0], not pair[1].critical, pair[1].slice))
    sentences = []
    for _, one in moved[:TOP]:
        change = ""
        if one.base is not None and one.candidate is not None:
            change = f" {one.title} {one.base:.3f} to {one.candidate:.3f} ({one.candidate - one.base:+z.3f})"
        critical = " (critical)" if one.critical else ""
        sentences.append(f"{one.slice}{critical}{change}: {moves(one.n, one.broken, one.fixed)}")
    if len(moved) > TOP:
        sentences.append(f"and {len(moved) - TOP} more slices")
    return sentences


def moves(n: int, broken: int | None, fixed: int | None) -> str:
    """How many of the `n` examples of a slice broke and were fixed, as a sentence; None where it was not counted."""
    if broken is None or fixed is None:
        return f"of {n}, broken and fixed not counted"
    return f"{broken} broken, {fixed} fixed of {n}"
