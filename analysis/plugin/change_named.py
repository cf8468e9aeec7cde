"""Which units of a model hold a change: the smallest set that undoes it and makes it, against sets drawn at random.

Undoing alone would not do. Where a change needs two layers, putting either back undoes it; where each of two makes it,
no single one does. So the set must restore the base's answers where it is put into the candidate, and the candidate's
part must bring the candidate's answers where it is put into the base.
"""

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
"""Share of the flips that a set must restore, and bring, to be where the change lives."""
CONTROLS = 5
"""Sets of the same size, drawn at random from the other units, that are held against it."""
ALPHA = 0.05
"""Level of the test against the control, shared among the units that might have been named."""

NOTHING_FLIPPED = "no example flipped"

OfFlips = Callable[[Iterable[int]], "NDArray[np.bool_]"]
"""Which of the flips (n,) a set of units restores, or brings."""


@dataclass(frozen=True)
class Named:
    """Where a change lives, or why that cannot be said.

    Args:
        units: the set; empty where none is named.
        controls: the sets that it was held against, the one that restored most first.
        p: of the paired one-sided sign tests against the best of them, the larger of both directions.
        why: why none is named; '' where one is.
    """

    units: tuple[int, ...]
    controls: tuple[tuple[int, ...], ...]
    p: float | None
    why: str


def name_change(
    count: int, changed: Sequence[int], restored: OfFlips, brought: OfFlips, n: int, *, ordered: bool
) -> Named:
    """The smallest set of units that restores and brings four fifths of the flips, where it beats as large ones.

    Sets are built from the units that do most alone, one after another; where units have an order, also the shortest
    run of them, from the sets that begin at the first unit and those that end at the last.

    Args:
        count: number of units.
        changed: those whose weights differ.
        restored: the flips that answer as the base when these units of the base are put into the candidate.
        brought: those that answer as the candidate when these units of the candidate are put into the base.
        n: number of flips.
        ordered: whether the units have an order, as layers have.

    Returns:
        A set of at most half of all units.
    """
    if not n:
        return Named((), (), None, NOTHING_FLIPPED)
    if not changed:
        return Named((), (), None, "no weight differs")
    largest = max(1, count // 2)

    def holds(units: Iterable[int]) -> bool:
        chosen = list(units)
        return min(int(restored(chosen).sum()), int(brought(chosen).sum())) >= RESTORES * n

    alone = {unit: int(restored([unit]).sum() + brought([unit]).sum()) for unit in changed}
    found: list[tuple[int, ...]] = []
    taken: list[int] = []
    for unit in sorted(changed, key=lambda unit: (-alone[unit], unit))[:largest]:
        taken.append(unit)
        if holds(taken):
            found.append(tuple(sorted(taken)))
            break
    if ordered:
        last = next((end for end in range(count) if holds(range(end + 1))), count - 1)
        first = next((at for at in reversed(range(count)) if holds(range(at, count))), 0)
        run = tuple(unit for unit in range(first, last + 1) if unit in changed)
        if 0 < len(run) <= largest and holds(run):
            found.append(run)
    if not found:
        why = f"no set of at most {largest} of {count} restores and brings {RESTORES:.0%} of the flips"
        return Named((), (), None, why)
    chosen = min(found, key=lambda units: (len(units), -int(restored(units).sum()), units))
    controls = sorted(
        _controls(count, changed, chosen), key=lambda units: (-int(restored(units).sum()), units)
    )
    if not controls:
        return Named((), (), None, "there is no other part to hold it against")
    worst = max(_p(one(chosen), [one(units) for units in controls]) for one in (restored, brought))
    if worst > ALPHA / count:
        best = int(restored(controls[0]).sum())
        why = f"{int(restored(chosen).sum())} of {n} restored, {best} by a control: can be chance (p {worst:.2g})"
        return Named((), tuple(controls), worst, why)
    return Named(chosen, tuple(controls), worst, "")


def _p(mine: NDArray[np.bool_], others: Sequence[NDArray[np.bool_]]) -> float:
    """Of the one-sided sign test that a set does more than the best of its controls, flip by flip."""
    best = max(others, key=lambda one: int(one.sum()))
    return mcnemar_one_sided(int((mine & ~best).sum()), int((best & ~mine).sum()))


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
