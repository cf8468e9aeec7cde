"""Cross-fitted choice of an option, such as the kind of a baseline: what explains a text was chosen on others.

The texts of a run are in two halves by a hash of the candidate's digest and their ref. What ranks the words of one
half best, against random rankings and on the side where it does worse, is used for the other half, and the other way
round: no text is explained by what it helped to choose (cross-fitting: Chernozhukov et al., 2018, The Econometrics
Journal 21:C1). Nothing is chosen by side, by example, or by what an explanation finds.

As many texts are looked at as the choice needs: an option is given up once it cannot be better than the best one by
what would be worth it (racing: Maron and Moore, 1997, Artificial Intelligence Review 11:193).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from analysis.base.records import SIDES, Side
from analysis.base.seeds import draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

Half = Literal["A", "B"]
OTHER: dict[Half, Half] = {"A": "B", "B": "A"}
"""The halves, each with the one whose texts chose for it."""
LOOKS = (10, 20, 40)
"""Texts of a half after which options are given up; the last is the most that are tried."""
CHANCE = 0.5
"""Mean percentile of a random ranking. A text for which an option has no explanation counts as that: so a kind that is
neutral for few texts does not win by a handful of them."""
WORTH = 0.02
"""Gain of mean percentile for which no further texts are tried; the licence of a slice asks for .80 and .70."""
ERRORS = 2.0
"""Standard errors of a paired difference that are added to it before an option is given up."""

Percentiles = Mapping[Side, "NDArray[np.float64]"]
"""Percentile of each text's ranking against random rankings, (texts,) by side, in [0, 1]."""


@dataclass(frozen=True)
class Tried:
    """How one option ranks the words of the texts of one half.

    `usable` says of every text, (texts,), whether the option explains it at all; `percentiles` are of the first of
    them, as many as were tried, and count only where it does.
    """

    option: str
    usable: NDArray[np.bool_]
    percentiles: Percentiles

    @property
    def ranked(self) -> NDArray[np.bool_]:
        """Which of the texts that were tried it explains."""
        tried = min(map(len, self.percentiles.values()), default=0)
        return self.usable[:tried]

    def mean(self, side: Side) -> float:
        """Mean percentile over all texts: of those that it explains as of those tried, by chance of the others."""
        if not self.ranked.any():
            return CHANCE
        share = float(self.usable.mean())
        return share * float(self.percentiles[side][self.ranked].mean()) + (1 - share) * CHANCE

    @property
    def worse_side(self) -> Side:
        """The side where it does worse: by that it is chosen."""
        return min(self.percentiles, key=self.mean)

    @property
    def worth(self) -> float:
        """Mean percentile of its worse side."""
        return self.mean(self.worse_side)

    def and_then(self, more: Percentiles) -> Tried:
        """The same option with further texts tried."""
        both = {side: np.concatenate([self.percentiles[side], more[side]]) for side in more}
        return Tried(self.option, self.usable, both)


@dataclass(frozen=True)
class Race:
    """What was tried on one half, in the order of the options, and which of them its texts choose."""

    tried: tuple[Tried, ...]
    chosen: str


Measure = Callable[[Sequence[str], range], Mapping[str, Percentiles]]
"""Tries some options on some texts of a half; a text that an option does not explain may have any percentile. What it
says of a text must not depend on the others."""


def half_of(candidate: str, ref: str) -> Half:
    """The half of a text; `candidate` is the digest of the model, so that nobody who makes one knows it beforehand."""
    return "B" if draw("half", candidate, ref) % 2 else "A"


def race(usable: Mapping[str, NDArray[np.bool_]], measure: Measure) -> Race:
    """Try options on the texts of one half until one is left, or none of the others is worth further texts.

    Args:
        usable: the options, at least one, with whether each explains each text; of equal ones the earlier wins. No
            more than the last of `LOOKS` of the texts are tried.
        measure: tries options on some of the texts.

    Returns:
        Every option with what was tried of it. Where no option explains any text, the first is chosen.
    """
    nothing: Percentiles = {side: np.zeros(0) for side in SIDES}
    found = {option: Tried(option, texts, nothing) for option, texts in usable.items()}
    left = [option for option, texts in usable.items() if texts.any()] or list(usable)[:1]
    texts = min(map(len, usable.values()))
    start = 0
    for look in LOOKS:
        stop = min(look, texts)
        if stop <= start or (start > 0 and len(left) == 1):
            break
        for option, percentiles in measure(left, range(start, stop)).items():
            found[option] = found[option].and_then(percentiles)
        best = max((found[option] for option in left), key=lambda one: one.worth)
        left = [option for option in left if option == best.option or _worth_more(found[option], best)]
        start = stop
    chosen = max((found[option] for option in left), key=lambda one: one.worth)
    return Race(tuple(found.values()), chosen.option)


def _worth_more(one: Tried, best: Tried) -> bool:
    """Whether an option may still turn out better than the best one by more than `WORTH`.

    How many texts each explains is known; what is not is how well, and that is held against each other text by text.
    """
    both = one.ranked & best.ranked
    if both.sum() < 2:
        return True
    gains = one.percentiles[one.worse_side][both] - best.percentiles[best.worse_side][both]
    error = float(gains.std(ddof=1)) / int(both.sum()) ** 0.5
    return bool(one.worth - best.worth + ERRORS * error > WORTH)


def used_by(chosen: Iterable[tuple[str, Half, str]]) -> dict[Half, dict[str, str]]:
    """The option of each method that the texts of a half use: what the other half chose.

    Args:
        chosen: rows of method, the half that chose, and option.
    """
    found: dict[Half, dict[str, str]] = {half: {} for half in OTHER}
    for method, half, option in chosen:
        found[OTHER[half]][method] = option
    return found
