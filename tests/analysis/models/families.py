"""Tiny random classifiers of several families, each with a small tokenizer of its usual kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.conftest import LABELS, messages, word_pieces

SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
POSITIONS = 64


def _word_piece() -> Any:
    from transformers import BertTokenizerFast

    return BertTokenizerFast(vocab=word_pieces(), model_max_length=POSITIONS)


def _byte_pairs(special: Sequence[str], *, template: tuple[str, str] | None) -> Any:
    """A byte-level BPE trained on the messages; `template` are the tokens around a text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=list(special), initial_alphabet=alphabet)
    tokenizer.train_from_iterator([str(row["text"]) for row in messages()], trainer)
    if template is not None:
        start, end = template
        tokenizer.post_processor = _around(tokenizer, start, end)
    return tokenizer


def _around(tokenizer: Any, start: str, end: str) -> Any:
    from tokenizers import processors

    ids = [(token, tokenizer.token_to_id(token)) for token in (start, end)]
    return processors.TemplateProcessing(single=[start, "$A", end], special_tokens=ids)


def _unigram(special: Sequence[str]) -> Any:
    """A SentencePiece-like Unigram tokenizer trained on the messages, as DeBERTa-v2 has."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=200, special_tokens=list(special), unk_token="[UNK]")
    tokenizer.train_from_iterator([str(row["text"]) for row in messages()], trainer)
    tokenizer.post_processor = _around(tokenizer, "[CLS]", "[SEP]")
    return tokenizer


def _fast(tokenizer: Any, **tokens: str) -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=POSITIONS, **tokens)


def _labels(labels: Sequence[str]) -> dict[str, Any]:
    return {
        "id2label": dict(enumerate(labels)),
        "label2id": {label: index for index, label in enumerate(labels)},
        "initializer_range": 0.1,
    }


def bert(labels: Sequence[str]) -> tuple[Any, Any]:
    from transformers import BertConfig, BertForSequenceClassification

    tokenizer = _word_piece()
    config = BertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=POSITIONS, **SIZE, **_labels(labels)
    )
    return BertForSequenceClassification(config), tokenizer


def roberta(labels: Sequence[str]) -> tuple[Any, Any]:
    from transformers import RobertaConfig, RobertaForSequenceClassification

    special = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
    tokenizer = _fast(
        _byte_pairs(special, template=("<s>", "</s>")),
        bos_token="<s>", cls_token="<s>", eos_token="</s>", sep_token="</s>",
        pad_token="<pad>", unk_token="<unk>", mask_token="<mask>",
    )  # fmt: skip
    config = RobertaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=POSITIONS + 2, pad_token_id=1, bos_token_id=0,
        eos_token_id=2, type_vocab_size=1, **SIZE, **_labels(labels),
    )  # fmt: skip
    return RobertaForSequenceClassification(config), tokenizer


def distilbert(labels: Sequence[str]) -> tuple[Any, Any]:
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    tokenizer = _word_piece()
    config = DistilBertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=POSITIONS, dim=32, n_layers=2, n_heads=2,
        hidden_dim=48, **_labels(labels),
    )  # fmt: skip
    return DistilBertForSequenceClassification(config), tokenizer


def deberta(labels: Sequence[str]) -> tuple[Any, Any]:
    from transformers import DebertaV2Config, DebertaV2ForSequenceClassification

    tokenizer = _fast(
        _unigram(("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]")),
        pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]", mask_token="[MASK]",
    )  # fmt: skip
    config = DebertaV2Config(
        vocab_size=len(tokenizer), max_position_embeddings=POSITIONS, relative_attention=True,
        position_buckets=16, norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type="p2c|c2p",
        position_biased_input=False, type_vocab_size=0, pad_token_id=0, **SIZE, **_labels(labels),
    )  # fmt: skip
    return DebertaV2ForSequenceClassification(config), tokenizer


def modernbert(labels: Sequence[str]) -> tuple[Any, Any]:
    from transformers import ModernBertConfig, ModernBertForSequenceClassification

    special = ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]")
    tokenizer = _fast(
        _byte_pairs(special, template=("[CLS]", "[SEP]")),
        pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]", mask_token="[MASK]",
    )  # fmt: skip
    config = ModernBertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=POSITIONS, pad_token_id=0, cls_token_id=1,
        sep_token_id=2, bos_token_id=1, eos_token_id=2, local_attention=8, global_attn_every_n_layers=2,
        **SIZE, **_labels(labels),
    )  # fmt: skip
    return ModernBertForSequenceClassification(config), tokenizer


def gpt2(labels: Sequence[str]) -> tuple[Any, Any]:
    """A decoder without any special token around a text and without padding, as GPT-2 is."""
    from transformers import GPT2Config, GPT2ForSequenceClassification

    end = "<|endoftext|>"
    tokenizer = _fast(_byte_pairs((end,), template=None), bos_token=end, eos_token=end, unk_token=end)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=POSITIONS, n_embd=32, n_layer=2, n_head=2, bos_token_id=0,
        eos_token_id=0, **_labels(labels),
    )  # fmt: skip
    return GPT2ForSequenceClassification(config), tokenizer


def llama(labels: Sequence[str]) -> tuple[Any, Any]:
    """A decoder that starts and ends every text with a token and pads with the one that ends it."""
    from transformers import LlamaConfig, LlamaForSequenceClassification

    tokenizer = _fast(
        _byte_pairs(("<unk>", "<s>", "</s>"), template=("<s>", "</s>")),
        bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="</s>",
    )  # fmt: skip
    config = LlamaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=POSITIONS, num_key_value_heads=2, bos_token_id=1,
        eos_token_id=2, pad_token_id=2, **SIZE, **_labels(labels),
    )  # fmt: skip
    return LlamaForSequenceClassification(config), tokenizer


Family = Callable[[Sequence[str]], tuple[Any, Any]]
FAMILIES: tuple[Family, ...] = (bert, roberta, distilbert, deberta, modernbert, gpt2, llama)


def save_family(family: Family, folder: Path, labels: Sequence[str] = LABELS, seed: int = 0) -> Path:
    """A random model of the family with its tokenizer, saved as safetensors."""
    import torch

    torch.manual_seed(seed)
    model, tokenizer = family(labels)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
