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

from analysis.base.seeds import draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.base.records import Side

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


@dataclass(frozen=True)
class Tried:
    """How one option ranks the words of some texts of one half.

    `percentiles` are against random rankings of each text, (texts,) by side, in [0, 1]; `usable` says of each text
    whether the option has an explanation of it at all.
    """

    option: str
    percentiles: Mapping[Side, NDArray[np.float64]]
    usable: NDArray[np.bool_]

    @property
    def texts(self) -> int:
        """How many texts it was tried on."""
        return len(self.usable)

    def mean(self, side: Side) -> float | None:
        """Mean percentile of a side; None without texts."""
        return float(self.percentiles[side].mean()) if self.texts else None

    @property
    def worse_side(self) -> NDArray[np.float64]:
        """Percentiles of the side where it does worse, (texts,): by them it is chosen."""
        return min(self.percentiles.values(), key=lambda values: float(values.sum()))

    def and_then(self, more: Tried) -> Tried:
        """The same option with further texts."""
        return Tried(
            self.option,
            {
                side: np.concatenate([self.percentiles[side], more.percentiles[side]])
                for side in self.percentiles
            },
            np.concatenate([self.usable, more.usable]),
        )


@dataclass(frozen=True)
class Race:
    """What was tried on one half, in the order of the options, and which of them its texts choose."""

    tried: tuple[Tried, ...]
    chosen: str


Measure = Callable[[Sequence[str], int, int], Sequence[Tried]]
"""Tries some options on the texts of a half from the first number to the second."""


def half_of(candidate: str, ref: str) -> Half:
    """The half of a text; `candidate` is the digest of the model, so that nobody who makes one knows it beforehand."""
    return "B" if draw("half", candidate, ref) % 2 else "A"


def race(options: Sequence[str], texts: int, measure: Measure) -> Race:
    """Try options on the texts of one half until one is left, or none of the others is worth further texts.

    Args:
        options: at least one; of equal ones the earlier wins.
        texts: how many there are; no more than the last of `LOOKS` are tried.
        measure: tries options on some of the texts. What it says of a text must not depend on the others.

    Returns:
        Every option with the texts that it was tried on. Where no option explains any text, the first is chosen.
    """
    found: dict[str, Tried] = {}
    left = list(options)
    start = 0
    for look in LOOKS:
        stop = min(look, texts)
        if stop <= start or (len(left) == 1 and found):
            break
        for one in measure(left, start, stop):
            found[one.option] = found[one.option].and_then(one) if one.option in found else one
        best = _best([found[option] for option in left])
        left = [option for option in left if option == best.option or _worth_more(found[option], best)]
        start = stop
    if not found:
        return Race((), options[0])
    return Race(tuple(found[option] for option in options), _best([found[option] for option in left]).option)


def _best(tried: Sequence[Tried]) -> Tried:
    """The largest mean percentile of the worse side, of the options that explain any text where some do."""
    able = [one for one in tried if one.usable.any()]
    return max(able or tried, key=lambda one: float(one.worse_side.mean()))


def _worth_more(one: Tried, best: Tried) -> bool:
    """Whether an option may still turn out better than the best one by more than `WORTH`."""
    gains = one.worse_side - best.worse_side
    if len(gains) < 2:
        return True
    error = float(gains.std(ddof=1)) / len(gains) ** 0.5
    return bool(gains.mean() + ERRORS * error > WORTH)


def used_by(chosen: Iterable[tuple[str, Half, str]]) -> dict[Half, dict[str, str]]:
    """The option of each method that the texts of a half use: what the other half chose.

    Args:
        chosen: rows of method, the half that chose, and option.
    """
    found: dict[Half, dict[str, str]] = {half: {} for half in OTHER}
    for method, half, option in chosen:
        found[OTHER[half]][method] = option
    return found
