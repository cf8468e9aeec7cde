"""About how many tokens a model will read of a text, before it was tokenised: to plan by, never to judge by."""

from __future__ import annotations

import math

from analysis.text.units import word_count

TOKENS_PER_WORD = 1.3
"""Of English in a WordPiece vocabulary."""
SPECIAL_TOKENS = 2


def tokens_of(text: str, limit: int) -> int:
    """About how many tokens are read of a text, at most `limit`."""
    return min(limit, SPECIAL_TOKENS + math.ceil(TOKENS_PER_WORD * word_count(text)))
