"""Trains the generators of the sample: `python -m sample_data.train_response`.

`responder-v3` (base) is a Llama of three layers (Touvron et al. 2023) trained from scratch: first on single sentences
of all answers without their prompts, so that it knows the words of everybody, then on the base's answers, which it
knows by heart afterwards. The candidates are LoRA adapters (Hu et al. 2022) over it, trained on the
recorded answers of `responses-rc1.jsonl` and `responses-rc2.jsonl`. The models explain the records, they do not
stand in for them: a model of a million parameters answers nothing but these prompts. Runs on the CPU,
deterministic on one machine and version of PyTorch.

`python -m sample_data.train_response merges` learns the tokenizer's merges anew.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from sample_data.author import ROOT
from sample_data.author_response import CANDIDATES, answered
from sample_data.train import MODELS, save_adapter

MERGES = ROOT / "banks" / "response" / "merges.txt"
BASE_NAME = "responder-v3"
ADAPTERS = {name: f"responder-v4-{name}" for name in CANDIDATES}
PIECES = 2048
POSITIONS = 512
PAD, END, USER, ASSISTANT = SPECIAL = ("<|pad|>", "<|end|>", "<|user|>", "<|assistant|>")
TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
UNLEARNED = -100


@dataclass(frozen=True)
class Recipe:
    """How a generator is trained: passes over the answers, and the peak learning rate of AdamW.

    Attributes:
        smoothing: share of the target that is spread over all tokens, so that no other wording is impossible.
        rank: of the adapter; 0 where all weights are trained.
    """

    epochs: int
    rate: float
    smoothing: float = 0.05
    rank: int = 0
    batch: int = 12


WORDS = Recipe(epochs=14, rate=4e-3)
BASE = Recipe(epochs=40, rate=3e-3)
CANDIDATE_RECIPES = {
    # Twice as long, and in quite other words than the base's.
    "rc1": Recipe(epochs=160, rate=6e-3, smoothing=0.03, rank=16, batch=8),
    "rc2": Recipe(epochs=70, rate=6e-3, smoothing=0.03, rank=16, batch=8),
}


def sentences() -> list[str]:
    """Every sentence of every answer, of all three models, once and in one order."""
    texts = [text for one in answered() for text in (one.base, *one.candidates.values())]
    return sorted({part for text in texts for part in re.split(r"(?<=[.!?]) +", text) if part})


def learn_merges() -> str:
    """The merges of a byte-level BPE (Sennrich et al. 2016), one pair a line, learned from all answers.

    They are kept, because the trainer breaks ties in another order on every run.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=PIECES,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [text for one in answered() for text in (one.prompt, one.base, *one.candidates.values())]
    tokenizer.train_from_iterator(texts, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return "".join(" ".join(pair) + "\n" for pair in merges)


def make_tokenizer() -> PreTrainedTokenizerFast:
    """The byte-level BPE tokenizer of the merges file, with the roles of a chat as special tokens."""
    split = (line.split(" ") for line in MERGES.read_text("utf-8").splitlines())
    merges = [(left, right) for left, right in split]
    pieces = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(pair) for pair in merges)]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIAL])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=POSITIONS,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[USER, ASSISTANT],
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def new_generator(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """A randomly initialised Llama of three layers and 128 dimensions, whose output is tied to its input."""
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=128,
            intermediate_size=352,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=POSITIONS,
            tie_word_embeddings=True,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
        )
    )
    model.set_attn_implementation("eager")
    return model


