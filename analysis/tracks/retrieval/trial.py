"""The longest text through both encoders, as the stages will encode all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import Side
from analysis.models.encoder import encoders
from analysis.models.encoder_config import EncoderHead
from analysis.models.trial import trying
from analysis.tracks.retrieval.expected import running

if TYPE_CHECKING:
    from analysis.data.examples import Examples
    from analysis.models.encoder import EncoderPair
    from analysis.models.sides import Sides

_MOST_TOKENS = 1024
"""Tokens of the longest text that is tried, where the limit is higher: further than that, memory decides."""


def try_encoders(models: Sides, examples: Examples) -> None:
    """Encode the shortest text with each side that is a model, and one as long as any that will be read.

    Raises:
        AssayError: a model that cannot be loaded, or fails on a text.
    """
    pair = encoders(models)
    texts = [row.text for row in examples.rows]
    for side in running(pair):
        _encode(pair, side, min(texts, key=len), _long(max(texts, key=len), pair, side))


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
