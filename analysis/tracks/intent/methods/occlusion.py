"""Occlusion by deletion: the drop of the target when a word is deleted from the token ids, through Captum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from analysis.base.records import MethodSpec
from analysis.tracks.intent.methods.contract import Method
from analysis.tracks.intent.methods.request import Explained, Request
from analysis.tracks.intent.names import OCCLUSION
from analysis.tracks.intent.predict import logits_of_ids
from analysis.tracks.intent.tokenised import delete_words

PARAMETERS = {"operator": "deletion of token ids", "unit": "word"}


def deletion_outputs(request: Request, which: Sequence[int], keep: Sequence[Sequence[float]]) -> list[float]:
    """The explained number of text `which[i]` with only the words kept whose indicator in `keep[i]` is one."""
    rows = []
    for index, indicators in zip(which, keep, strict=True):
        gone = [word for word, value in enumerate(indicators) if value < 0.5]
        rows.append(delete_words(request.texts[index], gone))
    logits = logits_of_ids(request.classifier, rows)
    return [float(request.targets[index].output(row)) for index, row in zip(which, logits, strict=True)]


def occlusion(request: Request) -> list[Explained]:
    """The drop of each target when a word is deleted, per word.

    Captum's feature ablation walks over word indicators; the model sees ids with the words removed, all
    deletions of all texts with the same number of words as rows of the same batches.
    """
    import torch
    from captum.attr import FeatureAblation

    def forward(keep: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        return torch.tensor(deletion_outputs(request, which.tolist(), keep.tolist()))

    by_words: dict[int, list[int]] = defaultdict(list)
    for index, text in enumerate(request.texts):
        by_words[len(text.words)].append(index)
    results = [Explained(np.zeros(0, dtype=np.float32), parameters=PARAMETERS)] * len(request.texts)
    method = FeatureAblation(forward)
    for words, indices in by_words.items():
        if words == 0:
            continue
        scores = method.attribute(
            torch.ones(len(indices), words),
            baselines=0.0,
            additional_forward_args=(torch.tensor(indices),),
            perturbations_per_eval=words,
        )
        for row, index in enumerate(indices):
            results[index] = Explained(scores[row].numpy().astype(np.float32), parameters=PARAMETERS)
    return results


METHODS = (
    Method(
        MethodSpec(OCCLUSION, "occlusion by deletion", "perturbation"), occlusion, contrastive=True, place=20
    ),
)
