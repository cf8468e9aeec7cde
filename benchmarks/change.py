"""Where a planted change lives: how often grafts and switches name it, over ten seeds."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.change_models import (
    CLASSES,
    KINDS,
    LAYERS,
    Kind,
    make_adapter,
    make_base,
    make_candidate,
    messages,
)
from benchmarks.measure import Result

if TYPE_CHECKING:
    from analysis.models.classifier_pair import ClassifierPair
    from analysis.models.encoder import EncoderPair
    from analysis.tracks.intent.change import Flips
    from analysis.tracks.retrieval.graft import Asked

SEEDS = 10
MOST_TOKENS = 32
MESSAGES = 400
MODULE_LAYERS: dict[Kind, int] = {"classifier": LAYERS, "encoder": 3}
"""First layers of which one has the taught module: an adapter of one module further up turns no encoder's vector."""
OF_CLASS = 10
"""Items of each class, all of which are relevant to a query of the class, and as many as a query finds."""


def found_flips(pair: ClassifierPair, seed: int) -> Flips:
    """Flips of a planted pair on messages that neither side was trained on, at most 40."""
    import numpy as np

    from analysis.tracks.intent.change import MOST_FLIPS, Flips
    from analysis.tracks.intent.predict import predict_texts

    rows = messages(random.Random(1000 + seed), MESSAGES)
    texts = [text for text, *_ in rows]
    base, candidate = (
        predict_texts(pair.side(side), texts, MOST_TOKENS).argmax(axis=1) for side in ("base", "candidate")
    )
    gold = np.array([CLASSES.index(label) for _, label, _ in rows])
    at = np.flatnonzero(base != candidate)[:MOST_FLIPS]
    return Flips([texts[row] for row in at], base[at], candidate[at], (base == gold)[at])


def asked_queries(pair: EncoderPair, seed: int) -> Asked:
    """Queries whose recall a planted pair changed, at most 40, of messages with a title; items are messages without.

    Neither side was trained on any of them.
    """
    import numpy as np

    from analysis.plugin.change_parts import MOST_FLIPS
    from analysis.tracks.retrieval.graft import Asked, outcomes

    found = messages(random.Random(1000 + seed), MESSAGES)
    plain: dict[str, list[str]] = {label: [] for label in CLASSES}
    for text, label, titled in found:
        if not titled and len(plain[label]) < OF_CLASS:
            plain[label].append(text)
    items = [text for label in CLASSES for text in plain[label]]
    queries = [(text, label) for text, label, titled in found if titled]
    rows = {label: [at * OF_CLASS + number for number in range(OF_CLASS)] for at, label in enumerate(CLASSES)}

    def asked(some: list[tuple[str, str]]) -> Asked:
        texts, relevant = [text for text, _ in some], [rows[label] for _, label in some]
        return Asked(items, list(range(len(items))), texts, relevant, [None] * len(some), OF_CLASS)

    base, candidate = (outcomes(pair.encoder(side), asked(queries)) for side in ("base", "candidate"))
    flipped = np.flatnonzero(base != candidate)[:MOST_FLIPS]
    # Where nothing did, all stay, to be found the same on both sides.
    return asked([queries[at] for at in flipped] or queries)


def named_parts(rows: Sequence[Mapping[str, Any]], kind: str) -> str:
    """What the rows name as the place of the change; '' for nothing."""
    return next((str(row["name"]) for row in rows if row["kind"] == f"named {kind}"), "")


def rows_of(kind: Kind, base: Path, candidate: Path, seed: int) -> list[dict[str, Any]]:
    """Rows of `change_part` of one pair of models."""
    from analysis.models.classifier_pair import ClassifierPair
    from analysis.models.encoder import EncoderPair
    from analysis.tracks.intent import change as of_classifiers
    from analysis.tracks.retrieval import change as of_encoders

    if kind == "classifier":
        pair = ClassifierPair(base, candidate, "cpu")
        return of_classifiers.change_rows(pair, found_flips(pair, seed), MOST_TOKENS)
    encoders = EncoderPair({"base": base, "candidate": candidate}, "cpu")
    return of_encoders.change_rows(encoders, asked_queries(encoders, seed))


def measure(kind: Kind, folder: Path) -> list[Result]:
    """How often planted layer and module are named, over the seeds, and how often anything is where nothing changed."""
    layers = modules = itself = 0
    seconds = []
    for seed in range(SEEDS):
        place = folder / kind / str(seed)
        base = make_base(place / "base", seed, kind)
        layer = 1 + seed % LAYERS
        inner = ("attention.self.value", "intermediate.dense")[seed % 2]
        candidate = make_candidate(base, place / "candidate", [layer], seed, kind)
        before = time.process_time()
        rows = rows_of(kind, base, candidate, seed)
        seconds.append(time.process_time() - before)
        layers += named_parts(rows, "layer") == f"layer {layer}"
        taught = 1 + seed % MODULE_LAYERS[kind]
        adapter = make_adapter(base, place / "adapter", [f"layer.{taught - 1}.{inner}"], seed, kind)
        modules += named_parts(rows_of(kind, base, adapter, seed), "module") == f"layer {taught} {inner}"
        rows = rows_of(kind, base, base, seed)
        itself += any(row["kind"].startswith("named") and row["restored"] is not None for row in rows)
    of = f"of {SEEDS} seeds"
    return [
        Result(f"{kind}: one trained layer is named, and no other part", layers, of, target="9"),
        Result(f"{kind}: one trained module of an adapter is named, and no other", modules, of, target="9"),
        Result(f"{kind}: the base against itself names something", itself, of, target="0"),
        Result(f"{kind}: grafts of 40 flips, six layers 32 wide", statistics.median(seconds), "cpu-s"),
    ]


def run() -> list[Result]:
    import torch

    torch.set_num_threads(1)
    with TemporaryDirectory() as name:
        return [one for kind in KINDS for one in measure(kind, Path(name))]
