"""Input times gradient on the input embeddings (Shrikumar et al., 2017), through Captum.

One gradient and no baseline: cheap, and measured to rank words hardly better than chance. Shown as context.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.base.records import MethodSpec
from analysis.models.batches import batch_tokens, equal_length_batches, in_halves
from analysis.tracks.intent.methods.contract import Method
from analysis.tracks.intent.methods.request import (
    Explained,
    Request,
    forward_of_embeddings,
    merge_words,
    target_weights,
)


def input_x_gradient(request: Request) -> list[Explained]:
    """Embedding times gradient of each target, summed over the hidden dimension, per word."""
    import torch
    from captum.attr import InputXGradient

    classifier, texts = request.classifier, request.texts
    embed: Any = classifier.model.get_input_embeddings()
    method = InputXGradient(forward_of_embeddings(classifier))
    results = [Explained(np.zeros(0, dtype=np.float32))] * len(texts)

    def run(batch: list[int]) -> NDArray[np.float32]:
        ids = torch.tensor([texts[index].ids for index in batch], device=classifier.device)
        scores = method.attribute(
            embed(ids).detach().requires_grad_(),
            additional_forward_args=(target_weights(request, batch),),
        )
        per_token: NDArray[np.float32] = scores.sum(dim=-1).detach().float().cpu().numpy()
        return per_token

    for batch in equal_length_batches([text.ids for text in texts], batch_tokens(classifier.device)):
        for index, per_token in in_halves(run, batch, "text"):
            merged = merge_words(texts[index], per_token)
            results[index] = Explained(merged, parameters={"layer": "input embeddings"})
    return results


METHODS = (
    Method(
        MethodSpec("input_x_gradient", "input × gradient", "gradient", context_only=True),
        input_x_gradient,
        place=40,
    ),
)
