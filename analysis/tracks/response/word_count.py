"""How long an answer is, in words.

A word is a run of letters and digits; in scripts written without spaces (Chinese, Japanese, Thai ...) each
character is one, as for the lexicons. Emoji and punctuation are none.
"""

from __future__ import annotations

import re

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])\w)++(?:['’-](?:(?![{_UNSPACED}])\w)++)*+")


def word_count(text: str) -> int:
    """Number of words of a text."""
    return sum(1 for _ in _WORD.finditer(text))
