"""A real encoder whose vector of a text is the mean of its words' vectors, so that a test can say what it groups by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.analysis.tracks.retrieval.tiny import SPECIAL, write_modules

EPSILON = 1e6
"""Of the layer norm: so large beside the variance of a vector that the norm only scales what has a mean of 0."""
POSITIONS = 128


def write_word_encoder(folder: Path, words: Mapping[str, NDArray[np.float64]]) -> Path:
    """A Sentence-Transformers folder with mean pooling and no layers.

    Args:
        folder: where to.
        words: (d,) vector of each word, in small letters; all other words have one small vector in common.
    """
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    names = [*SPECIAL, *words]
    tokens = Tokenizer(models.WordLevel({name: row for row, name in enumerate(names)}, unk_token="[UNK]"))
    tokens.normalizer = normalizers.Lowercase()
    tokens.pre_tokenizer = pre_tokenizers.Whitespace()
    kept = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokens, **kept).save_pretrained(folder)
    width = len(next(iter(words.values())))
    vectors = np.array([np.full(width, 0.01 * (name == "[UNK]")) for name in SPECIAL] + list(words.values()))
    config = BertConfig(
        vocab_size=len(names),
        hidden_size=2 * width,
        num_hidden_layers=0,
        num_attention_heads=1,
        intermediate_size=1,
        max_position_embeddings=POSITIONS,
        layer_norm_eps=EPSILON,
    )
    model = BertModel(config)
    with torch.no_grad():
        # All, also what nobody reads: the digest of the model names the run, and that draws the order of A and B.
        for parameter in model.parameters():
            parameter.zero_()
        # Each vector beside its negative: their mean is 0.
        both = np.concatenate([vectors, -vectors], axis=1)
        model.embeddings.word_embeddings.weight.copy_(torch.from_numpy(both))
        model.embeddings.LayerNorm.weight.fill_(1.0)
    model.save_pretrained(folder)
    return write_modules(folder, 2 * width)
