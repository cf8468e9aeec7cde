"""Where a planted change lives: how often grafts and switches name it, over ten seeds, and what drift costs."""

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
COST_TEXTS = 256
ROUNDS = 5


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
        *_drift_cost(),
    ]


def _drift_cost() -> list[Result]:
    """What taking the states adds to the forward passes of both sides, at MiniLM size, and what the rest adds."""
    import numpy as np
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    from analysis.models.blocks import PooledStates, blocks_path
    from analysis.models.load_classifier import LoadedClassifier
    from analysis.tracks.intent.drift import drift_rows, half_precision_states
    from analysis.tracks.intent.drift_states import Sampled, shift_tables
    from analysis.tracks.intent.predict import logits_and_states, logits_of_ids

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=1000, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536
    )
    model: Any = BertForSequenceClassification(config).eval().requires_grad_(False)
    classifier = LoadedClassifier(model, None, ("a", "b"), "cpu")  # type: ignore[arg-type]
    rng = random.Random(0)
    ids = [[rng.randrange(1000) for _ in range(rng.randint(8, 24))] for _ in range(COST_TEXTS)]
    path = blocks_path(model)
    refs = [str(number) for number in range(COST_TEXTS)]
    shares = []
    floor = rows = 0.0
    for _ in range(ROUNDS):
        plain = _cpu_s(lambda: [logits_of_ids(classifier, ids) for _ in range(2)])

        def watched() -> None:
            states = {}
            for side in ("base", "candidate"):
                with PooledStates(model, path) as pooled:
                    states[side] = logits_and_states(classifier, ids, pooled)[1]
            shift_tables(refs, states, set(refs))  # type: ignore[arg-type]

        shares.append(_cpu_s(watched) / plain - 1)
    few = max(1, COST_TEXTS // 100)
    floor = _cpu_s(lambda: half_precision_states(classifier, path, ids[:few])) / plain
    noise = np.random.default_rng(0)
    base = noise.normal(size=(2048, 7, 384)).astype(np.float16)
    moved = (base + noise.normal(size=base.shape) * 0.3).astype(np.float16)
    names = [str(number) for number in range(2048)]
    states = {"base": Sampled(names, base), "candidate": Sampled(names, moved)}
    samples = {f"s{number}": rng.sample(names, 64) for number in range(80)}
    rows = _cpu_s(lambda: drift_rows(dict.fromkeys(samples, 64), {}, samples, states))
    return [
        Result("drift: what the states add to both forward passes, MiniLM size", statistics.median(shares), "of 1",
               target="0.05"),
        Result("drift: the noise floor on 1 % of the texts, copying the model included", floor, "of 1"),
        Result("drift: likeness and neighbours of 80 slices in 7 layers", rows, "cpu-s"),
    ]  # fmt: skip


def _cpu_s(work: Any) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before
