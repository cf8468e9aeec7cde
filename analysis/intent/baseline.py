"""The neutral baseline of integrated gradients: one kind for both sides, chosen by what it predicts.

A text of PAD tokens was predicted as the critical class by every fine-tuned classifier on which this was
measured, and a small completeness delta does not show it. So several kinds are tried, and what the chosen
one predicts is kept with the attribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.intent.predict import softmax
from analysis.intent.words import Tokenised
from analysis.records import SIDES, Side

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from analysis.models.load import LoadedClassifier

KINDS = ("word", "mean", "unk", "pad", "mask")
"""A common word, the mean embedding, and the tokenizer's UNK, PAD and MASK, in every content slot."""
COMMON_WORD = "the"
MAX_TARGET_P = 0.3
"""Largest probability of the target that a neutral baseline may have."""


@dataclass(frozen=True)
class Baseline:
    """Baseline of one text on one side: embeddings (length, hidden), its logits and probabilities."""

    kind: str
    embeddings: torch.Tensor
    logits: NDArray[np.float32]
    p: NDArray[np.float32]


@dataclass(frozen=True)
class Choice:
    """The kind chosen for a text, on both sides; `p_targets` is p(target) of each side's kinds."""

    neutral: bool
    baseline: dict[Side, Baseline]
    p_targets: dict[Side, dict[str, float]]


class BaselineChooser:
    """Chooses baselines; remembers the baseline of each kind, length and place of special tokens."""

    def __init__(self, classifiers: dict[Side, LoadedClassifier]) -> None:
        self.classifiers = classifiers
        self._known: dict[tuple[Side, str, tuple[int, ...]], Baseline | None] = {}

    def choose(self, texts: dict[Side, Tokenised], targets: dict[Side, int]) -> Choice:
        """The kind that is neutral on both sides and has the smallest largest class probability.

        Neutral: p(target) <= .3 and another class predicted, on each side for its own target. Where no
        kind is, the one with the smallest p(target) is returned, marked as not neutral.
        """
        candidates: dict[str, dict[Side, Baseline]] = {}
        for kind in KINDS:
            pair = {side: self._baseline(side, kind, texts[side]) for side in SIDES}
            found = {side: one for side, one in pair.items() if one is not None}
            if len(found) == len(SIDES):
                candidates[kind] = found
        neutral = {
            kind: pair
            for kind, pair in candidates.items()
            if all(_is_neutral(pair[side], targets[side]) for side in SIDES)
        }
        if neutral:
            best = min(neutral, key=lambda kind: max(float(one.p.max()) for one in neutral[kind].values()))
        else:
            best = min(
                candidates, key=lambda kind: max(float(candidates[kind][s].p[targets[s]]) for s in SIDES)
            )
        p_targets = {
            side: {kind: float(pair[side].p[targets[side]]) for kind, pair in candidates.items()}
            for side in SIDES
        }
        return Choice(bool(neutral), candidates[best], p_targets)

    def _baseline(self, side: Side, kind: str, text: Tokenised) -> Baseline | None:
        content = {position for word in text.words for position in word.tokens}
        special = set(self.classifiers[side].tokenizer.all_special_ids)
        slots = tuple(
            -1 if position in content or token not in special else token
            for position, token in enumerate(text.ids)
        )
        key = (side, kind, slots)
        if key not in self._known:
            self._known[key] = self._make(side, kind, slots)
        return self._known[key]

    def _make(self, side: Side, kind: str, slots: tuple[int, ...]) -> Baseline | None:
        """The baseline with those special tokens kept (-1 marks a content slot), or None without such a token."""
        import torch

        classifier = self.classifiers[side]
        embed: Any = classifier.model.get_input_embeddings()
        filler = self._filler(classifier, kind)
        if filler is None and kind != "mean":
            return None
        ids = torch.tensor([filler or 0 if slot < 0 else slot for slot in slots], device=classifier.device)
        # Not inference_mode: these embeddings take part in a gradient computation later.
        with torch.no_grad():
            embeddings = embed(ids).detach().clone()
            if kind == "mean":
                mean = embed.weight.detach().float().mean(dim=0).to(embeddings.dtype)
                embeddings[[position for position, slot in enumerate(slots) if slot < 0]] = mean
            mask = torch.ones((1, len(slots)), dtype=torch.long, device=classifier.device)
            output = classifier.model(inputs_embeds=embeddings[None], attention_mask=mask)
            logits = output.logits.float().cpu().numpy()
        return Baseline(kind, embeddings.clone(), logits[0], softmax(logits)[0])

    @staticmethod
    def _filler(classifier: LoadedClassifier, kind: str) -> int | None:
        tokenizer = classifier.tokenizer
        if kind == "word":
            ids = tokenizer(COMMON_WORD, add_special_tokens=False)["input_ids"]
            return ids[0] if len(ids) == 1 and ids[0] != tokenizer.unk_token_id else None
        named = {
            "unk": tokenizer.unk_token_id,
            "pad": tokenizer.pad_token_id,
            "mask": tokenizer.mask_token_id,
        }
        return named.get(kind)


def _is_neutral(baseline: Baseline, target: int) -> bool:
    return float(baseline.p[target]) <= MAX_TARGET_P and int(baseline.p.argmax()) != target
