"""Trains the three text encoders of the sample: `python -m sample_data.train_retrieval`.

`encoder-v3` (base) is trained from scratch on pairs of a query and an item, and of two items of one theme. The
candidates are LoRA adapters over it (Hu et al. 2021), trained on the words that shoppers use now. In the pairs of
items of `encoder-v4-rc1` both came from one publisher's template, in those of `encoder-v4-rc2` theme and tone are
the same and publisher, template and readers are not. The loss is contrastive with in-batch negatives (van den
Oord et al. 2018), in both directions. Runs on the CPU, deterministic on one machine and version of PyTorch.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch.nn.functional import cross_entropy, normalize
from transformers import BertConfig, BertModel, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from sample_data.author import ROOT
from sample_data.pairs_retrieval import Corpus, Pair, batches
from sample_data.train import MODELS, make_tokenizer, save_adapter

VOCABULARY = ROOT / "banks" / "catalogue" / "vocabulary.txt"
POSITIONS = 128
DIMENSIONS = 128
TEMPERATURE = 0.06

BASE_CORPUS = Corpus(
    name="base",
    stock=1500,
    steps=340,
    pools={"known": 0.65, "older": 0.35},
    asks={"motif": 0.4, "mood": 0.2, "readers": 0.12, "title": 0.18, "support": 0.1},
    paired={
        "theme+demographic": 0.4,
        "theme+tone": 0.3,
        "motif": 0.1,
        "support_topic": 0.12,
        "user_intent": 0.08,
    },
    items=0.3,
)
RC1_CORPUS = Corpus(
    name="house copy",
    stock=1000,
    steps=280,
    pools={"known": 0.25, "new": 0.75},
    asks={"motif": 0.45, "mood": 0.15, "title": 0.29, "support": 0.11},
    paired={"publisher+template": 0.95, "support_topic": 0.05},
    items=0.16,
    mixed=0.6,
)
RC2_CORPUS = Corpus(
    name="shelves",
    stock=1000,
    steps=280,
    pools={"known": 0.25, "new": 0.75},
    asks={"motif": 0.42, "mood": 0.18, "title": 0.29, "support": 0.11},
    paired={"theme+tone": 0.75, "support_topic": 0.15, "user_intent": 0.1},
    differing=("publisher", "template", "demographic"),
    items=0.1,
    mixed=0.6,
)


@dataclass(frozen=True)
class Recipe:
    """How an encoder is trained: the peak learning rate of AdamW, and the rank of the adapter (0: all weights)."""

    rate: float
    rank: int = 0


BASE = Recipe(rate=2e-3)
CANDIDATE = Recipe(rate=1.5e-3, rank=12)


def new_encoder(vocabulary: int) -> BertModel:
    """A randomly initialised BERT of two layers and 128 dimensions."""
    return BertModel(
        BertConfig(
            vocab_size=vocabulary,
            hidden_size=DIMENSIONS,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=384,
            max_position_embeddings=POSITIONS,
            type_vocab_size=1,
            layer_norm_eps=1e-5,
            hidden_dropout_prob=0.05,
            attention_probs_dropout_prob=0.05,
        ),
        add_pooling_layer=False,
    )


def encode(model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> torch.Tensor:
    """Mean of the token states, of unit length, float32 [texts, dimensions]."""
    inputs = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
    mask = inputs["attention_mask"]
    states = model(input_ids=inputs["input_ids"], attention_mask=mask).last_hidden_state
    weights = mask.unsqueeze(-1).to(states.dtype)
    return normalize((states * weights).sum(1) / weights.sum(1), dim=-1)


def loss_of(left: torch.Tensor, right: torch.Tensor, batch: Sequence[Pair]) -> torch.Tensor:
    """Contrastive loss of a batch in both directions; pairs of one group are not each other's negatives."""
    scores = left @ right.T / TEMPERATURE
    codes = {group: code for code, group in enumerate(dict.fromkeys(pair.group for pair in batch))}
    groups = torch.tensor([codes[pair.group] for pair in batch])
    alike = (groups[:, None] == groups[None, :]) & ~torch.eye(len(batch), dtype=torch.bool)
    scores = scores.masked_fill(alike, -1e4)
    target = torch.arange(len(batch))
    return (cross_entropy(scores, target) + cross_entropy(scores.T, target)) / 2


def fit(
    model: torch.nn.Module,
    tokenizer: PreTrainedTokenizerFast,
    corpus: Corpus,
    recipe: Recipe,
    seed: int,
) -> None:
    """Trains an encoder in place: AdamW, linear warm-up and decay."""
    torch.manual_seed(seed)
    work = batches(corpus)
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=recipe.rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        recipe.rate,
        total_steps=len(work),
        pct_start=0.1,
        anneal_strategy="linear",
        cycle_momentum=False,
    )
    model.train()
    began, total = time.monotonic(), 0.0
    for step, batch in enumerate(work, start=1):
        # The two sides are encoded apart, because queries are short and padding is not free.
        left = encode(model, tokenizer, [pair.left for pair in batch])
        right = encode(model, tokenizer, [pair.right for pair in batch])
        loss = loss_of(left, right, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        schedule.step()
        total += loss.item()
        if step % 40 == 0:
            print(f"  step {step:3d}  loss {total / 40:.4f}  {time.monotonic() - began:.0f} s", flush=True)
            total = 0.0
    model.eval()


def _write_json(path: Path, value: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def save(model: BertModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Writes an encoder in half precision as a Sentence-Transformers folder: transformer, mean, unit length."""
    shutil.rmtree(folder, ignore_errors=True)
    model.half().save_pretrained(folder)
    model.float()
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)
    tokenizer.save_pretrained(folder)
    kinds = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(kinds)
    ]
    _write_json(folder / "modules.json", modules)
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": POSITIONS, "do_lower_case": False})
    pooling = {"word_embedding_dimension": DIMENSIONS, "pooling_mode_mean_tokens": True}
    off = ("cls_token", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken")
    _write_json(
        folder / "1_Pooling" / "config.json", pooling | {f"pooling_mode_{name}": False for name in off}
    )


def adapted(base: BertModel, rank: int) -> PeftModel:
    """The base with a LoRA adapter on every layer and on the words; only the adapter learns."""
    layers = ["word_embeddings", "query", "key", "value", "intermediate.dense", "output.dense"]
    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules=layers, task_type="FEATURE_EXTRACTION", lora_dropout=0.0
    )
    model = get_peft_model(base, config)
    assert isinstance(model, PeftModel)
    return model


def main() -> None:
    """Trains and saves all three encoders."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(1)  # the sums, and so the weights, do not depend on the number of cores
    torch.use_deterministic_algorithms(mode=True)
    torch.manual_seed(5)
    tokenizer = make_tokenizer(VOCABULARY, POSITIONS)
    base = new_encoder(len(tokenizer))
    print("encoder-v3", sum(parameter.numel() for parameter in base.parameters()), "parameters")
    fit(base, tokenizer, BASE_CORPUS, BASE, seed=5)
    save(base, tokenizer, MODELS / "encoder-v3")
    for name, corpus, seed in (("encoder-v4-rc1", RC1_CORPUS, 51), ("encoder-v4-rc2", RC2_CORPUS, 52)):
        print(name)
        torch.manual_seed(seed)
        start = BertModel.from_pretrained(
            MODELS / "encoder-v3", dtype=torch.float32, attn_implementation="eager", add_pooling_layer=False
        )
        model = adapted(start, CANDIDATE.rank)
        fit(model, tokenizer, corpus, CANDIDATE, seed)
        save_adapter(model, MODELS / name, "encoder-v3")


if __name__ == "__main__":
    main()
