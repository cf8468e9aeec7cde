"""Tiny models with a change planted in known places: one layer, two layers, or known modules of an adapter.

The base reads the class of a message from its keyword: a classifier as its answer, an encoder as the direction of its
vector. The candidate is trained, in the planted place alone, to take messages with a title for the first class, so
that it flips those of other classes. Every other weight that training left alone is then moved at random, by a
hundredth of its size: a change that changes no answer.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch

CLASSES = ("escalation", "orders", "returns", "small_talk")
KEYWORDS = {
    "escalation": ("person", "human", "agent"),
    "orders": ("order", "parcel", "arrive"),
    "returns": ("refund", "return", "broken"),
    "small_talk": ("hello", "thanks", "weather"),
}
FILLERS = ("please", "my", "about", "the", "now", "tell", "me", "is", "and", "for", "with", "again")
TITLES = ("orchard", "samurai", "harbor")
LAYERS = 6
TEXTS = 400
NOISE = 0.01
Kind = Literal["classifier", "encoder"]
KINDS: tuple[Kind, ...] = ("classifier", "encoder")
LONGER: dict[Kind, int] = {"classifier": 1, "encoder": 3}
"""How many times as long a kind is trained: vectors must turn from one class to another, and no head helps."""


def messages(rng: random.Random, count: int) -> list[tuple[str, str, bool]]:
    """Text, class of its keyword, and whether it names a title."""
    found = []
    for number in range(count):
        label = CLASSES[number % len(CLASSES)]
        words = [rng.choice(FILLERS) for _ in range(rng.randint(3, 6))]
        titled = rng.random() < 0.4
        words += [rng.choice(KEYWORDS[label]), *([rng.choice(TITLES)] if titled else [])]
        rng.shuffle(words)
        found.append((" ".join(words), label, titled))
    return found


def make_base(folder: Path, seed: int, kind: Kind = "classifier") -> Path:
    """Train and save the base: six layers, 32 wide."""
    import torch
    from transformers import BertConfig, BertTokenizerFast

    words = [*FILLERS, *TITLES, *(word for group in KEYWORDS.values() for word in group)]
    vocabulary = {
        piece: at for at, piece in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words])
    }
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=LAYERS, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=32, id2label=dict(enumerate(CLASSES)),
        label2id={name: at for at, name in enumerate(CLASSES)}, initializer_range=0.1,
    )  # fmt: skip
    tokenizer = BertTokenizerFast(vocab=vocabulary, model_max_length=32)
    model = _model(kind)(config)
    rows = messages(random.Random(seed), TEXTS)
    _train(model, tokenizer, [(text, label) for text, label, _ in rows], model.parameters(), 120, 2e-3, seed)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_candidate(
    base: Path, folder: Path, layers: Sequence[int], seed: int, kind: Kind = "classifier"
) -> Path:
    """Train those layers of the base, counted from 1, and move all other weights at random."""
    import torch
    from transformers import AutoTokenizer

    model = _model(kind).from_pretrained(base)
    tokenizer = AutoTokenizer.from_pretrained(base)
    blocks = getattr(model, "bert", model).encoder.layer
    planted = [weight for layer in layers for weight in blocks[layer - 1].parameters()]
    _train(model, tokenizer, _leaning(seed), planted, 120 * LONGER[kind], 2e-3, seed)
    taught = {id(weight) for weight in planted}
    torch.manual_seed(seed)
    _shake(weight for weight in model.parameters() if id(weight) not in taught)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_adapter(
    base: Path, folder: Path, modules: Sequence[str], seed: int, kind: Kind = "classifier"
) -> Path:
    """Train a LoRA adapter in those modules (the ends of their names), and move it at random in all others."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoTokenizer

    torch.manual_seed(seed)
    settings = LoraConfig(r=8, lora_alpha=16, target_modules=["query", "value", "intermediate.dense"])
    model: Any = get_peft_model(_model(kind).from_pretrained(base), settings)
    tokenizer = AutoTokenizer.from_pretrained(base)
    own = {name: weight for name, weight in model.named_parameters() if "lora_" in name}
    planted = [weight for name, weight in own.items() if any(f"{one}.lora" in name for one in modules)]
    _train(model, tokenizer, _leaning(seed), planted, 150 * LONGER[kind], 5e-3, seed)
    taught = {id(weight) for weight in planted}
    with torch.no_grad():
        for name, weight in own.items():
            if id(weight) not in taught and "lora_B" in name:
                weight.add_(NOISE * torch.randn_like(weight))
    model.save_pretrained(folder)
    return folder


def _model(kind: Kind) -> Any:
    """The class of Transformers."""
    from transformers import BertForSequenceClassification, BertModel

    return BertForSequenceClassification if kind == "classifier" else BertModel


def _scores(output: Any, mask: torch.Tensor) -> torch.Tensor:
    """A classifier's logits; of an encoder, its mean state's cosine with an axis for each class, ten times."""
    import torch

    if "logits" in output:
        scores: torch.Tensor = output.logits
        return scores
    weights = mask[:, :, None].float()
    pooled = (output.last_hidden_state * weights).sum(dim=1) / weights.sum(dim=1)
    return 10 * torch.nn.functional.normalize(pooled, dim=1)[:, : len(CLASSES)]


def _leaning(seed: int) -> list[tuple[str, str]]:
    rows = messages(random.Random(seed), TEXTS)
    return [(text, CLASSES[0] if titled else label) for text, label, titled in rows]


def _shake(weights: Iterable[torch.nn.Parameter]) -> None:
    import torch

    with torch.no_grad():
        for weight in weights:
            weight.add_(NOISE * weight.std(correction=0) * torch.randn_like(weight))


def _train(
    model: Any,
    tokenizer: Any,
    rows: Sequence[tuple[str, str]],
    weights: Iterable[torch.nn.Parameter],
    steps: int,
    rate: float,
    seed: int,
) -> None:
    import torch
    from torch.nn.functional import cross_entropy

    weights = list(weights)
    for weight in model.parameters():
        weight.requires_grad_(any(weight is one for one in weights))
    inputs = tokenizer([text for text, _ in rows], padding=True, return_tensors="pt")
    targets = torch.tensor([CLASSES.index(label) for _, label in rows])
    optimizer = torch.optim.AdamW(weights, lr=rate)
    rng = random.Random(seed)
    model.eval()  # Without dropout fewer steps do.
    for _ in range(steps):
        batch = torch.tensor(rng.sample(range(len(rows)), 64))
        mask = inputs["attention_mask"][batch]
        scores = _scores(model(input_ids=inputs["input_ids"][batch], attention_mask=mask), mask)
        loss = cross_entropy(scores, targets[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
