"""Cues that were found for one class, grouped by what they have in common; no list of words is asked."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.text.units import pieces
from analysis.tracks.intent.insertable import Cue, is_marks

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOOK_ALIKE = 0.7
"""Share of matching characters (Ratcliff and Obershelp) from which two cues look alike."""
SAME_EFFECT = 0.8
"""Correlation of two cues' effects over texts from which they count as one cause."""


class Group(NamedTuple):
    """Positions of the cues that belong together, the strongest first, and what they have in common."""

    members: tuple[int, ...]
    kind: str


def groups(cues: Sequence[Cue], effects: NDArray[np.float64]) -> list[Group]:
    """Cues that share marks, casing, a word, a look, or their effect, the group with the largest effect first.

    Args:
        cues: n of them.
        effects: of each on each text, (n, texts), the wanted direction up.
    """
    owner = list(range(len(cues)))

    def root(at: int) -> int:
        while owner[at] != at:
            at = owner[at]
        return at

    for one, two in combinations(range(len(cues)), 2):
        if _classes(cues[one]) == _classes(cues[two]) and (
            _alike(cues[one], cues[two]) or _correlation(effects[one], effects[two]) >= SAME_EFFECT
        ):
            owner[root(two)] = root(one)
    means = effects.mean(axis=1) if len(cues) else np.zeros(0)
    found: dict[int, list[int]] = {}
    for at in sorted(range(len(cues)), key=lambda at: (-means[at], cues[at].text)):
        found.setdefault(root(at), []).append(at)
    return [Group(tuple(members), _kind([cues[at] for at in members])) for members in found.values()]


def _classes(cue: Cue) -> str:
    """Marks, casing or words: what is of different classes is never one group."""
    if cue.kind == "casing":
        return "casing"
    return "marks" if is_marks(cue.text) else "words"


def _alike(one: Cue, two: Cue) -> bool:
    if _classes(one) != "words":
        return True
    if set(pieces(one.text.casefold())) & set(pieces(two.text.casefold())):
        return True
    return SequenceMatcher(None, one.text.casefold(), two.text.casefold()).ratio() >= LOOK_ALIKE


def _correlation(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
    one, two = one - one.mean(), two - two.mean()
    size = float(np.sqrt((one**2).sum() * (two**2).sum()))
    return float((one * two).sum()) / size if size > 0 else 0.0


def _kind(cues: Sequence[Cue]) -> str:
    """What the cues of a group are, in a few words."""
    shared = _classes(cues[0])
    if shared != "words":
        return shared
    if len(cues) == 1:
        return "phrase" if len(cues[0].text.split()) > 1 else "word"
    if all(_alike(cues[0], other) for other in cues[1:]):
        return "look-alikes"
    return "words that do the same"
