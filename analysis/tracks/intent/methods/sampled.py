"""LIME and kernel SHAP over words, through Captum: too dear for a queue, computed when a reviewer asks.

Both fit a weighted linear model to random deletions of whole words from the token ids. They take at least
500 samples and 20 for each word: Captum's default of 25 leaves a text of thirty words undetermined.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.attribution.completeness import completeness_delta
from analysis.base.errors import AssayError
from analysis.base.records import MethodSpec
from analysis.tracks.intent.methods.contract import Method
from analysis.tracks.intent.methods.occlusion import PARAMETERS, deletion_outputs, occlusion
from analysis.tracks.intent.methods.request import Explained, Request, seeded
from analysis.tracks.intent.names import KERNEL_SHAP, LIME

if TYPE_CHECKING:
    import torch

    Forward = Callable[[torch.Tensor], torch.Tensor]
    """Indicators of the words that are kept (n, words) -> the explained number of each row (n,)."""

MIN_SAMPLES = 500
SAMPLES_PER_WORD = 20
LIME_WIDTH = 0.25
"""Kernel width of LIME in cosine distance, as in the authors' own text explainer."""
LIME_RIDGE = 1.0


def samples_for(words: int) -> int:
    """Samples that a text of that many words takes."""
    return max(MIN_SAMPLES, SAMPLES_PER_WORD * words)


def lime(request: Request) -> list[Explained]:
    """Coefficients of a local ridge regression, per word (Ribeiro, Singh and Guestrin, 2016).

    `fidelity` is the R² of that regression on its own samples with their weights: the score that the authors'
    own package gives with an explanation.
    """
    parameters = {**PARAMETERS, "ridge": LIME_RIDGE, "kernel": f"cosine, width {LIME_WIDTH}"}
    return [
        _lime(request, index, parameters)
        if text.words
        else Explained(np.zeros(0, dtype=np.float32), parameters=parameters)
        for index, text in enumerate(request.texts)
    ]


def _lime(request: Request, index: int, parameters: dict[str, Any]) -> Explained:
    import torch
    from captum._utils.models.linear_model import SkLearnRidge
    from captum.attr import Lime
    from captum.attr._core.lime import get_exp_kernel_similarity_function
    from sklearn.metrics import r2_score

    kernel = get_exp_kernel_similarity_function("cosine", LIME_WIDTH)
    rows: list[torch.Tensor] = []
    outputs: list[torch.Tensor] = []
    weights: list[float] = []
    ask = _forward(request, index)

    def forward(keep: torch.Tensor) -> torch.Tensor:
        rows.append(keep)
        outputs.append(ask(keep))
        return outputs[-1]

    def similarity(*inputs: Any, **given: Any) -> float:
        weights.append(float(kernel(*inputs, **given)))
        return weights[-1]

    surrogate = SkLearnRidge(alpha=LIME_RIDGE)
    method = Lime(forward, interpretable_model=surrogate, similarity_func=similarity)
    scores, samples = _attribute(method, request, index)
    fitted = surrogate(torch.cat(rows)).detach().flatten().numpy()
    fidelity = float(r2_score(torch.cat(outputs).numpy(), fitted, sample_weight=np.array(weights)))
    resolved = {**parameters, "samples": samples, "seed": request.seeds[index]}
    return Explained(scores, steps=samples, parameters=resolved, fidelity=fidelity)


def kernel_shap(request: Request) -> list[Explained]:
    """Shapley values by weighted regression, per word (Lundberg and Lee, 2017).

    They add up to the target of the text less that of the text without words, as far as the completeness delta
    says. A text of one word has nothing to regress: its value is that difference.
    """
    return [_kernel_shap(request, index) for index in range(len(request.texts))]


def _kernel_shap(request: Request, index: int) -> Explained:
    from captum.attr import KernelShap

    words = len(request.texts[index].words)
    if words < 2:
        alone = Request(
            request.classifier, [request.texts[index]], [request.targets[index]], [request.outputs[index]]
        )
        return occlusion(alone)[0]
    scores, samples = _attribute(KernelShap(_forward(request, index)), request, index)
    (empty,) = deletion_outputs(request, [index], [[0.0] * words])
    delta = completeness_delta(float(scores.sum()), request.outputs[index], empty)
    resolved = {**PARAMETERS, "kernel": "Shapley", "samples": samples, "seed": request.seeds[index]}
    return Explained(scores, delta, samples, resolved)


def _forward(request: Request, index: int) -> Forward:
    import torch

    def forward(keep: torch.Tensor) -> torch.Tensor:
        outputs = deletion_outputs(request, [index] * len(keep), keep.tolist())
        if not np.isfinite(outputs).all():
            raise AssayError("the logits are not numbers", where="a text with words deleted")
        return torch.tensor(outputs)

    return forward


def _attribute(method: Any, request: Request, index: int) -> tuple[np.ndarray, int]:
    """Scores (words,) by a method of Captum, and the samples taken."""
    import torch

    words = len(request.texts[index].words)
    samples = samples_for(words)
    with seeded(request.seeds[index]):
        scores = method.attribute(
            torch.ones(1, words), baselines=0.0, n_samples=samples, perturbations_per_eval=samples
        )
    return scores[0].numpy().astype(np.float32), samples


METHODS = (
    Method(MethodSpec(LIME, "LIME", "perturbation", on_demand=True), lime, contrastive=True, place=50),
    Method(
        MethodSpec(KERNEL_SHAP, "kernel SHAP", "perturbation", on_demand=True),
        kernel_shap,
        contrastive=True,
        place=60,
    ),
)
