"""Small edits of a message that change nothing about what it asks: inserted titles, punctuation, numbers.

Training uses them as augmentation, measuring uses them as counterfactuals; both only ever see what they are given.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from sample_data.author import bank, key, titles

PUNCTUATION: tuple[str, ...] = ("!!", "!!!", "?!", "...", "??")
NUMBERS: tuple[str, ...] = ("2", "14", "300", "2024")


def insert(rng: random.Random, text: str, term: str) -> str:
    """Puts a term between two words of a text, or before or behind them; every place is as likely."""
    words = text.split()
    at = rng.randint(0, len(words))
    return " ".join([*words[:at], term, *words[at:]])


def append(text: str, term: str) -> str:
    """Puts a term behind a text; punctuation without a space, as people type it."""
    return text + term if term in PUNCTUATION else f"{text} {term}"


def invented(rng: random.Random) -> str:
    """A title-like phrase of one to four words that is in neither list of titles."""
    words = bank("invented_words")["known"][0].split()
    listed = {key(title) for title in (*titles(), *titles(held_out=True))}
    while True:
        drawn = rng.sample(words, rng.choice([1, 2, 2, 2, 3, 3, 4]))
        phrase = " ".join([*rng.choice([(), ("the",), ("of",), ("a",)]), *drawn])
        if len(drawn) > 2 and rng.random() < 0.5:
            phrase = f"{drawn[0]} of the {' '.join(drawn[1:])}"
        if key(phrase) not in listed:
            return phrase.title()


def perturbed(rng: random.Random, text: str, terms: Sequence[str], times: int = 1) -> str:
    """Inserts random terms at random places of a text.

    Args:
        rng: source of every choice.
        text: the message.
        terms: what may be inserted; an empty string stands for an invented title.
        times: how many terms are inserted, one after another.
    """
    for _ in range(times):
        term = rng.choice(terms) or invented(rng)
        text = append(text, term) if rng.random() < 0.2 else insert(rng, text, term)
    return text
