"""Attention rollout (Abnar and Zuidema, 2020): how attention passes from the words to the place that is read.

Context only: attention is no explanation, and most of its mass falls on special tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.base.errors import AssayError
from analysis.base.records import MethodSpec
from analysis.models.batches import batch_tokens, equal_length_batches, in_halves
from analysis.tracks.intent.methods.contract import Method
from analysis.tracks.intent.methods.request import Explained, Request, merge_words

if TYPE_CHECKING:
    import torch


def attention_rollout(request: Request) -> list[Explained]:
    """Rolled-out attention from the place that the classifier reads to each word; never negative.

    Raises:
        AssayError: the model returns no attentions; it must run with eager attention.
    """
    import torch

    classifier, texts = request.classifier, request.texts
    pooled = getattr(classifier.model.config, "classifier_pooling", None) == "mean"
    results = [Explained(np.zeros(0, dtype=np.float32))] * len(texts)

    def run(batch: list[int]) -> NDArray[np.float32]:
        ids = torch.tensor([texts[index].ids for index in batch], device=classifier.device)
        with torch.inference_mode():
            output = classifier.model(
                input_ids=ids, attention_mask=torch.ones_like(ids), output_attentions=True
            )
        attentions = [layer for layer in output.attentions or () if layer is not None]
        if not attentions:
            raise AssayError(
                "the model returns no attentions",
                where=type(classifier.model).__name__,
                hint="attention rollout needs eager attention; use another method",
            )
        rows: NDArray[np.float32] = rollout(attentions, pooled=pooled).float().cpu().numpy()
        return rows

    for batch in equal_length_batches([text.ids for text in texts], batch_tokens(classifier.device)):
        for index, row in in_halves(run, batch, "text"):
            words = merge_words(texts[index], row)
            special = float(1.0 - words.sum())
            results[index] = Explained(words, parameters={"share_on_special_tokens": special})
    return results


def rollout(attentions: list[torch.Tensor], *, pooled: bool = False) -> torch.Tensor:
    """Product over layers of half the head-averaged attention and half the identity (the residual path).

    Args:
        attentions: of each layer from the input on, (n, heads, length, length), rows sum to one.
        pooled: the classifier reads the mean of all places. Otherwise it reads the first one, or the last
            one where no place attends to a later one.

    Returns:
        Weight of each input place for the place that is read, (n, length), rows sum to one.
    """
    import torch

    length = attentions[0].shape[-1]
    identity = torch.eye(length, device=attentions[0].device)
    total = identity.expand(attentions[0].shape[0], length, length)
    for layer in attentions:
        mixed = 0.5 * layer.float().mean(dim=1) + 0.5 * identity
        total = torch.bmm(mixed / mixed.sum(dim=-1, keepdim=True), total)
    if pooled:
        return total.mean(dim=1)
    causal = all(float(layer.float().triu(1).abs().max()) == 0.0 for layer in attentions)
    return total[:, -1] if causal else total[:, 0]


def one_pass(words: int) -> float:
    """One pass without gradients, whatever the text."""
    return 1.0


METHODS = (
    Method(
        MethodSpec("attention_rollout", "attention rollout", "attention", context_only=True),
        attention_rollout,
        reads=one_pass,
        place=70,
    ),
)
