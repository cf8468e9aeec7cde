"""How good leads are on the user's own answers: found of what is there, and right in what they found, by side.

Plain Python: the console computes it while a reviewer labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analysis.base.records import SIDES, Side
from analysis.stats import clopper_pearson, fisher_exact


@dataclass(frozen=True)
class Share:
    """`k` of `n`, with the ends of the exact interval at 95 % (Clopper and Pearson); (0, 1) when n is 0."""

    k: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The share; None where there is nothing to be a share of."""
        return self.k / self.n if self.n else None


@dataclass(frozen=True)
class SideQuality:
    """Of one side: how many answers with the behaviour were flagged, and how many of the flagged have it."""

    recall: Share
    precision: Share
    labels: int


@dataclass(frozen=True)
class Quality:
    """Of both sides.

    Args:
        sides: a side without labels has shares of nothing.
        recall_differs: exact two-sided p (Fisher) that recall is the same on both sides; 1 where one has no case.
    """

    sides: Mapping[Side, SideQuality]
    recall_differs: float


def quality(labels: Mapping[Side, Iterable[tuple[bool, bool]]]) -> Quality:
    """Recall and precision of flags by side, from labels (truth, flagged) of single answers.

    Only labels of a random sample may be given: those that were chosen by a score flatter it.
    """
    sides: dict[Side, SideQuality] = {}
    for side in SIDES:
        pairs = list(labels.get(side, ()))
        right = sum(truth and flagged for truth, flagged in pairs)
        there = sum(truth for truth, _ in pairs)
        flags = sum(flagged for _, flagged in pairs)
        sides[side] = SideQuality(_share(right, there), _share(right, flags), len(pairs))
    recalls = [sides[side].recall for side in SIDES]
    return Quality(sides, fisher_exact(recalls[0].k, recalls[0].n, recalls[1].k, recalls[1].n))


def _share(k: int, n: int) -> Share:
    return Share(k, n, *clopper_pearson(k, n))
