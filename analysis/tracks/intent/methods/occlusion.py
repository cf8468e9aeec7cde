"""Occlusion by deletion: the drop of the target when a word is deleted from the token ids, through Captum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from analysis.base.records import MethodSpec
from analysis.tracks.intent.faithfulness import TOKENS_AT_ONCE
from analysis.tracks.intent.methods.contract import Method
from analysis.tracks.intent.methods.request import Explained, Request
from analysis.tracks.intent.names import OCCLUSION
from analysis.tracks.intent.predict import logits_of_ids
from analysis.tracks.intent.tokenised import Tokenised, delete_words

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

    results = [Explained(np.zeros(0, dtype=np.float32), parameters=PARAMETERS)] * len(request.texts)
    method = FeatureAblation(forward)
    for words, indices in _groups(request.texts):
        scores = method.attribute(
            torch.ones(len(indices), words),
            baselines=0.0,
            additional_forward_args=(torch.tensor(indices),),
            perturbations_per_eval=words,
        )
        for row, index in enumerate(indices):
            results[index] = Explained(scores[row].numpy().astype(np.float32), parameters=PARAMETERS)
    return results


def _groups(texts: Sequence[Tokenised]) -> Iterator[tuple[int, list[int]]]:
    """Texts with the same number of words, whose deletions have at most `TOKENS_AT_ONCE` tokens, or a single text."""
    by_words: dict[int, list[int]] = defaultdict(list)
    for index, text in enumerate(texts):
        if text.words:
            by_words[len(text.words)].append(index)
    for words, indices in by_words.items():
        largest = words * max(len(texts[index].ids) for index in indices)
        step = max(1, TOKENS_AT_ONCE // largest)
        for start in range(0, len(indices), step):
            yield words, indices[start : start + step]


METHODS = (
    Method(
        MethodSpec(OCCLUSION, "occlusion by deletion", "perturbation"),
        occlusion,
        contrastive=True,
        reads=float,
        place=20,
    ),
)
