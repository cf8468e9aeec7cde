"""Which units of a model hold a change: the smallest set that undoes it, held against as large sets drawn at random."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.base.seeds import draw
from analysis.stats import mcnemar_one_sided

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESTORES = 0.8
"""Share of the flips that a set must restore to be where the change lives."""
CONTROLS = 5
"""Sets of the same size, drawn at random from the other units, that are held against it."""
ALPHA = 0.05
"""Level of the test against the control, shared among the units that might have been named."""

Restored = Callable[[Iterable[int]], "NDArray[np.bool_]"]


@dataclass(frozen=True)
class Named:
    """Where a change lives, or why that cannot be said.

    Args:
        units: the set; empty where none is named.
        controls: the sets that it was held against, the one that restored most first.
        p: of the paired one-sided sign test against that one.
        why: why none is named; '' where one is.
    """

    units: tuple[int, ...]
    controls: tuple[tuple[int, ...], ...]
    p: float | None
    why: str


def name_change(count: int, changed: Sequence[int], restored: Restored, n: int, *, ordered: bool) -> Named:
    """The smallest set of units that restores at least 80 % of the flips, where it beats as large ones.

    Sets are built from the units that restore most alone, one after another; where units have an order, also the
    shortest run of them, from the sets that begin at the first unit and those that end at the last.

    Args:
        count: number of units.
        changed: those whose weights differ.
        restored: which of the flips (n,) a set restores.
        n: number of flips.
        ordered: whether the units have an order, as layers have.

    Returns:
        A set of at most half of all units, and never all that changed unless the rest is the same on both sides.
    """
    if not n:
        return Named((), (), None, "no message flipped")
    if not changed:
        return Named((), (), None, "no weight differs")
    needed = RESTORES * n
    alone = {unit: int(restored([unit]).sum()) for unit in changed}
    largest = max(1, count // 2)
    found: list[tuple[int, ...]] = []
    taken: list[int] = []
    for unit in sorted(changed, key=lambda unit: (-alone[unit], unit))[:largest]:
        taken.append(unit)
        if restored(taken).sum() >= needed:
            found.append(tuple(sorted(taken)))
            break
    if ordered:
        last = next((end for end in range(count) if restored(range(end + 1)).sum() >= needed), count - 1)
        first = next((at for at in reversed(range(count)) if restored(range(at, count)).sum() >= needed), 0)
        run = tuple(unit for unit in range(first, last + 1) if unit in changed)
        if 0 < len(run) <= largest and restored(run).sum() >= needed:
            found.append(run)
    if not found:
        return Named(
            (), (), None, f"no set of at most {largest} of {count} restores {RESTORES:.0%} of the flips"
        )
    chosen = min(found, key=lambda units: (len(units), -int(restored(units).sum()), units))
    mine = restored(chosen)
    controls = sorted(
        _controls(count, changed, chosen), key=lambda units: (-int(restored(units).sum()), units)
    )
    if not controls:
        return Named((), (), None, "there is no other part to hold it against")
    against = restored(controls[0])
    p = mcnemar_one_sided(int((mine & ~against).sum()), int((against & ~mine).sum()))
    if p > ALPHA / count:
        why = f"{int(mine.sum())} of {n} restored against {int(against.sum())} by a control can be chance (p {p:.2g})"
        return Named((), tuple(controls), p, why)
    return Named(chosen, tuple(controls), p, "")


def _controls(count: int, changed: Sequence[int], chosen: Sequence[int]) -> list[tuple[int, ...]]:
    """Sets of the same size from the other units: every single one, else random ones; changed units come first."""
    rest = [unit for unit in range(count) if unit not in chosen]
    size = min(len(chosen), len(rest))
    if not size:
        return []
    if size == 1:
        return [(unit,) for unit in rest]
    rng = random.Random(draw("control", *chosen))
    moved = [unit for unit in rest if unit in changed]
    still = [unit for unit in rest if unit not in changed]
    found: set[tuple[int, ...]] = set()
    for _ in range(CONTROLS):
        picked = rng.sample(moved, min(size, len(moved)))
        picked += rng.sample(still, size - len(picked))
        found.add(tuple(sorted(picked)))
    return sorted(found)
