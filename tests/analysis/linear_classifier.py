"""A real classifier whose weights are set by hand: what it predicts is the sum of what its words say.

A BERT of one layer. Each token's embedding says how much it speaks for each class; attention is uniform, so that
[CLS] takes up the mean of them; the head reads one number for each class. What a text is taken for can be planned,
and the folder is one that the product loads like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HIDDEN = 16
RADIUS = HIDDEN / 2
"""Sum of the squares of what the pairs of dimensions of a token hold: then LayerNorm leaves it as it is."""
NEUTRAL = 7
"""The pair of dimensions that takes up what no class has; the first pair marks [CLS]."""
STEEPNESS = 300.0
"""What the head makes of the mean of all words, chosen so that one plain word of seven gives p of about .75."""

Weights = Mapping[str, Mapping[str, float]]


def save_classifier(
    folder: Path,
    labels: Sequence[str],
    words: Sequence[str],
    weights: Weights,
    *,
    home: str,
    scale: float = 1.0,
    positions: int = 128,
) -> Path:
    """Write a classifier into a folder, the same bytes for the same arguments.

    Args:
        folder: where to.
        labels: its classes, at most five.
        words: its vocabulary, in lower case; every other word is unknown and says nothing.
        weights: by word and class, how much the word speaks for the class; at most 2.8 each.
        home: the class that a text without any telling word is taken for.
        scale: factor on all logits: how sure it is.
        positions: longest text in tokens.
    """
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(words)]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=HIDDEN,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=1,
        max_position_embeddings=positions,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    model = BertForSequenceClassification(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.fill_(1.0 if name.endswith("LayerNorm.weight") else 0.0)
        _set_tokens(model, vocabulary, labels, weights)
        layer = model.bert.encoder.layer[0]
        for linear in (layer.attention.self.value, layer.attention.output.dense):
            linear.weight.copy_(torch.eye(HIDDEN))
        # Small enough for the pooler's tanh to be a straight line.
        model.bert.pooler.dense.weight.copy_(0.1 * torch.eye(HIDDEN))
        for index in range(len(labels)):
            for place, sign in _pair(index + 1):
                model.classifier.weight[index, place] = scale * sign * STEEPNESS / 2
        model.classifier.bias[list(labels).index(home)] = 0.75 * scale
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    BertTokenizerFast(vocab=vocabulary, model_max_length=positions).save_pretrained(folder)
    return folder


def _set_tokens(model: Any, vocabulary: Mapping[str, int], labels: Sequence[str], weights: Weights) -> None:
    """Embeddings of mean zero and of one length, so that LayerNorm changes none of them."""
    table = model.get_input_embeddings().weight
    for piece, index in vocabulary.items():
        said = {list(labels).index(label) + 1: value for label, value in weights.get(piece, {}).items()}
        rest = RADIUS - sum(value**2 for value in said.values())
        said[0 if piece == "[CLS]" else NEUTRAL] = rest**0.5
        for pair, value in said.items():
            for place, sign in _pair(pair):
                table[index, place] = sign * value


def _pair(number: int) -> tuple[tuple[int, float], tuple[int, float]]:
    """The two dimensions that hold one number, with opposite signs."""
    return (2 * number, 1.0), (2 * number + 1, -1.0)
