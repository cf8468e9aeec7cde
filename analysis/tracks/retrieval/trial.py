"""The longest text through both encoders, as the stages will encode all of them, and what all will take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from analysis.base.records import SIDES, Side
from analysis.models.encoder import encoders
from analysis.models.encoder_config import EncoderHead
from analysis.models.trial import duration, trying
from analysis.tracks.retrieval.encode import text_kind

if TYPE_CHECKING:
    from analysis.data.examples import Examples
    from analysis.models.encoder import EncoderPair
    from analysis.models.sides import Sides

_TIMED = 32
"""Texts whose encoding is timed."""
_MOST_TOKENS = 1024
"""Tokens of the longest text that is tried, where the limit is higher: further than that, memory decides."""


def try_encoders(models: Sides, examples: Examples) -> None:
    """Encode the shortest text with each side that is a model, and one as long as any that will be read.

    Raises:
        AssayError: a model that cannot be loaded, or fails on a text.
    """
    pair = encoders(models)
    texts = [row.text for row in examples.rows]
    for side in _running(pair):
        _encode(pair, side, min(texts, key=len), _long(max(texts, key=len), pair, side))


def foretell(models: Sides, examples: Examples) -> list[str]:
    """What encoding everything once will take, a line, by what some texts take; none where all vectors are stored.

    Raises:
        AssayError: a model fails on one of them.
    """
    pair = encoders(models)
    rows = examples.rows
    running = _running(pair)
    if not running:
        return []
    sample = rows[:: max(1, len(rows) // _TIMED)][:_TIMED]
    seconds = 0.0
    for side in running:
        started = time.monotonic()
        with trying(models.folders[side], "encode the texts of some examples"):
            for row in sample:
                pair.vectors(side, row.kind, [row.id], [row.text], text_kind(row.kind))
        seconds += time.monotonic() - started
    share = sum(len(row.text) for row in rows) / max(1, sum(len(row.text) for row in sample))
    return [
        f"time      {duration(seconds * share)} at most to encode {len(rows):,} texts once "
        f"({' and '.join(running)}, on {models.device}); edited items and grafts come on top"
    ]


def _running(pair: EncoderPair) -> list[Side]:
    """The sides that are models."""
    return [side for side in SIDES if isinstance(pair.heads[side], EncoderHead)]


def _long(text: str, pair: EncoderPair, side: Side) -> str:
    """The text so often that it is as long as any that will be read."""
    head = pair.heads[side]
    limit = min(head.max_length, _MOST_TOKENS) if isinstance(head, EncoderHead) else 0
    return " ".join([text] * (1 + limit // max(1, len(text.split()))))


def _encode(pair: EncoderPair, side: Side, short: str, long: str) -> None:
    with trying(pair.folders[side], "encode one text"):
        pair.vectors(side, "item", ["short"], [short], "document")
    with trying(pair.folders[side], "encode a text as long as it says that it reads"):
        pair.vectors(side, "item", ["long"], [long], "document")
