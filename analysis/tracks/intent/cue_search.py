"""The search for what moves a class in the candidate and not in the base, without any list of words.

A shortlist by gradient (`cue_shortlist`), then exact insertion in rounds into ever more texts of one half, from round
to round with fewer cues and with pairs and runs around the best ones. All classes go through a round together: what
was read for one is known to all, and the base reads only what moves the candidate. What is left is tried on the texts
of the other half, which had no part in finding it (`cue_confirm`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from analysis.base.records import SIDES
from analysis.models.passes import BACKWARD
from analysis.tracks.intent.cue_confirm import Tried, confirm
from analysis.tracks.intent.cue_hunts import MARGIN, MORE, MUCH_MORE, NEUTRAL, Hunt, by_depth
from analysis.tracks.intent.cue_shortlist import PLACES, Vocabulary, scores
from analysis.tracks.intent.insertable import ASCII_MARKS, CASINGS, Cue, edges, phrases, runs_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.base.records import Side
    from analysis.tracks.intent.cue_insertions import Insertions


SHARED = 0.4
"""Share of the cues of many classes that no other of them has: of 76 classes, with what the base reads of them."""
SHORT = 0.7
"""Tokens of the texts that find over those of all."""
FEW = 0.1
"""Share of the cues of later steps that is there, of a candidate that leans on nothing."""


@dataclass(frozen=True)
class Found:
    """What both halves know: `golds` of all texts, rows of the half that finds, and the words that may be put in."""

    trials: Insertions
    golds: Sequence[int | None]
    finding: Sequence[int]
    words: Vocabulary

    @cached_property
    def edges(self) -> dict[int | None, Counter[Cue]]:
        """How the texts of each class begin and end in the half that finds."""
        texts: dict[int | None, list[str]] = {}
        for row in self.finding:
            texts.setdefault(self.golds[row], []).append(self.trials.texts[row])
        return {gold: edges(some) for gold, some in texts.items()}

    @cached_property
    def all_edges(self) -> Counter[Cue]:
        """How the texts of all classes begin and end."""
        every: Counter[Cue] = Counter()
        for some in self.edges.values():
            every.update(some)
        return every


def readings(wanted: Sequence[Hunt]) -> list[float]:
    """About how many texts both sides together read in each step of the search, a gradient as its passes.

    The steps are the shortlist, each round, and each look of those that confirm, of the hunts of one depth after
    another; most classes lose most of their cues in the first round.
    """
    found: list[float] = []
    for some in by_depth(wanted):
        depth, count = some[0].depth, len(some)
        # Each class has its own pass back, and one forward serves all that are asked of the same texts.
        apart = len({(hunt.slopes, hunt.sign) for hunt in some})
        found.append(len(SIDES) * depth.gradients * PLACES * (apart + (BACKWARD - 1) * count))
        asked = count * depth.shortlist * (SHARED if count > 1 else 1.0)
        texts = 0
        for number, one in enumerate(depth.rounds):
            texts += one.texts
            compared = min(asked, count * one.compared)
            found.append(SHORT * (FEW if number else 1.0) * (asked * one.texts + compared * texts))
            pairs = depth.pairs * (depth.pairs - 1) if number == len(depth.rounds) - 2 else 0
            asked = min(asked, float(count * one.left)) + count * pairs
        few, before = 1.0, 0
        for look in depth.confirming:
            found.append(few * len(SIDES) * (look - before) * (FEW * asked + NEUTRAL))
            few, before = FEW, look
    return found


def search(given: Found, wanted: Sequence[Hunt], ended: Callable[[], None] = lambda: None) -> list[Tried]:
    """Everything that was tried in the half that confirms, with its p: cues that the texts of the other half found.

    Args:
        given: the texts.
        wanted: the classes and directions.
        ended: is called at the end of each step of `readings`.
    """
    tried: list[Tried] = []
    for some in by_depth(wanted):
        cues = _shortlists(given, some)
        ended()
        for number in range(len(some[0].depth.rounds)):
            cues = _round(given.trials, some, cues, number)
            ended()
        tried += confirm(given.trials, list(zip(some, cues, strict=True)), ended)
    return tried


def _shortlists(given: Found, wanted: Sequence[Hunt]) -> list[list[Cue]]:
    """What each of some hunts tries first: words and marks by the gradient, edges of the texts, and casings."""
    places: dict[tuple[tuple[int, ...], int], list[int]] = {}
    for place, hunt in enumerate(wanted):
        places.setdefault((hunt.slopes, hunt.sign), []).append(place)
    found: list[list[Cue]] = [[] for _ in wanted]
    for (rows, sign), some in places.items():
        ranked = scores(given.trials, given.words, rows, [wanted[place].target for place in some], sign)
        for place, row in zip(some, ranked, strict=True):
            found[place] = _shortlist(given, wanted[place], row)
    return found


def _shortlist(given: Found, hunt: Hunt, ranked: NDArray[np.float32]) -> list[Cue]:
    depth = hunt.depth
    worded, marks = given.words.best(ranked, depth.words, depth.marks)
    if depth.every_mark:
        marks = list(dict.fromkeys([*marks, *ASCII_MARKS]))
    return [
        *(Cue("word", word) for word in worded),
        *(Cue("marks", mark * 2) for mark in marks),
        *phrases(given.edges.get(hunt.target, Counter()), given.all_edges, depth.phrases),
        *(CASINGS if depth.every_mark else ()),
    ]


def _round(
    trials: Insertions, wanted: Sequence[Hunt], cues: Sequence[list[Cue]], number: int
) -> list[list[Cue]]:
    """The cues that do most in the texts of the rounds until this one, for each of some hunts."""
    depth = wanted[0].depth
    one, last = depth.rounds[number], number == len(depth.rounds) - 1
    size = sum(before.texts for before in depth.rounds[: number + 1])
    rows = [hunt.finding[:size] for hunt in wanted]
    asked = cues if number else _of_all(rows, cues)
    # Half the margin: on few texts what is there can look smaller than it is.
    least = [MARGIN[hunt.direction] / 2 if last else 0.0 for hunt in wanted]
    own = _changes(trials, "candidate", wanted, asked, rows)
    kept = [_best(*some, one.compared) for some in zip(own, least, strict=True)]
    asked = [[some[at] for at in best] for some, best in zip(asked, kept, strict=True)]
    base = _changes(trials, "base", wanted, asked, rows)
    left = []
    for hunt, some, mine, its, best, floor in zip(wanted, asked, own, base, kept, least, strict=True):
        excess = np.where(mine[best] >= (MUCH_MORE if number else MORE) * its, mine[best] - its, -1.0)
        here = [some[at] for at in _best(excess, floor, one.left)]
        if number == len(depth.rounds) - 2:
            here = list(dict.fromkeys([*here, *_around(here, hunt.depth.pairs)]))
        left.append(here)
    return left


def _of_all(rows: Sequence[tuple[int, ...]], cues: Sequence[list[Cue]]) -> list[list[Cue]]:
    """For each hunt the cues of all that have the same rows: they are read anyway."""
    union: dict[tuple[int, ...], dict[Cue, None]] = {}
    for own, some in zip(rows, cues, strict=True):
        union.setdefault(own, {}).update(dict.fromkeys(some))
    return [list(union[own]) for own in rows]


def _changes(
    trials: Insertions,
    side: Side,
    wanted: Sequence[Hunt],
    cues: Sequence[list[Cue]],
    rows: Sequence[tuple[int, ...]],
) -> list[NDArray[np.float64]]:
    """Mean change in each hunt's direction by its cues, (cues,); -1 where it is no number."""
    trials.read(side, zip(cues, rows, strict=True))
    found = []
    for hunt, some, own in zip(wanted, cues, rows, strict=True):
        change = trials.change(side, some, own, hunt.target).mean(axis=1)
        found.append(np.nan_to_num(hunt.sign * change, nan=-1.0))
    return found


def _best(values: NDArray[np.float64], least: float, most: int) -> NDArray[np.intp]:
    """Places of the largest values beyond `least`."""
    order = np.argsort(-values, kind="stable")[:most]
    return order[values[order] > least]


def _around(best: Sequence[Cue], most: int) -> list[Cue]:
    """Pairs of the best words and phrases, and runs and pairs of the best marks."""
    worded = [cue.text for cue in best if cue.kind in ("word", "opening", "ending")][:most]
    marks = [cue for cue in best if cue.kind == "marks"][:most]
    pairs = [Cue("pair", f"{one} {two}") for one, two in combinations(worded, 2)]
    mixed = [Cue("marks", one.text[0] + two.text[0]) for one, two in combinations(marks, 2)]
    return [*pairs, *mixed, *(run for cue in marks for run in runs_of(cue.text[0]))]
