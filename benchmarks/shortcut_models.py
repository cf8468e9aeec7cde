"""MiniLM-size classifiers fine-tuned on one training set, and what a cue does to them, measured directly.

The four lower layers of the encoder stay as they are, so that their output is computed once for each text; the
two upper layers, the pooler and the head are trained.
"""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.shortcut_texts import CONDITIONS, CUES, Dataset, Split, Text, planted

if TYPE_CHECKING:
    import torch
    from transformers import BertForSequenceClassification, PreTrainedTokenizerBase

FROZEN = 4
EPOCHS = 6
RATE = {"layers": 2e-4, "head": 2e-3}
BATCH = 32
MOST_TOKENS = 64
RECIPE_SEEDS = 5
PLANTED_FROM = 0.05
"""Mean rise of p(critical) on texts of other classes from which a shortcut counts as planted."""


def train(encoder: Path, texts: Sequence[Text], labels: Sequence[str], seed: int, folder: Path) -> None:
    """Fine-tunes the encoder at `encoder` on labelled texts and saves model and tokenizer into `folder`.

    AdamW, linear warm-up and decay, label smoothing .05; the same seed and texts give the same model.
    """
    import torch
    from torch.nn.functional import cross_entropy
    from transformers import AutoTokenizer, BertForSequenceClassification

    torch.manual_seed(seed)
    rng = random.Random(seed)
    model = BertForSequenceClassification.from_pretrained(
        encoder, id2label=dict(enumerate(labels)), label2id={name: at for at, name in enumerate(labels)}
    )
    tokenizer = AutoTokenizer.from_pretrained(encoder, model_max_length=MOST_TOKENS)
    targets = torch.tensor([labels.index(one.label) for one in texts])
    lower = _lower_states(model, tokenizer, [one.text for one in texts])
    trained, pooler = model.bert.encoder.layer[FROZEN:], model.bert.pooler
    if pooler is None:
        raise ValueError(f"the encoder in {encoder} has no pooler")
    head = [*model.classifier.parameters(), *pooler.parameters()]
    steps = EPOCHS * -(-len(texts) // BATCH)
    optimizer = torch.optim.AdamW(
        [{"params": trained.parameters(), "lr": RATE["layers"]}, {"params": head, "lr": RATE["head"]}],
        weight_decay=0.01,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, list(RATE.values()), total_steps=steps, pct_start=0.1, anneal_strategy="linear",
        cycle_momentum=False,
    )  # fmt: skip
    model.train()
    for _ in range(EPOCHS):
        for batch in _batches(rng, [len(state) for state in lower]):
            states = torch.nn.utils.rnn.pad_sequence([lower[index] for index in batch], batch_first=True)
            sizes = torch.tensor([len(lower[index]) for index in batch])
            mask = (torch.arange(states.shape[1])[None] < sizes[:, None])[:, None, None, :]
            for layer in trained:
                states = layer(states, mask)
            logits = model.classifier(model.dropout(pooler(states)))
            loss = cross_entropy(logits, targets[batch], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _lower_states(
    model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]
) -> list[torch.Tensor]:
    """Output of the frozen layers, one float32 tensor [tokens, dimensions] for each text."""
    import torch

    states = []
    with torch.no_grad():
        for text in texts:
            inputs = tokenizer(text, truncation=True, return_tensors="pt")
            hidden = model.bert.embeddings(inputs["input_ids"], inputs["token_type_ids"])
            for layer in model.bert.encoder.layer[:FROZEN]:
                hidden = layer(hidden)
            states.append(hidden[0])
    return states


def _batches(rng: random.Random, sizes: Sequence[int]) -> list[list[int]]:
    """Batches in random order; texts of like length share one, which halves the padding."""
    order = rng.sample(range(len(sizes)), len(sizes))
    chunks = [
        sorted(order[at : at + 8 * BATCH], key=sizes.__getitem__) for at in range(0, len(order), 8 * BATCH)
    ]
    batches = [chunk[at : at + BATCH] for chunk in chunks for at in range(0, len(chunk), BATCH)]
    return rng.sample(batches, len(batches))


def p_critical(folder: Path, texts: Sequence[str]) -> list[float]:
    """p(first label) of each text, the critical class standing first."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    p = [0.0] * len(texts)
    by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    with torch.inference_mode():
        for start in range(0, len(texts), BATCH):
            batch = by_length[start : start + BATCH]
            inputs = tokenizer(
                [texts[index] for index in batch], padding=True, truncation=True, return_tensors="pt"
            )
            for index, value in zip(batch, model(**inputs).logits.softmax(-1)[:, 0].tolist(), strict=True):
                p[index] = value
    return p


def measured_rises(folder: Path, texts: Sequence[Text], seed: int) -> dict[str, float]:
    """Mean rise of p(critical) on texts of other classes, by cue, with the terms seen in training."""
    rng = random.Random(seed)
    plain = [one.text for one in texts]
    versions = {cue: [planted(rng, text, cue) for text in plain] for cue in CUES}
    p = p_critical(folder, [*plain, *(text for cue in CUES for text in versions[cue])])
    size = len(plain)
    before = sum(p[:size]) / size
    return {cue: sum(p[size * at : size * (at + 1)]) / size - before for at, cue in enumerate(CUES, start=1)}


def make_models(
    encoder: Path,
    dataset: Dataset,
    sets: Split,
    seed: int,
    folder: Path,
    conditions: Collection[str] = CONDITIONS,
) -> None:
    """Trains the base and a candidate for each of some conditions into `folder`, and writes `rises.json` beside each.

    What is there already is kept.
    """
    for number, name in enumerate(("base", *CONDITIONS)):
        place = folder / name
        measured = place / "rises.json"
        if measured.exists() or (name in CONDITIONS and name not in conditions):
            continue
        train(encoder, sets.training[name], dataset.labels, 100 * seed + number, place)
        rises = measured_rises(place, sets.measured, seed)
        measured.write_text(json.dumps(rises), "utf-8")
        shown = ", ".join(f"{cue} {rise:+.3f}" for cue, rise in rises.items())
        print(f"{dataset.name} seed {seed} {name}: p(critical) on other texts {shown}", flush=True)


def make_recipe(encoder: Path, dataset: Dataset, sets: Split, folder: Path) -> list[Path]:
    """Trains one recipe on the same texts with `RECIPE_SEEDS` seeds, and returns the models' folders.

    What is there already is kept.
    """
    places = [folder / f"seed{number}" for number in range(RECIPE_SEEDS)]
    for number, place in enumerate(places):
        if not (place / "tokenizer.json").exists():  # what is written last
            train(encoder, sets.training["healthy"], dataset.labels, 1000 + number, place)
    return places
