"""Which words the candidate's answer adds to the base's, and which it leaves out."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

from analysis.text.units import units

MOST_UNITS = 1500
"""Words of an answer that are compared one by one; in longer ones, lines and sentences are."""

_SENTENCES = re.compile(r"[^\s][^.!?\n。！？]*[.!?。！？]*")

Stretch = tuple[int, int]


@lru_cache(maxsize=8)
def word_diff(base: str, candidate: str) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Stretches of the base's answer that are gone, and of the candidate's that are new, as (start, end).

    Words are compared as they are written, and neighbours that changed together are one stretch. Source: the
    matching of Ratcliff and Obershelp, as in `difflib`.
    """
    left, right = (units(text) for text in (base, candidate))
    if max(len(left), len(right)) > MOST_UNITS:
        left, right = ([match.span() for match in _SENTENCES.finditer(text)] for text in (base, candidate))
    matcher = SequenceMatcher(
        None, [base[start:end] for start, end in left], [candidate[start:end] for start, end in right]
    )
    gone: list[Stretch] = []
    new: list[Stretch] = []
    for kind, from_left, to_left, from_right, to_right in matcher.get_opcodes():
        if kind == "equal":
            continue
        if to_left > from_left:
            gone.append((left[from_left][0], left[to_left - 1][1]))
        if to_right > from_right:
            new.append((right[from_right][0], right[to_right - 1][1]))
    return tuple(gone), tuple(new)