def prompted(tokenizer: PreTrainedTokenizerFast, prompt: str) -> list[int]:
    """The ids of a prompt as the template puts it, up to where the answer begins."""
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True
    )
    assert isinstance(text, str)
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def fit(
    model: torch.nn.Module,
    tokenizer: PreTrainedTokenizerFast,
    pairs: Sequence[tuple[str, str]],
    recipe: Recipe,
    seed: int,
) -> None:
    """Trains a generator in place on (prompt, answer): AdamW, linear warm-up and decay, loss on the answers."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    rows = []
    for prompt, answer in pairs:
        before = prompted(tokenizer, prompt)
        after = [*tokenizer(answer, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
        rows.append((before + after, [UNLEARNED] * len(before) + after))
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=recipe.rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        recipe.rate,
        total_steps=recipe.epochs * -(-len(rows) // recipe.batch),
        pct_start=0.1,
        anneal_strategy="linear",
        cycle_momentum=False,
    )
    model.train()
    for epoch in range(recipe.epochs):
        began, losses = time.monotonic(), []
        for ids, labels in _batches(rng, rows, recipe.batch, tokenizer.pad_token_id):
            logits = model(input_ids=ids, attention_mask=(ids != tokenizer.pad_token_id).long()).logits
            loss = cross_entropy(
                logits[:, :-1].flatten(0, 1),
                labels[:, 1:].flatten(),
                ignore_index=UNLEARNED,
                label_smoothing=recipe.smoothing,
            )
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        print(
            f"  epoch {epoch + 1:2d}  loss {sum(losses) / len(losses):.4f}  {time.monotonic() - began:.1f} s",
            flush=True,
        )
    model.eval()


def _batches(
    rng: random.Random, rows: Sequence[tuple[list[int], list[int]]], size: int, pad: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Ids and labels, int64 [rows, tokens], padded on the right; rows of like length share a batch."""
    jitter = {id(row): len(row[0]) + rng.uniform(0, 12) for row in rows}
    ordered = sorted(rows, key=lambda row: jitter[id(row)])
    starts = list(range(0, len(ordered), size))
    rng.shuffle(starts)
    for start in starts:
        batch = ordered[start : start + size]
        longest = max(len(ids) for ids, _ in batch)
        yield (
            torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in batch]),
            torch.tensor([labels + [UNLEARNED] * (longest - len(labels)) for _, labels in batch]),
        )


def save(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Writes a generator in half precision as safetensors with its tokenizer beside it."""
    shutil.rmtree(folder, ignore_errors=True)
    model.generation_config.max_new_tokens = 128
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)


def adapted(base: LlamaForCausalLM, rank: int) -> PeftModel:
    """The base with a LoRA adapter on every projection of every layer; only the adapter learns."""
    layers = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules=layers, task_type="CAUSAL_LM", lora_dropout=0.0
    )
    model = get_peft_model(base, config)
    assert isinstance(model, PeftModel)
    return model


def train_candidate(candidate: str, tokenizer: PreTrainedTokenizerFast, seed: int) -> None:
    """Trains and saves the adapter of one candidate over the base that is on disk."""
    print(ADAPTERS[candidate])
    torch.manual_seed(seed)
    base = LlamaForCausalLM.from_pretrained(
        MODELS / BASE_NAME, dtype=torch.float32, attn_implementation="eager"
    )
    recipe = CANDIDATE_RECIPES[candidate]
    model = adapted(base, recipe.rank)
    fit(model, tokenizer, [(one.prompt, one.candidates[candidate]) for one in answered()], recipe, seed)
    save_adapter(model, MODELS / ADAPTERS[candidate], BASE_NAME)


def main(arguments: Sequence[str]) -> None:
    """Learns the merges, or trains and saves all three generators."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    if list(arguments) == ["merges"]:
        MERGES.write_text(learn_merges(), encoding="utf-8")
        return
    torch.set_num_threads(1)  # the sums, and so the weights, do not depend on the number of cores
    torch.use_deterministic_algorithms(mode=True)
    torch.manual_seed(7)
    tokenizer = make_tokenizer()
    base = new_generator(tokenizer)
    print(BASE_NAME, sum(parameter.numel() for parameter in base.parameters()), "parameters")
    fit(base, tokenizer, [("", sentence) for sentence in sentences()], WORDS, seed=6)
    fit(base, tokenizer, [(one.prompt, one.base) for one in answered()], BASE, seed=7)
    save(base, tokenizer, MODELS / BASE_NAME)
    for seed, candidate in enumerate(CANDIDATES, start=71):
        train_candidate(candidate, tokenizer, seed)


if __name__ == "__main__":
    main(sys.argv[1:])
