"""How long an answer is, in words; advisory, for every other rate is taken again at matched length.

A word is a run of letters and digits; in scripts written without spaces (Chinese, Japanese, Thai ...) each
character is one, as for the lexicons. Emoji and punctuation are none.
"""

from __future__ import annotations

import re

from analysis.tracks.response.detectors.contract import Detector, Found, Knowledge, Response, always

LONG_WORDS = 200
"""An answer with more words is long: over a minute of reading at about 180 words a minute."""

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])\w)++(?:['’-](?:(?![{_UNSPACED}])\w)++)*+")


def word_count(text: str) -> int:
    """Number of words of a text."""
    return sum(1 for _ in _WORD.finditer(text))


def detect(response: Response, knowledge: Knowledge) -> list[Found]:
    """The whole answer, where it is long."""
    count = word_count(response.text)
    if count <= LONG_WORDS:
        return []
    return [Found(0, len(response.text), "long", f"{count} words, more than {LONG_WORDS}", counts=True)]


DETECTOR = Detector(
    name="length",
    place=80,
    title="Long answers",
    languages=(),
    by_definition="counts words, by definition",
    version=1,
    detect=detect,
    applies=always,
)
