"""Layer-wise relevance propagation on the input embeddings.

CP-LRP (Ali et al., 2022) and AttnLRP (Achtibat et al., 2024): one forward and one backward pass. What is relevant at
an embedding is it times its gradient under the rules of `analysis.attribution.relevance`, or its difference from a
neutral baseline times that gradient. A model for which the rules do not hold is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.attribution.relevance import Rule, relevance_rules
from analysis.attribution.relevance_check import refusal
from analysis.base.errors import AssayError
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
from analysis.tracks.intent.names import LRP

VARIANTS: tuple[str, ...] = ("cp", "attn", "cp_baseline", "attn_baseline")
"""The rule of attention; with `_baseline`, times the embedding less that of the text's baseline."""
TITLES = ("CP-LRP", "AttnLRP", "CP-LRP from the baseline", "AttnLRP from the baseline")
VARIANT = VARIANTS[0]
"""The variant that is used where none was chosen."""
OVER_BASELINE = tuple(variant for variant in VARIANTS if variant.endswith("_baseline"))


def lrp(request: Request, variant: str) -> list[Explained]:
    """Relevance of each word for its target: signed sums over the hidden dimension and the tokens of the word.

    Relevance that reaches special tokens, positions and biases belongs to no word and is left out; with a baseline,
    which has the same special tokens, they receive zero.

    Args:
        request: texts and targets; baselines too for the variants that have one.
        variant: one of `VARIANTS`.

    Raises:
        AssayError: the rules do not hold for the model.
    """
    import torch

    classifier, texts = request.classifier, request.texts
    why = refusal(classifier.model)
    if why:
        raise AssayError(why, where="layer-wise relevance propagation")
    rule: Rule = "cp" if variant.startswith("cp") else "attn"
    over_baseline = variant in OVER_BASELINE
    parameters = {"variant": variant, "layer": "input embeddings"}
    embed: Any = classifier.model.get_input_embeddings()
    forward = forward_of_embeddings(classifier)
    results = [Explained(np.zeros(0, dtype=np.float32), parameters=parameters)] * len(texts)

    def run(batch: list[int]) -> NDArray[np.float32]:
        ids = torch.tensor([texts[index].ids for index in batch], device=classifier.device)
        given = embed(ids).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(forward(given, target_weights(request, batch)).sum(), given)
        factor = given.detach()
        if over_baseline:
            factor = factor - torch.stack([request.baselines[index].embeddings for index in batch])
        per_token: NDArray[np.float32] = (factor * gradient).sum(dim=-1).float().cpu().numpy()
        return per_token

    with relevance_rules(classifier.model, rule):
        for batch in equal_length_batches([text.ids for text in texts], batch_tokens(classifier.device)):
            for index, per_token in in_halves(run, batch, "text"):
                results[index] = Explained(merge_words(texts[index], per_token), parameters=parameters)
    return results


def lrp_as_chosen(request: Request) -> list[Explained]:
    """Relevance of each word, of each text by the variant that was chosen for it; raises as `lrp` does.

    `VARIANT` where the request names none.
    """
    options = request.options or [VARIANT] * len(request.texts)
    found: dict[int, Explained] = {}
    for variant in dict.fromkeys(options):
        rows = [row for row, option in enumerate(options) if option == variant]
        part = Request(
            request.classifier,
            [request.texts[row] for row in rows],
            [request.targets[row] for row in rows],
            [request.outputs[row] for row in rows],
            [request.baselines[row] for row in rows] if variant in OVER_BASELINE else (),
        )
        found.update(zip(rows, lrp(part, variant), strict=True))
    return [found[row] for row in range(len(request.texts))]


METHODS = (
    Method(
        MethodSpec(LRP, "layer-wise relevance", "gradient"),
        lrp_as_chosen,
        options=dict(zip(VARIANTS, TITLES, strict=True)),
        baseline_options=OVER_BASELINE,
        contrastive=True,
        place=5,
    ),
)
