"""Gradient SHAP (Lundberg and Lee, 2017): gradients at random points towards the neutral baselines, by Captum."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.intent.methods.request import (
    Explained,
    Request,
    completeness_delta,
    forward_of_embeddings,
    merge_words,
    seeded,
    target_weights,
)

SAMPLES = 50
"""Points drawn for each text; Captum's default of five is noise."""


def gradient_shap(request: Request) -> list[Explained]:
    """Expected gradients of each target over the neutral baselines of its text, per word.

    The completeness delta compares with the mean output of those baselines; it holds an error of sampling.
    Texts are explained one by one, so that no result depends on what it is batched with.
    """
    import torch
    from captum.attr import GradientShap

    classifier = request.classifier
    embed: Any = classifier.model.get_input_embeddings()
    method = GradientShap(forward_of_embeddings(classifier))
    results = []
    for index, (text, target) in enumerate(zip(request.texts, request.targets, strict=True)):
        references = request.references[index]
        inputs = embed(torch.tensor([text.ids], device=classifier.device)).detach()
        with seeded(request.seeds[index]):
            scores = method.attribute(
                inputs,
                baselines=torch.stack([one.embeddings for one in references]),
                n_samples=SAMPLES,
                stdevs=0.0,
                additional_forward_args=(target_weights(request, [index]),),
            )
        per_token = scores[0].sum(dim=-1).detach().float().cpu().numpy()
        at_baselines = float(np.mean([target.output(one.logits) for one in references]))
        delta = completeness_delta(float(per_token.sum()), request.outputs[index], at_baselines)
        parameters = {
            "samples": SAMPLES,
            "seed": request.seeds[index],
            "baselines": [one.kind for one in references],
            "layer": "input embeddings",
        }
        results.append(Explained(merge_words(text, per_token), delta, SAMPLES, parameters))
    return results
