"""What the steps of a comparison of encoders will take: the texts that they read, by what a text takes here."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from analysis.base.records import SIDES, Side
from analysis.models.encoder import encoders
from analysis.models.encoder_config import EncoderHead
from analysis.models.trial import duration, for_a_while, of_one_length, trying
from analysis.plugin.change_parts import planned_composites
from analysis.plugin.expected import Expected, shards_of
from analysis.tracks.retrieval.change import CHANGE, LEAST_FLIPS, LEAST_ITEMS
from analysis.tracks.retrieval.edits import MAX_ITEMS, TITLE_LENGTH
from analysis.tracks.retrieval.encode import ENCODE, ROWS_PER_SHARD, text_kind
from analysis.tracks.retrieval.graft import exchange
from analysis.tracks.retrieval.settings import retrieval_settings

if TYPE_CHECKING:
    from analysis.base.records import Example
    from analysis.data.examples import Examples
    from analysis.models.encoder import EncoderPair
    from analysis.models.sides import Sides
    from analysis.plugin.settings import TrackSettings

LISTED = 1.5
"""How many times `k` items both sides list of a query together, about: they share half."""


def running(pair: EncoderPair) -> list[Side]:
    """The sides that are models."""
    return [side for side in SIDES if isinstance(pair.heads[side], EncoderHead)]


def expected_steps(models: Sides, examples: Examples, settings: TrackSettings) -> dict[str, Expected]:
    """What the steps will take that encode texts, by name; none where all vectors are stored.

    Raises:
        AssayError: a model fails on a text.
    """
    pair = encoders(models)
    if not running(pair):
        return {}
    rows = examples.rows
    character_s = _character_s(pair, rows)
    edited = _edited(examples, settings) if pair.encodes else 0.0
    documents = sum(text_kind(row.kind) == "document" for row in rows)
    steps = {
        ENCODE.name: Expected(
            sum(len(row.text) for row in rows) + edited,
            character_s,
            shards_of(documents, ROWS_PER_SHARD) + shards_of(len(rows) - documents, ROWS_PER_SHARD),
        )
    }
    if pair.encodes:
        # Each composite is one model, and both sides are asked too.
        readings = 1 + planned_composites(exchange(pair)) / len(SIDES)
        items, queries = _lengths(rows, "item"), _lengths(rows, "query") or _lengths(rows, "pair")
        listed = round(LISTED * LEAST_FLIPS * retrieval_settings(settings).k)
        asked = min(len(items), max(LEAST_ITEMS, listed))
        characters = asked * _mean(items) + min(len(queries), LEAST_FLIPS) * _mean(queries)
        steps[CHANGE.name] = Expected(characters, readings * character_s)
    return steps


def foretell(models: Sides, examples: Examples, settings: TrackSettings) -> list[str]:
    """What encoding everything once will take, a line, by what some texts take; none where all vectors are stored.

    Raises:
        AssayError: a model fails on one of them.
    """
    pair = encoders(models)
    steps = expected_steps(models, examples, settings)
    if not steps:
        return []
    change = f", {duration(steps[CHANGE.name].seconds)} for grafts" if CHANGE.name in steps else ""
    return [
        f"time      {duration(steps[ENCODE.name].seconds)} to encode {len(examples.rows):,} texts and edited items"
        f"{change} ({' and '.join(running(pair))}, on {models.device})"
    ]


def _character_s(pair: EncoderPair, rows: list[Example]) -> float:
    """Seconds that the sides which are models take for a character of texts of a middling length."""
    middle = sorted(rows, key=lambda row: len(row.text))[len(rows) // 2]
    texts = of_one_length(middle.text)
    names = [middle.id] * len(texts)
    seconds = 0.0
    for side in running(pair):
        with trying(pair.folders[side], "encode the texts of some examples"):
            started = time.monotonic()
            times = for_a_while(
                partial(pair.vectors, side, middle.kind, names, texts, text_kind(middle.kind))
            )
            seconds += (time.monotonic() - started) / times
    return seconds / max(1, sum(map(len, texts)))


def _edited(examples: Examples, settings: TrackSettings) -> float:
    """About how many characters edited items have: some of each unwanted attribute that words name."""
    items = _lengths(examples.rows, "item")
    columns = {field.name: field.type for field in examples.metadata.schema}
    named = [
        name
        for name, wanted in retrieval_settings(settings).attributes().items()
        if not wanted and (name == TITLE_LENGTH or not _is_number(columns.get(name)))
    ]
    return len(named) * min(MAX_ITEMS, len(items)) * _mean(items)


def _is_number(kind: pa.DataType | None) -> bool:
    return kind is not None and bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _lengths(rows: list[Example], kind: str) -> list[int]:
    return [len(row.text) for row in rows if row.kind == kind]


def _mean(values: list[int]) -> float:
    return sum(values) / max(1, len(values))
