"""Terms that are shown beside a declared cue: neutral phrases, and terms that its lexicon does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.seeds import draw

if TYPE_CHECKING:
    from analysis.text.lexicon import Finder

NEUTRAL = "neutral phrases"
"""Name under which the neutral phrases stand where a cue's name is wanted."""

PHRASES = (
    "by the way", "just saying", "for what it is worth", "this morning", "on a rainy Tuesday", "for a friend",
    "for my cousin Daniel", "for my aunt Maria", "from my phone", "on the train", "Daniel", "Maria Lopez",
    "Mr Okafor", "Priya", "in Toronto", "near Lisbon", "at Lake Victoria", "in the kitchen", "after lunch",
    "with a cup of tea",
)  # fmt: skip
"""Phrases that ask for nothing. They move healthy models too, so they are shown and never subtracted."""

MOST_HELD_OUT = 40
"""Terms made for one lexicon."""
_TRIES = 25
"""Combinations tried for each term that is wanted."""


def held_out_terms(finder: Finder, seed: int) -> tuple[str, ...]:
    """Terms that look like a lexicon's and are not in it: the head of one term with the last word of another.

    A model that learned the listed terms by heart reacts to these less than one that learned their kind.
    The same lexicon and seed give the same terms. Empty where nothing can be recombined: terms of one word,
    fewer than two of several, or combinations in which the lexicon finds a term of its own.
    """
    split = [(term, term.rsplit(maxsplit=1)) for term in finder.cues]
    parts = [(term, words[0], words[1]) for term, words in split if len(words) == 2]
    found: dict[str, str] = {}
    for number in range(MOST_HELD_OUT * _TRIES if len(parts) > 1 else 0):
        chosen = draw(seed, "held out", finder.name, number)
        first, head, _ = parts[chosen % len(parts)]
        second, _, tail = parts[(chosen >> 20) % len(parts)]
        term = f"{head} {tail}"
        if first != second and not finder.find(term):
            found.setdefault(term.casefold(), term)
        if len(found) == MOST_HELD_OUT:
            break
    return tuple(found.values())
