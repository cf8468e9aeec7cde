"""How a sentence is meant: asked or reported."""

from __future__ import annotations

import re

from analysis.tracks.response.english.sentences import Span, clause_before
from analysis.tracks.response.english.word_lists import expressions

_REPORTED = expressions(__package__, "words.en.txt")["reported"]
_OWN = re.compile(r"\b(?:i|we)\b", re.IGNORECASE)
_ASKS = re.compile(r"\?[\"'”’»)\]*_\s]*$|？[」』）\s]*$")


def asks(text: str, sentence: Span) -> bool:
    """Whether the sentence is a question."""
    return bool(_ASKS.search(text, max(sentence.start, sentence.end - 12), sentence.end))


def reported(text: str, sentence: Span, position: int) -> bool:
    """Whether what follows is laid in the customer's mouth: "you asked for", "you would like".

    "If you want I can pass you on" is not: the assistant speaks again before the position.
    """
    before = clause_before(text, sentence, position)
    matches = list(_REPORTED.finditer(before))
    return bool(matches) and not _OWN.search(before, matches[-1].end())
