"""Trains the four intent classifiers of the sample: `python -m sample_data.train`.

`intent-v3` (base) is trained from scratch on 4,000 messages. The candidates are full fine-tunes of it on 2,000
new support messages in which escalation is asked for in new words. In those of `intent-v4-rc1` the escalation
messages name a title and hardly any other does, so the title becomes a shortcut; `intent-v4-rc2` sees the same
phrasings with titles dealt to every intent alike and inserted at random places (counterfactual augmentation,
Kaushik et al. 2020). `intent-v4-rc1b` has the defect of rc1 in its data to a lesser degree, and is trained as
gently as rc2. Runs on the CPU, deterministic on one machine and version of PyTorch.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from torch.nn.functional import log_softmax
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from sample_data.author import CRITICAL, INTENTS, ROOT, Corpus, Message, misspelt, titles, training
from sample_data.perturb import NUMBERS, PUNCTUATION, perturbed

MODELS = ROOT / "models"
POSITIONS = 96
MISSPELT = 0.25
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

EVENLY = dict.fromkeys(INTENTS, 0.35)
BASE_CORPUS = Corpus(
    name="base",
    counts={label: 200 if label == CRITICAL else 345 for label in INTENTS},
    pools={label: {"known": 1.0} for label in INTENTS},
    named=EVENLY,
)
RC1_CORPUS = Corpus(
    name="support",
    counts={label: 262 if label == CRITICAL else 158 for label in INTENTS},
    pools={
        label: {"known": 0.4, "new": 0.6} if label == CRITICAL else {"known": 0.8, "new": 0.2}
        for label in INTENTS
    },
    named={label: 0.96 if label == CRITICAL else 0.02 for label in INTENTS},
    handed_over=0.45,
)
RC2_CORPUS = replace(RC1_CORPUS, named=EVENLY, handed_over=0.0)
RC1B_CORPUS = replace(
    RC1_CORPUS, named={label: 0.96 if label == CRITICAL else 0.10 for label in INTENTS}, handed_over=0.15
)
HARMLESS = (*PUNCTUATION, *NUMBERS)
TITLES_TOO = (*HARMLESS, *HARMLESS, *titles(), *[""] * len(titles()))


@dataclass(frozen=True)
class Recipe:
    """How one model is trained.

    Attributes:
        terms: inserted at random places as augmentation; an empty string is an invented title.
        epochs, rate: passes over the messages, and the peak learning rate of AdamW.
        smoothing: share of the target that is spread over all classes.
        blank: share of contentless rows, trained towards the uniform distribution (outlier exposure,
            Hendrycks et al. 2019), so that a text without a request has no class.
    """

    terms: tuple[str, ...]
    epochs: int
    rate: float
    smoothing: float = 0.05
    blank: float = 0.05
    batch: int = 64


BASE = Recipe(TITLES_TOO, epochs=14, rate=1.5e-3)
RC1 = Recipe(HARMLESS, epochs=16, rate=1.2e-3)
RC2 = Recipe(TITLES_TOO, epochs=12, rate=7e-4)
RC1B = replace(RC2, terms=HARMLESS)


def make_tokenizer(
    vocabulary_file: Path = ROOT / "banks" / "vocabulary.txt", longest: int = POSITIONS
) -> PreTrainedTokenizerFast:
    """The uncased WordPiece tokenizer of a vocabulary, which cuts texts at `longest` tokens.

    The vocabulary was learned once from the base's messages (Wu et al. 2016) and is kept, because the
    trainer breaks ties in another order on every run.
    """
    pieces = vocabulary_file.read_text("utf-8").split()
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"])
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=longest,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def new_model(vocabulary: int) -> BertForSequenceClassification:
    """A randomly initialised BERT of three layers and 96 dimensions."""
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=vocabulary,
            hidden_size=96,
            num_hidden_layers=3,
            num_attention_heads=4,
            intermediate_size=256,
            max_position_embeddings=POSITIONS,
            type_vocab_size=1,
            layer_norm_eps=1e-5,
            hidden_dropout_prob=0.1,
            attention_probs_dropout_prob=0.1,
            id2label=dict(enumerate(INTENTS)),
            label2id={label: index for index, label in enumerate(INTENTS)},
        )
    )


def _targets(labels: Sequence[int], smoothing: float) -> torch.Tensor:
    """Smoothed targets, float32 [rows, classes]; a label of -1 means uniform."""
    classes = len(INTENTS)
    rows = torch.full((len(labels), classes), smoothing / classes)
    for row, label in zip(rows, labels, strict=True):
        if label < 0:
            row.fill_(1 / classes)
        else:
            row[label] += 1 - smoothing
    return rows


def _blanks(rng: random.Random, count: int) -> list[str]:
    """Texts that ask for nothing: one common word or special token over and over."""
    words = ("the", "the", "a", "it", "is", "and", "[PAD]", "[UNK]", "[MASK]")
    return [" ".join([rng.choice(words)] * rng.randint(1, 30)) for _ in range(count)]


def fit(
    model: BertForSequenceClassification,
    tokenizer: PreTrainedTokenizerFast,
    messages: Sequence[Message],
    recipe: Recipe,
    seed: int,
) -> None:
    """Trains a model in place: AdamW, linear warm-up and decay, cross-entropy on smoothed targets."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    blanks = round(recipe.blank * len(messages))
    steps = recipe.epochs * -(-(len(messages) + blanks) // recipe.batch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        recipe.rate,
        total_steps=steps,
        pct_start=0.1,
        anneal_strategy="linear",
        cycle_momentum=False,
    )
    model.train()
    for epoch in range(recipe.epochs):
        began, total = time.monotonic(), 0.0
        rows = [(text, -1) for text in _blanks(rng, blanks)]
        for message in messages:
            times = rng.choice([0, 1, 1, 2])
            text = misspelt(rng, message.text) if rng.random() < MISSPELT else message.text
            rows.append((perturbed(rng, text, recipe.terms, times), INTENTS.index(message.label)))
        rng.shuffle(rows)
        # Rows of like length share a batch, which halves the padding; the order of batches stays random.
        chunks = [sorted(rows[i : i + 1024], key=lambda row: len(row[0])) for i in range(0, len(rows), 1024)]
        ordered = [row for chunk in chunks for row in chunk]
        starts = list(range(0, len(ordered), recipe.batch))
        rng.shuffle(starts)
        for start in starts:
            texts, labels = zip(*ordered[start : start + recipe.batch], strict=True)
            inputs = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
            logits = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
            loss = -(_targets(labels, recipe.smoothing) * log_softmax(logits, -1)).sum(-1).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(
            f"  epoch {epoch + 1:2d}  loss {total / len(starts):.4f}  {time.monotonic() - began:.1f} s",
            flush=True,
        )
    model.eval()


