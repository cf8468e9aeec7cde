"""What is searched for, how deep, and about how many texts are read for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.tracks.intent.insertable import ASCII_MARKS, CASINGS

Direction = Literal["rise", "fall"]

LEAST_TEXTS = 20
"""Texts of a half without which nothing is searched for: fewer cannot confirm."""
MARGIN: dict[Direction, float] = {"rise": 0.05, "fall": 0.10}
"""What the candidate's change beyond the base's must exceed: healthy candidates differ by less on words that are not
the class's own."""
MUCH_MORE = 10.0
"""How many times the base's own effect the candidate's must be: words of the class move both, six times as much where
the candidate has seen four times the texts of a class."""
MORE = 3.0
"""How many times it must be on the texts of the first round, whose means are rough."""
NEUTRAL = 3
"""Neutral phrases inserted into each text of the half that confirms."""


@dataclass(frozen=True)
class Round:
    """Exact insertion into some texts of the half that finds, on top of those of the rounds before.

    The candidate reads every cue in them; the base those `compared` that move the candidate most; `left` remain.
    """

    texts: int
    compared: int
    left: int


@dataclass(frozen=True)
class Depth:
    """How much is tried for one class and direction.

    `gradients` texts make the shortlist of so many `words`, `phrases` and `marks`. `pairs` of the best are made before
    the last round. `confirming` is how many texts of the other half are read at each look, until it is decided.
    """

    gradients: int
    words: int
    phrases: int
    marks: int
    rounds: tuple[Round, ...]
    pairs: int
    confirming: tuple[int, ...]
    every_mark: bool

    @property
    def finding(self) -> int:
        """Texts of the half that finds into which cues are put."""
        return sum(one.texts for one in self.rounds)

    @property
    def shortlist(self) -> int:
        """Cues of the first round."""
        more = len(ASCII_MARKS) + len(CASINGS) if self.every_mark else 0
        return self.words + self.marks + self.phrases + more


THOROUGH = Depth(
    12, 160, 32, 16, (Round(2, 96, 64), Round(4, 32, 24), Round(8, 24, 12)), 4, (40, 120), every_mark=True
)
"""For a critical class."""
BRIEF = Depth(2, 8, 3, 2, (Round(2, 12, 4), Round(4, 4, 2)), 0, (24,), every_mark=False)
"""For every other class: of few words each, but each is shown what was read for all of them."""


@dataclass(frozen=True)
class Hunt:
    """One class and direction: `finding` and `confirming` are rows of the texts that it may be tried on."""

    target: int
    direction: Direction
    depth: Depth
    finding: tuple[int, ...]
    confirming: tuple[int, ...]

    @property
    def sign(self) -> int:
        return 1 if self.direction == "rise" else -1

    @property
    def slopes(self) -> tuple[int, ...]:
        """Rows at which the gradient is taken: behind those into which cues are put, where there are as many."""
        start = min(self.depth.finding, len(self.finding) - self.depth.gradients)
        return self.finding[start : start + self.depth.gradients]

    @property
    def looks(self) -> tuple[int, ...]:
        """How many texts of the other half are read at each look."""
        return tuple(dict.fromkeys(min(one, len(self.confirming)) for one in self.depth.confirming))


def hunts(
    golds: Sequence[int | None],
    finding: Sequence[int],
    confirming: Sequence[int],
    thorough: Collection[int],
    targets: Sequence[int],
) -> tuple[list[Hunt], dict[tuple[int, Direction], str]]:
    """What is searched for, and of what else why not.

    Args:
        golds: class of every text.
        finding: rows of the half that finds, in the order in which they are used.
        confirming: rows of the half that confirms.
        thorough: the critical classes, whose falls are searched for as well.
        targets: the classes that are searched for.
    """
    found: list[Hunt] = []
    refused: dict[tuple[int, Direction], str] = {}
    for target in targets:
        depth = THOROUGH if target in thorough else BRIEF
        directions: tuple[Direction, ...] = ("rise", "fall") if target in thorough else ("rise",)
        for direction in directions:
            halves = [
                tuple(row for row in half if (golds[row] == target) == (direction == "fall"))
                for half in (finding, confirming)
            ]
            least = min(map(len, halves))
            if least < LEAST_TEXTS:
                of = "of the class" if direction == "fall" else "of other classes"
                refused[target, direction] = (
                    f"{least} {'text' if least == 1 else 'texts'} {of} in one half of the evaluation set, and "
                    f"{LEAST_TEXTS} are needed to find and as many to confirm"
                )
            else:
                confirms = halves[1][: max(depth.confirming)]
                found.append(Hunt(target, direction, depth, halves[0], confirms))
    return found, refused


def by_depth(wanted: Sequence[Hunt]) -> list[list[Hunt]]:
    """The hunts that are made together, each time with one depth."""
    return [
        [one for one in wanted if one.depth == depth]
        for depth in dict.fromkeys(hunt.depth for hunt in wanted)
    ]


def shorter_first(rows: Sequence[int], texts: Sequence[str]) -> list[int]:
    """The rows whose text is of the shorter half, then the others, in their order: short ones cost less to read."""
    middle = sorted(len(texts[row]) for row in rows)[len(rows) // 2] if rows else 0
    return sorted(rows, key=lambda row: len(texts[row]) > middle)
