"""A small retrieval review: forty items, twelve probes, ten hard negatives, two random encoders."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

THEMES = ("crime", "romance", "space", "school")
TONES = ("dark", "warm", "funny")
PUBLISHERS = ("Kite", "Lantern", "Moss")
WORDS = (*THEMES, *TONES, *(name.casefold() for name in PUBLISHERS), "a", "story", "of", "in", "by", "with")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
ASKS = {"asks for crime": "query like 'crime%'"}
NUMBERS = tuple(f"n{number}" for number in range(40))
WIDTH = 16


def items() -> list[dict[str, Any]]:
    """Items with attributes of all three kinds; item 39 has no tone, 38 has the text of 37, theme by theme."""
    rows = []
    for number in range(40):
        theme, tone = THEMES[number % 4], TONES[number % 3]
        publisher = PUBLISHERS[(number // 4) % 3]
        told = 37 if number == 38 else number
        text = f"a {theme} story of n{told} in {tone} by {publisher.casefold()}" + " story" * (number % 5)
        row = {
            "id": f"i{number}",
            "text": text if number != 38 else rows[37]["text"],
            "title": f"Title {number}" + "!" * (number % 7),
            "theme": theme,
            "tones": [tone] if number % 2 else [tone, TONES[(number + 1) % 3]],
            "popularity": number * 1.5,
            "publisher": publisher,
        }
        if number == 39:
            del row["tones"]
        rows.append(row)
    return rows


def probes() -> list[dict[str, Any]]:
    return [
        {
            "id": f"q{number}",
            "query": f"{THEMES[number % 4]} {TONES[number % 3]} n{number}",
            "relevant": [f"i{one}" for one in range(40) if one % 4 == number % 4],
            "family": "theme" if number % 2 else "tone",
        }
        for number in range(12)
    ]


def pairs() -> list[dict[str, Any]]:
    """Eight belong to a probe, two to none."""
    return [
        {
            "query": f"{THEMES[number % 4]} {TONES[number % 3]} n{number}" if number < 8 else f"of n{number}",
            "positive": f"i{number}",
            "negative": f"i{number + 5}",
        }
        for number in range(10)
    ]


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def write_transformer(folder: Path, seed: int = 0, noise: float = 0.0, **config: Any) -> Path:
    """A BERT of 16 dimensions with random weights; `noise` is added to the weights of the same seed."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    vocabulary = {word: index for index, word in enumerate((*SPECIAL, *WORDS, *NUMBERS))}
    tokens = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokens.pre_tokenizer = pre_tokenizers.Whitespace()
    tokens.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokens, **names).save_pretrained(folder)
    torch.manual_seed(seed)
    settings = {
        "vocab_size": len(vocabulary),
        "hidden_size": WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 32,
        "initializer_range": 0.4,
    }
    model = BertModel(BertConfig(**settings | config))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * noise)
    model.save_pretrained(folder)
    return folder


def write_encoder(
    folder: Path,
    *,
    seed: int = 0,
    noise: float = 0.0,
    pooling: Mapping[str, Any] | None = None,
    modules: Sequence[str] = ("Normalize",),
    settings: Mapping[str, Any] | None = None,
) -> Path:
    """A Sentence-Transformers folder around `write_transformer`, in the layout of its older releases.

    Args:
        folder: where to.
        seed: of the weights.
        noise: added to the weights.
        pooling: keys of the pooling's configuration.
        modules: names of the modules behind the pooling, without weights.
        settings: keys of `config_sentence_transformers.json`.
    """
    write_transformer(folder, seed, noise)
    return write_modules(folder, WIDTH, pooling, modules, settings)


def write_modules(
    folder: Path,
    width: int,
    pooling: Mapping[str, Any] | None = None,
    modules: Sequence[str] = ("Normalize",),
    settings: Mapping[str, Any] | None = None,
) -> Path:
    """What makes a transformer of so many dimensions a Sentence-Transformers folder, as `write_encoder` says."""
    names = ["Transformer", "Pooling", *modules]
    listed = [
        {
            "idx": index,
            "name": str(index),
            "path": f"{index}_{name}" if index else "",
            "type": f"sentence_transformers.models.{name}",
        }
        for index, name in enumerate(names)
    ]
    (folder / "modules.json").write_text(json.dumps(listed), "utf-8")
    (folder / "1_Pooling").mkdir(exist_ok=True)
    config = {"word_embedding_dimension": width, **(pooling or {"pooling_mode_mean_tokens": True})}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(config), "utf-8")
    (folder / "config_sentence_transformers.json").write_text(json.dumps(dict(settings or {})), "utf-8")
    return folder


def write_adapter(base: Path, folder: Path, seed: int = 0) -> Path:
    """A LoRA adapter over an encoder, whose new weights are all random, made with PEFT."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModel

    from tests.analysis.models.adapters import train_at_random

    torch.manual_seed(seed)
    config = LoraConfig(r=2, lora_alpha=4, target_modules=["query", "value"], task_type="FEATURE_EXTRACTION")
    model = get_peft_model(AutoModel.from_pretrained(base), config)
    train_at_random(model)
    model.save_pretrained(folder)
    return folder


def write_vectors(path: Path, vectors: Mapping[str, Any]) -> Path:
    """Stored vectors, by id."""
    column = pa.array(
        [None if one is None else list(one) for one in vectors.values()], pa.list_(pa.float32())
    )
    pq.write_table(pa.table({"id": list(vectors), "vector": column}), path)
    return path


def random_vectors(width: int = 8, seed: int = 0) -> dict[str, Any]:
    """A vector for every item, probe and pair of the review."""
    rng = np.random.default_rng(seed)
    names = [row["id"] for row in (*items(), *probes())] + [f"p{number:04d}" for number in range(1, 11)]
    return {name: rng.normal(size=width).astype(np.float32) for name in names}


def write_review(
    root: Path,
    *,
    base: str = "base",
    candidate: str = "candidate",
    slices: Mapping[str, str] | None = None,
    **changes: Any,
) -> Path:
    """The review file and its data; `changes` replace keys of `[retrieval]`, None leaves one out.

    Of `slices`, name and SQL, all are critical; by default there is one.
    """
    write_lines(root / "items.jsonl", items())
    write_lines(root / "probes.jsonl", probes())
    write_lines(root / "pairs.jsonl", pairs())
    keys: dict[str, Any] = {
        "base": base,
        "candidate": candidate,
        "items": "items.jsonl",
        "title": "title",
        "group_by": ["theme", "tones"],
        "must_keep": ["theme"],
        "not_by": ["popularity", "publisher", "title_length"],
        "probes": "probes.jsonl",
        "hard_negatives": "pairs.jsonl",
        "k": 5,
        "critical_slices": list(ASKS if slices is None else slices),
    }
    keys |= changes
    # JSON strings, numbers and lists of them are TOML.
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items() if value is not None]
    chosen = (ASKS if slices is None else slices) if keys["critical_slices"] else {}
    declared = "".join(f"{json.dumps(name)} = {json.dumps(sql)}\n" for name, sql in chosen.items())
    path = root / "review.toml"
    path.write_text(
        '[review]\nname = "tiny"\nowner = "mangaassist"\nbase_version = "v1"\ncandidate_version = "v2"\n'
        'device = "cpu"\n\n[queue]\nbudget = 10\ncontrols = 3\n\n[retrieval]\n'
        + "\n".join(lines)
        + f"\n[retrieval.slices]\n{declared}",
        "utf-8",
    )
    return path
