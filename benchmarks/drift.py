"""What drift costs beside the forward passes that it rides on, at MiniLM size on one thread."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.base.records import Side

TEXTS = 256
ROUNDS = 7
PREDICTED = 5000
"""Texts of the review that the share is said of: 1,400 messages and 3,600 counterfactuals, as the sample has."""
MESSAGES = 1400
FLOOR_TEXTS = 50
"""A hundredth of those."""
SLICES = 80


def run() -> list[Result]:
    import numpy as np
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    from analysis.base.records import SIDES
    from analysis.models.blocks import PooledStates, blocks_path
    from analysis.models.load_classifier import LoadedClassifier
    from analysis.tracks.intent.drift import drift_rows, half_precision_states
    from analysis.tracks.intent.drift_states import FLOOR, Sampled, shift_tables
    from analysis.tracks.intent.predict import logits_and_states, logits_of_ids

    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=1000, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536
    )
    model: Any = BertForSequenceClassification(config).eval().requires_grad_(False)
    tokenizer: Any = None
    classifier = LoadedClassifier(model, tokenizer, ("a", "b"), "cpu")
    rng = random.Random(0)
    ids = [[rng.randrange(1000) for _ in range(rng.randint(8, 24))] for _ in range(TEXTS)]
    path = blocks_path(model)
    refs = [str(number) for number in range(TEXTS)]
    states: dict[Side, NDArray[np.float32]] = {}

    def plain() -> None:
        for _ in SIDES:
            logits_of_ids(classifier, ids)

    def watched() -> None:
        for side in SIDES:
            with PooledStates(model, path) as pooled:
                found = logits_and_states(classifier, ids, pooled)[1]
            if found is not None:
                states[side] = found

    works = (plain, watched, lambda: shift_tables(refs, states, set(refs)))
    # In turns, and the least of each: what else runs here only adds.
    least = [
        min(times) for times in zip(*([_cpu_s(work) for work in works] for _ in range(ROUNDS)), strict=True)
    ]
    passes, taken, tables = (one / TEXTS for one in least)
    floor = min(_cpu_s(lambda: half_precision_states(classifier, path, ids[:FLOOR_TEXTS])) for _ in range(3))
    noise = np.random.default_rng(0)
    base = noise.normal(size=(2048, 7, 384)).astype(np.float16)
    moved = (base + 0.3 * noise.normal(size=base.shape)).astype(np.float16)
    names = [str(number) for number in range(2048)]
    known = {
        "base": Sampled(names, base), "candidate": Sampled(names, moved), FLOOR: Sampled(names[:50], moved[:50])
    }  # fmt: skip
    samples = {"all": names[:256], **{f"s{number}": rng.sample(names, 64) for number in range(SLICES)}}
    sizes = dict.fromkeys(samples, 64)
    slices = min(_cpu_s(lambda: drift_rows(sizes, {}, samples, known)) for _ in range(3))
    states_s = PREDICTED * max(0.0, taken - passes) + MESSAGES * tables
    whole = PREDICTED * passes
    return [
        Result("forward passes of both sides, one text", 1000 * passes, "cpu-ms"),
        Result("drift of a review of 5,000 texts and 80 slices, share of its forward passes",
               (states_s + floor + slices) / whole, "of 1", target="0.05"),
        Result("of that, states taken and compared", states_s / whole, "of 1"),
        Result("of that, the noise floor on 50 texts", floor / whole, "of 1"),
        Result("of that, likeness and neighbours of the slices", slices / whole, "of 1"),
    ]  # fmt: skip


def _cpu_s(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before
