"""Words of a text, and which tokens of a model belong to which word, by character offsets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from analysis.text.units import units


class Word(NamedTuple):
    """A unit of a text (a word, an emoji or a run of marks), with the positions of its tokens."""

    start: int
    end: int
    tokens: tuple[int, ...]


def words_of_tokens(text: str, offsets: Sequence[tuple[int, int]], special: Sequence[int]) -> list[Word]:
    """The words that have tokens, in the order of the text.

    Args:
        text: what was tokenised.
        offsets: start and end of each token in it.
        special: 1 for a token that belongs to no word.
    """
    spans = units(text)
    tokens: list[list[int]] = [[] for _ in spans]
    current = 0
    for position, ((start, end), is_special) in enumerate(zip(offsets, special, strict=True)):
        if is_special or end <= start:
            continue
        while current < len(spans) and spans[current][1] <= start:
            current += 1
        # One token over several words, as an unknown "€20" is, makes one word of them.
        while current + 1 < len(spans) and spans[current][0] < end and spans[current + 1][0] < end:
            spans[current] = (spans[current][0], spans[current + 1][1])
            del spans[current + 1], tokens[current + 1]
        if current < len(spans) and spans[current][0] < end:
            tokens[current].append(position)
    return [
        Word(start, end, tuple(positions))
        for (start, end), positions in zip(spans, tokens, strict=True)
        if positions
    ]
