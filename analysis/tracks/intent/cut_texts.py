"""Messages that are longer than what a model reads of them, known before any model runs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from analysis.base.records import SIDES, Side
from analysis.tracks.intent.predict import tokens_read

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from analysis.data.examples import Examples
    from analysis.models.classifier_pair import ClassifierPair

TABLE = "intent_cut"
_SPECIAL_TOKENS = 8
"""More than any tokenizer adds to a text."""
_AT_ONCE = 1_000


def token_counts(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> list[int]:
    """Tokens of whole texts, special ones included."""
    if not texts:
        return []
    return [len(ids) for ids in tokenizer(list(texts), truncation=False, verbose=False)["input_ids"]]


def with_cut_texts(examples: Examples, models: ClassifierPair, declared: int | None) -> Examples:
    """The examples with a row of the table `intent_cut` for each text and side that reads only part of it.

    Args:
        examples: as read.
        models: of both sides; their tokenizers are asked, and no model is loaded.
        declared: the limit in tokens of the review file, where it sets one.
    """
    limit = tokens_read(models, declared)
    long = [row for row in examples.rows if _may_exceed(row.text, limit)]
    cut: list[tuple[str, Side, int]] = []
    counts: list[int] = []
    for side in SIDES if long else ():
        if side == "base" or not models.tokenizers_equal:
            tokenizer = models.tokenizer(side)
            counts = [
                count
                for start in range(0, len(long), _AT_ONCE)
                for count in token_counts(tokenizer, [row.text for row in long[start : start + _AT_ONCE]])
            ]
        cut += [(row.ref, side, count) for row, count in zip(long, counts, strict=True) if count > limit]
    table = pa.table(
        {
            "ref": pa.array([ref for ref, _, _ in cut], pa.string()),
            "side": pa.array([side for _, side, _ in cut], pa.string()),
            "tokens": pa.array([count for _, _, count in cut], pa.int32()),
            "tokens_read": pa.array([limit] * len(cut), pa.int32()),
        }
    )
    refs = tuple(dict.fromkeys(ref for ref, _, _ in cut))
    return replace(
        examples,
        cut=refs,
        payload={**examples.payload, TABLE: table},
        notes=(*examples.notes, *_notes(len(refs), limit, (side for _, side, _ in cut))),
    )


def _may_exceed(text: str, limit: int) -> bool:
    """Whether a text can have more tokens than that: in its longest normal form, a token is a byte or more."""
    longest = text if text.isascii() else unicodedata.normalize("NFKD", text)
    return len(longest.encode("utf-8", "surrogatepass")) + _SPECIAL_TOKENS > limit


def _notes(texts: int, limit: int, sides: Iterable[Side]) -> list[str]:
    if not texts:
        return []
    cut = list(sides)
    said = ", ".join(f"{side} {cut.count(side):,}" for side in SIDES)
    longer = "text is longer and is cut" if texts == 1 else "texts are longer and are cut"
    return [f"cut       {texts:,} {longer}: {limit:,} tokens are read ({said}; slice cut=yes)"]
