"""Families that nobody named: how many tokens they read, and which cannot be read at all, found by trying."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from analysis.base.errors import AssayError
from analysis.models.load_classifier import inspect_classifier, load_classifier
from analysis.run.check import check_review
from analysis.run.pipeline import analyze
from analysis.tracks.intent.predict import encode, logits_of_ids
from tests.analysis.models.families import FAMILIES, POSITIONS, SIZE, Family, bert, gpt2, roberta, save_family
from tests.conftest import LABELS, messages, write_jsonl

ROWS = POSITIONS + 2
"""Of a table of positions whose first two are never used."""


def made(config_class: str, model_class: str, tokenizer: Any, **options: Any) -> Any:
    import transformers

    labels = {"id2label": dict(enumerate(LABELS)), "label2id": {one: i for i, one in enumerate(LABELS)}}
    config = getattr(transformers, config_class)(vocab_size=len(tokenizer), **labels, **options)
    return getattr(transformers, model_class)(config)


ROBERTA = {**SIZE, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "type_vocab_size": 1}
SMALL_BART = {
    "d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "pad_token_id": 1,
    "bos_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 2, "max_position_embeddings": 64,
}  # fmt: skip
SMALL_T5 = {
    "d_model": 32, "num_layers": 1, "num_heads": 2, "d_kv": 16, "d_ff": 48, "pad_token_id": 1,
    "eos_token_id": 2, "decoder_start_token_id": 1,
}  # fmt: skip

OFFSET: dict[str, dict[str, Any]] = {
    "RobertaPreLayerNorm": ROBERTA,
    "Data2VecText": ROBERTA,
    "XLMRoberta": ROBERTA,
    "Camembert": ROBERTA,
    "Xmod": {**ROBERTA, "languages": ("en_XX",), "default_language": "en_XX"},
    "Luke": {**ROBERTA, "entity_vocab_size": 8, "entity_emb_size": 8},
    "MPNet": {**SIZE, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2},
}
REFUSED: dict[str, dict[str, Any]] = {
    "Bart": SMALL_BART,
    "MBart": SMALL_BART,
    "PLBart": SMALL_BART,
    "IBert": {**ROBERTA, "max_position_embeddings": ROWS},
    "T5": SMALL_T5,
    "MT5": SMALL_T5,
}


def saved(folder: Path, name: str, seed: int = 0, **options: Any) -> Path:
    """A random classifier of a family with the tokenizer of RoBERTa's kind."""
    import torch

    _, tokenizer = roberta(LABELS)
    torch.manual_seed(seed)
    model = made(f"{name}Config", f"{name}ForSequenceClassification", tokenizer, **options)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("name", OFFSET)
def test_positions_that_no_token_has_are_not_counted(tmp_path: Path, name: str) -> None:
    folder = saved(tmp_path / "model", name, max_position_embeddings=ROWS, **OFFSET[name])
    limit = inspect_classifier(folder).max_positions
    assert limit == POSITIONS
    loaded = load_classifier(folder, "cpu")
    ids = encode(loaded, ["parcel " * 300], ROWS)[0]
    assert logits_of_ids(loaded, [ids[:limit]]).shape == (1, 3)
    with pytest.raises((IndexError, RuntimeError)):
        logits_of_ids(loaded, [ids[: limit + 1]])


def test_a_family_that_reads_embeddings_otherwise_than_texts_is_refused(tmp_path: Path) -> None:
    options = {**ROBERTA, "max_position_embeddings": ROWS, "position_embedding_type": "absolute"}
    folder = saved(tmp_path / "model", "Esm", token_dropout=True, mask_token_id=4, **options)
    assert inspect_classifier(folder).max_positions == POSITIONS
    with pytest.raises(AssayError, match="reads the embeddings of a text otherwise than the text"):
        load_classifier(folder, "cpu")


def test_a_table_that_counts_every_row_is_counted_whole(tmp_path: Path) -> None:
    folder = save_family(bert, tmp_path / "bert")
    assert inspect_classifier(folder).max_positions == POSITIONS
    path = folder / "config.json"
    config = json.loads(path.read_text("utf-8"))
    del config["max_position_embeddings"]
    path.write_text(json.dumps(config), "utf-8")
    assert inspect_classifier(folder).max_positions is None


@pytest.mark.parametrize("name", REFUSED)
def test_a_family_that_cannot_be_explained_is_refused_by_check_with_the_reason(
    tiny_review: Path, name: str
) -> None:
    candidate = saved(tiny_review.parent / "models" / "odd", name, **REFUSED[name])
    text = tiny_review.read_text("utf-8").replace("models/candidate", "models/odd")
    tiny_review.write_text(text, "utf-8")
    with pytest.raises(AssayError) as caught:
        check_review(tiny_review)
    assert f"{name}ForSequenceClassification cannot be explained on the embeddings" in caught.value.message
    assert str(candidate) in str(caught.value)
    with pytest.raises(AssayError, match="cannot be explained"):
        analyze(tiny_review)


def odd(name: str, **options: Any) -> Family:
    def family(labels: Any) -> tuple[Any, Any]:
        _, tokenizer = roberta(labels)
        return made(f"{name}Config", f"{name}ForSequenceClassification", tokenizer, **options), tokenizer

    family.__name__ = name
    return family


XLNET = {"d_model": 32, "n_layer": 1, "n_head": 2, "d_inner": 48, "pad_token_id": 1}
ALSO: tuple[Family, ...] = (
    odd("RobertaPreLayerNorm", max_position_embeddings=ROWS, **ROBERTA),
    odd("XLNet", **XLNET),
    odd("FNet", hidden_size=32, num_hidden_layers=1, intermediate_size=48, max_position_embeddings=POSITIONS),
    odd("Electra", **SIZE, embedding_size=16, max_position_embeddings=POSITIONS),
)


OFTEN = (roberta, gpt2, *ALSO)
"""What every run of the tests analyses whole: positions with an offset, no encoder, and the odd ones."""


@pytest.mark.parametrize(
    "family",
    [
        *OFTEN,
        *(pytest.param(one, marks=pytest.mark.soak) for one in FAMILIES if one not in OFTEN),
    ],
    ids=lambda family: family.__name__,
)
def test_what_check_passes_analyze_finishes(tiny_review: Path, family: Family) -> None:
    """With a text that is longer than the model reads, and without a limit in the review file."""
    for seed, side in enumerate(("base", "candidate")):
        save_family(family, tiny_review.parent / "models" / family.__name__ / side, seed=seed)
    rows = messages()[::8]
    rows[0]["text"] = "where is my parcel " * 30
    write_jsonl(tiny_review.parent / "eval.jsonl", rows)
    text = tiny_review.read_text("utf-8").replace("max_length = 32\n", "")
    text = text.replace("models/", f"models/{family.__name__}/").replace("budget = 12", "budget = 2")
    tiny_review.write_text(text.replace("controls = 4", "controls = 1"), "utf-8")
    notes = "\n".join(check_review(tiny_review).notes)
    foretold = re.search(
        r"time      less than a minute to predict 15 messages, less than a minute to explain (\d+) of them, "
        "less than a minute to search for cues and choose options",
        notes,
    )
    assert foretold is not None
    # What is worth a look, a control, and what stands for the critical class.
    assert 3 <= int(foretold[1]) <= 15
    assert analyze(tiny_review).created
