"""Grafting of encoders: what a composite of both finds, for queries and hard negatives whose outcome changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.models.blocks import Part, blocks_path, parts_of, why_not_exchangeable
from analysis.models.composites import module_units
from analysis.models.digest import content_digest
from analysis.models.encoding import encode_texts
from analysis.plugin.change_parts import Exchange
from analysis.tracks.retrieval.nearest import nearest
from analysis.tracks.retrieval.negatives import TIE
from analysis.tracks.retrieval.ranking import relevance
from analysis.tracks.retrieval.vectors import unit_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.models.encoder import EncoderPair
    from analysis.models.encoder_config import DenseHead, EncoderHead
    from analysis.models.encoding import LoadedEncoder, TextKind

    Floats = NDArray[np.float64]

POOLER = "pooler"
"""A module behind the token states, which are all that an encoder's vectors are made of."""


@dataclass(frozen=True)
class Asked:
    """Queries that are asked of some items, and what counts as found.

    Args:
        items: texts, n of them.
        titles: (n,), for each item the row of the item that stands for its title.
        queries: texts, q of them.
        relevant: rows of the relevant items of each query; empty for that of a hard negative.
        contests: rows of the right and of the wrong item of a hard negative; None for a probe.
        k: items that a query finds.
    """

    items: list[str]
    titles: list[int]
    queries: list[str]
    relevant: list[list[int]]
    contests: list[tuple[int, int] | None]
    k: int


def outcomes(encoder: LoadedEncoder, asked: Asked) -> Floats:
    """(q,) recall among the k nearest of a probe; 1 where a hard negative has its right item nearer, else 0.

    NaN where a query's vector is not finite or has no length; such an item is near nothing.
    """
    items, usable = _units(encoder, asked.items, "document")
    queries, known = _units(encoder, asked.queries, "query")
    items[~usable] = 0
    queries[~known] = 0
    ranking = nearest(queries, items, asked.k, exclude_self=False).indices
    relevant = [np.array(rows, np.int64) for rows in asked.relevant]
    found = relevance(ranking, relevant, np.array(asked.titles, np.int64), asked.k).recall
    for row, contest in enumerate(asked.contests):
        if contest is not None:
            right, wrong = contest
            between = items[right].astype(np.float64) - items[wrong]
            found[row] = float(queries[row].astype(np.float64) @ between > TIE)
    return np.where(known, found, np.nan)


def _units(
    encoder: LoadedEncoder, texts: Sequence[str], kind: TextKind
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Vectors of unit length, and which of them are."""
    with np.errstate(all="ignore"):
        vectors = unit_rows(encode_texts(encoder, texts, kind))
    usable: NDArray[np.bool_] = np.isfinite(vectors).min(axis=1)
    return vectors, usable


def exchange(pair: EncoderPair) -> Exchange:
    """Both encoders with the layers and modules of theirs that can be exchanged, or why none can. Loads both."""
    base, candidate = pair.encoder("base"), pair.encoder("candidate")
    layers: tuple[Part, ...] = ()
    why = _why_other_vectors(base, candidate)
    path = blocks_path(base.model)
    if not why and not path:
        why = f"no list of layers was found in {type(base.model).__name__}"
    if not why:
        layers = _layers(base, path)
        why = why_not_exchangeable(base.model, candidate.model, layers)
    modules = () if why else module_units(base.model, candidate.model)
    return Exchange(base.model, candidate.model, pair.folders["candidate"], layers, modules, why)


def _layers(base: LoadedEncoder, path: str) -> tuple[Part, ...]:
    """Embeddings, layers, and what follows them, without what no vector is made of."""
    parts = parts_of(base.model, path, lambda: encode_texts(base, ["a"], "document"))
    used = (Part(part.name, tuple(name for name in part.modules if name != POOLER)) for part in parts)
    return tuple(part for part in used if part.modules)


def _why_other_vectors(base: LoadedEncoder, candidate: LoadedEncoder) -> str:
    """Why the same token states are not the same vector on both sides; '' where they are."""
    if _rules(base) != _rules(candidate):
        return "the sides have different tokenizers, so that a layer of one reads other tokens in the other"
    differing = [name for name, read in _MADE_BY.items() if read(base.head) != read(candidate.head)]
    if differing:
        return f"the sides make vectors of their states in different ways: {', '.join(differing)}"
    return ""


def _rules(encoder: LoadedEncoder) -> dict[str, Any]:
    """How an encoder splits a text, padding and truncation set aside."""
    rules: dict[str, Any] = json.loads(encoder.tokenizer.backend_tokenizer.to_str())
    return {key: value for key, value in rules.items() if key not in ("padding", "truncation")}


def _dense(layers: Sequence[DenseHead | None]) -> list[object]:
    return [
        None if one is None else (content_digest(one.weights), one.activation, one.residual, one.dimension)
        for one in layers
    ]


_MADE_BY: dict[str, Callable[[EncoderHead], object]] = {
    "pooling": lambda head: (head.pooling, head.include_prompt),
    "layers after it": lambda head: _dense(head.after),
    "prompts": lambda head: head.prompts,
    "length that is read": lambda head: head.max_length,
    "dimensions that are kept": lambda head: head.truncate,
}