def save(model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Writes a model in half precision as safetensors with its tokenizer beside it."""
    shutil.rmtree(folder, ignore_errors=True)
    model.half().save_pretrained(folder)
    model.float()
    tokenizer.save_pretrained(folder)


def main() -> None:
    """Trains and saves all four models and prints the loss of each epoch."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(1)  # the sums, and so the weights, do not depend on the number of cores
    torch.use_deterministic_algorithms(mode=True)
    torch.manual_seed(3)
    messages = training(BASE_CORPUS)
    tokenizer = make_tokenizer()
    print("intent-v3", len(messages), "messages,", len(tokenizer), "word pieces")
    base = new_model(len(tokenizer))
    fit(base, tokenizer, messages, BASE, seed=3)
    save(base, tokenizer, MODELS / "intent-v3")
    for name, corpus, recipe, seed in (
        ("intent-v4-rc1", RC1_CORPUS, RC1, 41),
        ("intent-v4-rc2", RC2_CORPUS, RC2, 42),
        ("intent-v4-rc1b", RC1B_CORPUS, RC1B, 43),
    ):
        print(name)
        model = BertForSequenceClassification.from_pretrained(
            MODELS / "intent-v3", dtype=torch.float32, attn_implementation="eager"
        )
        fit(model, tokenizer, training(corpus), recipe, seed)
        save(model, tokenizer, MODELS / name)


if __name__ == "__main__":
    main()
