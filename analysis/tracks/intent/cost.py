"""What it costs to attribute a text, in tokens that a model reads: so that the time left is estimated by length."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analysis.tracks.intent.chance import FIRST
from analysis.tracks.intent.faithfulness import top_counts

if TYPE_CHECKING:
    from analysis.tracks.intent.methods.contract import Method


def explanation_tokens(method: Method, words: int, tokens: int, targets: int) -> float:
    """About how many tokens one side reads to explain a text by a method.

    Args:
        method: by which.
        words: of the text.
        tokens: of the text.
        targets: what is explained of it: one class, and for a flip the contrast, by methods that explain that.
    """
    return float(tokens * method.reads(words) * (targets if method.contrastive else min(targets, 1)))


def licence_tokens(words: int, tokens: int) -> float:
    """About how many tokens one side reads to test what explains a text.

    The rows of a ranking come in pairs, which have the text's tokens between them, for each size of its top words. Most
    texts are told from chance by the first random rankings.
    """
    sizes = dict.fromkeys(top_counts(words)) if words else {}
    return float(tokens * sum(min(FIRST, math.comb(words, size)) for size in sizes))
