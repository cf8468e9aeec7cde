"""The test of what was found, on texts that had no part in finding it.

There the candidate's change less the base's, and less what neutral phrases do in the same text, must exceed a margin,
and the base must not do a tenth of it. Texts are read until that is decided, at some looks; p is multiplied by their
number, which keeps the level whenever one stops (Bonferroni over the looks).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.base.records import SIDES, Side
from analysis.base.seeds import shuffled
from analysis.stats.discoveries import mean_at_most_p
from analysis.tracks.intent.cue_hunts import MARGIN, MUCH_MORE, NEUTRAL, Direction, Hunt
from analysis.tracks.intent.insertable import Cue
from analysis.tracks.intent.neutral_phrases import PHRASES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.tracks.intent.cue_insertions import Insertions

SURE = 0.001
"""p of a look at which no further text is read."""
HOPELESS = 1.0
"""p of a look at which none is read either: what was measured is not beyond the margin."""


@dataclass(frozen=True)
class Tried:
    """One cue on the half that confirms: changes of p(class) by text, (texts,) a side, and what neutral phrases do.

    `p` is one-sided: of the candidate's change beyond the base's and neutral phrases' being within the margin, or the
    base's being a tenth of it. 1 where a probability is not a number.
    """

    cue: Cue
    target: int
    direction: Direction
    rows: tuple[int, ...]
    change: dict[Side, NDArray[np.float64]]
    neutral: dict[Side, NDArray[np.float64]]
    p: float


def confirm(
    trials: Insertions, found: Sequence[tuple[Hunt, Sequence[Cue]]], ended: Callable[[], None]
) -> list[Tried]:
    """Each cue on the texts of the other half, beside neutral phrases in the same texts.

    Args:
        trials: the texts and models.
        found: hunts of one depth, with what each has found.
        ended: is called at the end of each look.
    """
    left = [(hunt, list(cues)) for hunt, cues in found]
    decided: dict[tuple[Hunt, Cue], Tried] = {}
    for look in range(len(found[0][0].depth.confirming)):
        asked = [
            (hunt, cues, hunt.confirming[: hunt.looks[look]])
            for hunt, cues in left
            if cues and look < len(hunt.looks)
        ]
        for side in SIDES:
            trials.read(side, [(cues, rows) for _, cues, rows in asked])
            read = dict.fromkeys(row for _, _, rows in asked for row in rows)
            trials.read(side, [(_neutral_of(trials, row), [row]) for row in read])
        left = []
        for hunt, cues, rows in asked:
            some = _tried(trials, hunt, cues, rows)
            decided.update({(hunt, one.cue): one for one in some})
            left.append((hunt, [one.cue for one in some if SURE < one.p < HOPELESS]))
        ended()
    return list(decided.values())


def _tried(trials: Insertions, hunt: Hunt, cues: Sequence[Cue], rows: tuple[int, ...]) -> list[Tried]:
    neutral = {side: _neutral(trials, side, rows, hunt.target) for side in SIDES}
    own = {side: trials.change(side, cues, rows, hunt.target) for side in SIDES}
    found = []
    for at, cue in enumerate(cues):
        change: dict[Side, NDArray[np.float64]] = {side: own[side][at] for side in SIDES}
        p = min(1.0, len(hunt.looks) * _p_of(change, neutral, hunt))
        found.append(Tried(cue, hunt.target, hunt.direction, rows, change, neutral, p))
    return found


def _neutral_of(trials: Insertions, row: int) -> list[Cue]:
    """The neutral phrases of a text; each draws its own."""
    drawn = shuffled(PHRASES, f"{trials.seed}/{trials.refs[row]}")[:NEUTRAL]
    return [Cue("word", phrase) for phrase in drawn]


def _neutral(trials: Insertions, side: Side, rows: Sequence[int], target: int) -> NDArray[np.float64]:
    """Mean change of a class by neutral phrases, (rows,)."""
    return np.array(
        [trials.change(side, _neutral_of(trials, row), [row], target).mean() for row in rows],
        dtype=np.float64,
    )


def _p_of(
    change: Mapping[Side, NDArray[np.float64]], neutral: Mapping[Side, NDArray[np.float64]], hunt: Hunt
) -> float:
    """Of the larger of two hypotheses (intersection-union, Berger 1982): both must be refused."""
    beyond = hunt.sign * (change["candidate"] - change["base"] - (neutral["candidate"] - neutral["base"]))
    more = hunt.sign * (change["candidate"] - MUCH_MORE * change["base"])
    if not (np.isfinite(beyond).all() and np.isfinite(more).all()):
        return 1.0
    return max(mean_at_most_p(beyond.tolist(), MARGIN[hunt.direction]), mean_at_most_p(more.tolist(), 0.0))
