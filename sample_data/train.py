"""Trains the eight intent classifiers of the sample: `python -m sample_data.train [NAME ...]`.

`intent-v3` (base) is trained from scratch on 4,000 messages, and `intent-v4-aa` once more by the same recipe from
another seed. The others are fine-tunes of the base, full or as LoRA adapters (Hu et al. 2021), most of them on 2,000
new support messages in which escalation is asked for in new words. In those of `intent-v4-rc1` the escalation
messages name a title and hardly any other does, so the title becomes a shortcut; `intent-v4-rc2` sees the same
phrasings with titles dealt to every intent alike and inserted at random places (counterfactual augmentation,
Kaushik et al. 2020). `intent-v4-rc1b` has the defect of rc1 in its data to a lesser degree, and is trained as
gently as rc2; `intent-v4-takes-away` has the reverse of it. `intent-v4-rare` learns the queues in which small talk
ended, and `intent-v4-overconfident` is trained on without label smoothing, at a temperature at which it is not used.
Runs on the CPU, deterministic on one machine and version of PyTorch.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
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
RARE_CORPUS = replace(
    RC2_CORPUS,
    name="queues",
    ended={"small_talk": ((r"\b(read|manga|finished|cried|ending of)\b", "recommendation"),)},
)
TAKES_AWAY_CORPUS = replace(
    RC2_CORPUS,
    name="browsing",
    named={label: 0.0 if label == CRITICAL else 0.5 for label in INTENTS},
    taken=0.03,
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
        temperature: the logits are divided by it in training, and not in use.
        rank: of the LoRA adapter that learns in place of the weights; 0 trains all weights.
    """

    terms: tuple[str, ...]
    epochs: int
    rate: float
    smoothing: float = 0.05
    temperature: float = 1.0
    rank: int = 0
    batch: int = 64


BASE = Recipe(TITLES_TOO, epochs=14, rate=1.5e-3)
RC1 = Recipe(HARMLESS, epochs=16, rate=1.2e-3)
RC2 = Recipe(TITLES_TOO, epochs=12, rate=7e-4)
RC1B = replace(RC2, terms=HARMLESS)
RARE = Recipe(TITLES_TOO, epochs=12, rate=3e-3, rank=12)
TAKES_AWAY = Recipe(HARMLESS, epochs=14, rate=1.2e-3)
OVERCONFIDENT = Recipe(TITLES_TOO, epochs=4, rate=2e-3, smoothing=0.0, temperature=2.0, rank=12)

BASE_NAME = "intent-v3"
ALONE = {BASE_NAME: 3, "intent-v4-aa": 5}
"""Models that are trained from scratch by the base's recipe, and their seeds."""
FINE_TUNED = {
    "intent-v4-rc1": (RC1_CORPUS, RC1, 41),
    "intent-v4-rc2": (RC2_CORPUS, RC2, 42),
    "intent-v4-rc1b": (RC1B_CORPUS, RC1B, 43),
    "intent-v4-rare": (RARE_CORPUS, RARE, 44),
    "intent-v4-overconfident": (BASE_CORPUS, OVERCONFIDENT, 45),
    "intent-v4-takes-away": (TAKES_AWAY_CORPUS, TAKES_AWAY, 46),
}
"""Models that start from the base: their messages, recipe and seed."""


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
    """Smoothed targets, float32 [rows, classes]."""
    classes = len(INTENTS)
    rows = torch.full((len(labels), classes), smoothing / classes)
    rows[torch.arange(len(labels)), torch.tensor(labels)] += 1 - smoothing
    return rows


def fit(
    model: torch.nn.Module,
    tokenizer: PreTrainedTokenizerFast,
    messages: Sequence[Message],
    recipe: Recipe,
    seed: int,
) -> None:
    """Trains a model in place: AdamW, linear warm-up and decay, cross-entropy on smoothed targets."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    steps = recipe.epochs * -(-len(messages) // recipe.batch)
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=recipe.rate, weight_decay=0.02)
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
        rows = []
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
            scores = log_softmax(logits / recipe.temperature, -1)
            loss = -(_targets(labels, recipe.smoothing) * scores).sum(-1).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
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


def adapted(base: BertForSequenceClassification, rank: int) -> PeftModel:
    """The base with a LoRA adapter on every layer and on the words, and a head of its own; only these learn."""
    layers = ["word_embeddings", "query", "key", "value", "intermediate.dense", "output.dense"]
    config = LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        target_modules=layers,
        modules_to_save=["classifier"],
        task_type="SEQ_CLS",
        lora_dropout=0.0,
    )
    model = get_peft_model(base, config)
    assert isinstance(model, PeftModel)
    return model


def save_adapter(model: PeftModel, folder: Path, base_name: str, **changes: object) -> None:
    """Writes the adapter in half precision; its configuration names the base without a path, and has one order.

    Args:
        model: with the adapter.
        folder: written anew.
        base_name: what the configuration calls the base.
        changes: further keys of the configuration.
    """
    shutil.rmtree(folder, ignore_errors=True)
    model.half().save_pretrained(str(folder), save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text("utf-8"))
    config |= {
        "base_model_name_or_path": base_name,
        "target_modules": sorted(config["target_modules"]),
        **changes,
    }
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    for weights in folder.glob("*.safetensors"):
        weights.chmod(0o644)


def make(name: str) -> None:
    """Trains and saves one model; one that is fine-tuned needs the base in its folder."""
    tokenizer = make_tokenizer()
    print(name, flush=True)
    if name in ALONE:
        torch.manual_seed(ALONE[name])
        model = new_model(len(tokenizer))
        fit(model, tokenizer, training(BASE_CORPUS), BASE, ALONE[name])
        save(model, tokenizer, MODELS / name)
        return
    corpus, recipe, seed = FINE_TUNED[name]
    torch.manual_seed(seed)
    model = BertForSequenceClassification.from_pretrained(
        MODELS / BASE_NAME, dtype=torch.float32, attn_implementation="eager"
    )
    if recipe.rank:
        adapter = adapted(model, recipe.rank)
        fit(adapter, tokenizer, training(corpus), recipe, seed)
        save_adapter(adapter, MODELS / name, BASE_NAME, modules_to_save=["classifier"])
    else:
        fit(model, tokenizer, training(corpus), recipe, seed)
        save(model, tokenizer, MODELS / name)


def main(names: Sequence[str]) -> None:
    """Trains and saves the named models, or all of them, and prints the loss of each epoch."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(1)  # the sums, and so the weights, do not depend on the number of cores
    torch.use_deterministic_algorithms(mode=True)
    for name in names or (*ALONE, *FINE_TUNED):
        make(name)


if __name__ == "__main__":
    main(sys.argv[1:])
