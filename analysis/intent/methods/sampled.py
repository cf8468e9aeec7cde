"""LIME and kernel SHAP over words, through Captum: too dear for a queue, computed when a reviewer asks.

Both fit a weighted linear model to random deletions of whole words from the token ids. They take at least
500 samples and 20 for each word: Captum's default of 25 leaves a text of thirty words undetermined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.intent.methods.occlusion import PARAMETERS, deletion_outputs, occlusion
from analysis.intent.methods.request import Explained, Request, seeded

if TYPE_CHECKING:
    import torch

MIN_SAMPLES = 500
SAMPLES_PER_WORD = 20
LIME_WIDTH = 0.25
"""Kernel width of LIME in cosine distance, as in the authors' own text explainer."""
LIME_RIDGE = 1.0


def samples_for(words: int) -> int:
    """Samples that a text of that many words takes."""
    return max(MIN_SAMPLES, SAMPLES_PER_WORD * words)


def lime(request: Request) -> list[Explained]:
    """Coefficients of a local ridge regression, per word (Ribeiro, Singh and Guestrin, 2016)."""
    from captum._utils.models.linear_model import SkLearnRidge
    from captum.attr import Lime
    from captum.attr._core.lime import get_exp_kernel_similarity_function

    def make(forward: Any) -> Any:
        return Lime(
            forward,
            interpretable_model=SkLearnRidge(alpha=LIME_RIDGE),
            similarity_func=get_exp_kernel_similarity_function("cosine", LIME_WIDTH),
        )

    return _sampled(request, make, {"ridge": LIME_RIDGE, "kernel": f"cosine, width {LIME_WIDTH}"})


def kernel_shap(request: Request) -> list[Explained]:
    """Shapley values by weighted regression, per word (Lundberg and Lee, 2017).

    They add up to the target of the text less that of the text without words. A text of one word has
    nothing to regress: its value is that difference.
    """
    from captum.attr import KernelShap

    return _sampled(request, KernelShap, {"kernel": "Shapley"}, least_words=2)


def _sampled(
    request: Request, make: Any, parameters: dict[str, Any], least_words: int = 1
) -> list[Explained]:
    import torch

    results = []
    for index, text in enumerate(request.texts):
        words = len(text.words)
        if words < least_words:
            alone = Request(request.classifier, [text], [request.targets[index]], [request.outputs[index]])
            results.extend(occlusion(alone))
            continue
        if not words:
            results.append(Explained(np.zeros(0, dtype=np.float32)))
            continue

        def forward(keep: torch.Tensor, which: int = index) -> torch.Tensor:
            return torch.tensor(deletion_outputs(request, [which] * len(keep), keep.tolist()))

        samples, seed = samples_for(words), request.seeds[index]
        with seeded(seed):
            scores = make(forward).attribute(
                torch.ones(1, words), baselines=0.0, n_samples=samples, perturbations_per_eval=samples
            )
        resolved = {**PARAMETERS, **parameters, "samples": samples, "seed": seed}
        results.append(Explained(scores[0].numpy().astype(np.float32), steps=samples, parameters=resolved))
    return results
