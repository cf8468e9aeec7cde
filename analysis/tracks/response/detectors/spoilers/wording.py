"""The words of stories, as the file beside this says: concepts, expressions, and what they are made of."""

from __future__ import annotations

import re

from analysis.text.lexicon import STOPWORDS
from analysis.tracks.response.english.sentences import folded
from analysis.tracks.response.english.word_lists import expressions, word_lists, word_set

WORDS = expressions(__package__, "words.en.txt")
_LISTS = word_lists(__package__, "words.en.txt")


def _concepts(section: str) -> dict[str, str]:
    """Each word of a section with the word that it means the same as."""
    parted = [line.partition(": ") for line in _LISTS[section]]
    return {word: concept for concept, _, alike in parted for word in (concept, *alike.split())}


EVENTS = frozenset(_concepts("events").values())
SAME = _concepts("events") | _concepts("others")
"""A word's concept; what means the same has the same."""
NOUNS, PARTICIPLES, PLACES = (
    word_set(__package__, "words.en.txt", section) for section in ("nouns", "participles", "places")
)
EXPRESSIONS = (
    (WORDS["idiom"], "", True),
    *(
        (words, name.split()[1], name.startswith("tells"))
        for name, words in WORDS.items()
        if name.startswith(("tells ", "denies "))
    ),
)
"""Expressions of several words with their concept, and whether they assert it."""
_EMPTY = frozenset(folded(" ".join(STOPWORDS)).split()) | word_set(__package__, "words.en.txt", "common")
_SUFFIX = re.compile(r"(?:(?<=\w{3})(?:ing|ed|es|ly|s|e)|['’]s)$")


def stem(word: str) -> str:
    """The concept of a folded word, or the word less its inflection; empty for a function word."""
    bare = re.sub(r"['’]s$", "", word)
    if bare in _EMPTY:
        return ""
    cut = _SUFFIX.sub("", bare)
    return SAME.get(bare) or SAME.get(cut, cut or bare)
