"""What these data can decide, said before any model runs: a gate that cannot fail is no evidence when it passes."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analysis.base.records import ALL, Slice
from analysis.stats import detectable_loss, tango_interval
from analysis.tracks.intent.classes import class_of
from analysis.tracks.intent.gates.counts import FAMILIES
from analysis.tracks.intent.settings import IntentSettings

CHURN = 0.03
"""Share of the examples that is assumed to change each way between equal models, as measured between seeds."""
MOST_COUNTED = 5_000
"""Examples beyond which the smallest loss is not enumerated, which takes long: it is less than with these."""


@dataclass(frozen=True)
class Question:
    """One thing that is judged by counting.

    Args:
        name: as in a key of a gate.
        n: examples of it.
        alpha: level of its test at its strictest, when it is the first of its family to be looked at.
        margin: loss that is declared to be excluded; None where none is.
    """

    name: str
    n: int
    alpha: float
    margin: float | None


def smallest_loss(n: int, alpha: float) -> float:
    """Net loss, as a share of n, that counting would find half the time at the assumed churn; infinite for none."""
    return detectable_loss(min(n, MOST_COUNTED), alpha, CHURN)


def examples_for(margin: float) -> int:
    """How many examples exclude a loss of `margin` where as many are broken as fixed, at the assumed churn."""

    def excludes(n: int) -> bool:
        changed = math.ceil(CHURN * n)
        return tango_interval(changed, changed, n)[0] > -margin

    most = 2
    while not excludes(most):
        most *= 2
    untried = range(most // 2 + 1, most)
    return untried.start + bisect_left(untried, True, key=excludes)


def questions(
    settings: IntentSettings, slices: Sequence[Slice], levels: Mapping[str, float]
) -> list[Question]:
    """Accuracy, each critical class and slice, and what else has a margin, with the levels of their gates.

    Args:
        settings: what was declared.
        slices: of the track, as the data makes them.
        levels: the part of the review's level of each gate that will test something.
    """
    alpha = {name: sum(levels.get(gate, 0.0) for gate in gates) for name, gates in FAMILIES.items()}
    classes = [one for one in slices if one.kind == "class"]
    critical = [one for one in classes if one.critical]
    tested = [one for one in slices if one.kind != ALL and one not in critical]
    margins = settings.margins
    found = [
        Question("accuracy", one.n, alpha["accuracy"], margins.get(ALL)) for one in slices if one.slice == ALL
    ]
    for one in classes:
        name = class_of(one)
        # Recall and routing of each class stand in one family.
        strict = alpha["critical"] / (2 * len(critical)) if one.critical else alpha["slices"] / len(tested)
        if one.critical or name in margins:
            found.append(Question(name, one.n, strict, margins.get(name)))
    found += [
        Question(one.slice, one.n, alpha["slices"] / len(tested), margins.get(one.slice))
        for one in tested
        if one.critical
    ]
    return [one for one in found if one.n and one.alpha > 0]


def decidable_notes(
    settings: IntentSettings, slices: Sequence[Slice], levels: Mapping[str, float]
) -> Iterator[str]:
    """A line for each question, below the assumption on which they rest. Arguments as `questions`."""
    asked = questions(settings, slices, levels)
    if asked:
        yield f"decides   by counting alone, if {CHURN:.0%} of the examples change each way:"
    for one in asked:
        loss = smallest_loss(one.n, one.alpha)
        less = "less than " if one.n > MOST_COUNTED else ""
        found = (
            f"find a loss of {less}{loss:.1%} half the time" if loss <= 1 else "are too few to find any loss"
        )
        line = f"          {one.name}: {one.n:,} examples {found}"
        if one.margin is not None:
            line += f"; to exclude one of {one.margin:.1%} takes {examples_for(one.margin):,}"
        yield line
