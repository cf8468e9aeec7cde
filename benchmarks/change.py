"""Where a planted change lives: how often grafts and switches name it, over ten seeds."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.change_models import CLASSES, LAYERS, make_adapter, make_base, make_candidate, messages
from benchmarks.measure import Result

if TYPE_CHECKING:
    from analysis.models.classifier_pair import ClassifierPair
    from analysis.tracks.intent.change import Flips

SEEDS = 10
MOST_TOKENS = 32
MESSAGES = 400


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


def named_parts(rows: Sequence[Mapping[str, Any]], kind: str) -> str:
    """What the rows name as the place of the change; '' for nothing."""
    return next((str(row["name"]) for row in rows if row["kind"] == f"named {kind}"), "")


def run() -> list[Result]:
    import torch

    from analysis.models.classifier_pair import ClassifierPair
    from analysis.tracks.intent.change import change_rows

    torch.set_num_threads(1)
    layers = modules = itself = 0
    seconds = []
    with TemporaryDirectory() as name:
        for seed in range(SEEDS):
            folder = Path(name) / str(seed)
            base = make_base(folder / "base", seed)
            layer = 1 + seed % LAYERS
            inner = ("attention.self.value", "intermediate.dense")[seed % 2]
            planted = ClassifierPair(base, make_candidate(base, folder / "candidate", [layer], seed), "cpu")
            before = time.process_time()
            rows = change_rows(planted, found_flips(planted, seed), MOST_TOKENS)
            seconds.append(time.process_time() - before)
            layers += named_parts(rows, "layer") == f"layer {layer}"
            adapter = make_adapter(base, folder / "adapter", [f"layer.{layer - 1}.{inner}"], seed)
            switched = ClassifierPair(base, adapter, "cpu")
            rows = change_rows(switched, found_flips(switched, seed), MOST_TOKENS)
            modules += named_parts(rows, "module") == f"layer {layer} {inner}"
            same = ClassifierPair(base, base, "cpu")
            rows = change_rows(same, found_flips(same, seed), MOST_TOKENS)
            itself += any(row["kind"].startswith("named") and row["restored"] is not None for row in rows)
    of = f"of {SEEDS} seeds"
    return [
        Result("one trained layer is named, and no other part", layers, of, target="9"),
        Result("one trained module of an adapter is named, and no other", modules, of, target="9"),
        Result("the base against itself names something", itself, of, target="0"),
        Result("grafts of 40 flips, six layers 32 wide", statistics.median(seconds), "cpu-s"),
    ]
