"""Integrated gradients on the input embeddings (Sundararajan, Taly and Yan, 2017), through Captum.

The path runs from a neutral baseline with the midpoint rule. Few steps suffice for most texts, so all take
the fewest and only those whose completeness delta is above 5 % run again with more.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.attribution.completeness import completeness_delta
from analysis.base.records import MethodSpec
from analysis.models.batches import batch_tokens, equal_length_batches, in_halves
from analysis.models.passes import BACKWARD
from analysis.tracks.intent.methods.contract import Method
from analysis.tracks.intent.methods.request import (
    Explained,
    Request,
    forward_of_embeddings,
    merge_words,
    target_weights,
)
from analysis.tracks.intent.names import INTEGRATED_GRADIENTS

STEPS = (10, 30, 90, 400)
"""Steps of the midpoint rule: all texts take the first, the failures of one try take the next."""
READ_PER_STEP = 2.4
"""Passes with gradients for each of the fewest steps, since some texts take more: 2.2 and 2.6 of two classifiers of 77
classes, of MiniLM's size."""
MAX_DELTA = 0.05
"""Largest completeness delta of an attribution that counts as converged."""


def integrated_gradients(request: Request, steps: tuple[int, ...] = STEPS) -> list[Explained]:
    """Integrated gradients of each target, per word, with the completeness delta and the steps taken.

    Special tokens are the same in input and baseline and therefore receive exactly zero.

    Args:
        request: texts, targets and baselines.
        steps: numbers of steps to try in turn; a single one takes it for every text.
    """
    import torch
    from captum.attr import IntegratedGradients

    classifier, texts = request.classifier, request.texts
    embed: Any = classifier.model.get_input_embeddings()
    method = IntegratedGradients(forward_of_embeddings(classifier))
    results: dict[int, Explained] = {}
    tokens = batch_tokens(classifier.device)
    pending = list(range(len(texts)))

    def run(count: int, batch: list[int]) -> NDArray[np.float32]:
        ids = torch.tensor([texts[index].ids for index in batch], device=classifier.device)
        scores = method.attribute(
            embed(ids).detach(),
            baselines=torch.stack([request.baselines[index].embeddings for index in batch]),
            additional_forward_args=(target_weights(request, batch),),
            n_steps=count,
            method="riemann_middle",
            internal_batch_size=max(len(batch), tokens // ids.shape[1]),
        )
        per_token: NDArray[np.float32] = scores.sum(dim=-1).detach().float().cpu().numpy()
        return per_token

    for count in steps:
        failed: list[int] = []
        for group in equal_length_batches([texts[index].ids for index in pending], tokens // count):
            batch = [pending[position] for position in group]
            for index, per_token in in_halves(partial(run, count), batch, "text"):
                at_baseline = float(request.targets[index].output(request.baselines[index].logits))
                delta = completeness_delta(float(per_token.sum()), request.outputs[index], at_baseline)
                parameters = {"rule": "riemann_middle", "steps": count, "layer": "input embeddings"}
                results[index] = Explained(merge_words(texts[index], per_token), delta, count, parameters)
                if not delta <= MAX_DELTA:
                    failed.append(index)
        pending = sorted(failed)
    return [results[index] for index in range(len(texts))]


def every_step(words: int) -> float:
    """The steps of most texts, with their gradients, and those of the texts that need more."""
    return BACKWARD * STEPS[0] * READ_PER_STEP


METHODS = (
    Method(
        MethodSpec(INTEGRATED_GRADIENTS, "integrated gradients", "gradient"),
        integrated_gradients,
        baseline=True,
        contrastive=True,
        reads=every_step,
        place=10,
    ),
)
