"""The neutral baseline of the gradient methods: one kind for both sides, and what it predicts.

A text of PAD tokens was predicted as the critical class by every fine-tuned classifier on which this was
measured, and a small completeness delta does not show it. So several kinds are known, one must be neutral for a
text before it explains it, and what it predicts is kept with the attribution. Which kind a run uses is chosen by
how well it ranks the words of other texts (`crossfit`): how evenly a kind predicts says nothing of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.base.records import Side
from analysis.tracks.intent.predict import softmax
from analysis.tracks.intent.tokenised import Tokenised

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from analysis.models.load_classifier import LoadedClassifier
    from analysis.tracks.intent.target import Target

KINDS = {
    "word": "a common word",
    "mean": "the mean embedding",
    "unk": "UNK tokens",
    "pad": "PAD tokens",
    "mask": "MASK tokens",
}
"""What may stand in every content slot, with its title; tokens are the tokenizer's own."""
COMMON_WORD = "the"
MAX_TARGET_P = 0.3
MAX_TARGET_SHARE = 1.5
"""Largest probability of the target that a neutral baseline may have: the first, or this many times an even share
where few classes leave each of them more."""
TIE = 0.01
"""Lead of the target's probability up to which a baseline does not predict it: an even one has no favourite."""
SMALL_CONTRAST = 0.3
"""Largest difference of two logits that a neutral baseline may have, as a share of the text's own."""


@dataclass(frozen=True)
class Baseline:
    """Baseline of one text on one side: embeddings (length, hidden), its logits and probabilities."""

    kind: str
    embeddings: torch.Tensor
    logits: NDArray[np.float32]
    p: NDArray[np.float32]


@dataclass(frozen=True)
class Choice:
    """The baseline of one text and one target, of one kind on all sides.

    `neutral` says whether that kind is neutral on all sides, and `neutral_ones` are the side's baselines of every kind
    that is, none where there is none. `p_targets` is p(target) of each side's kinds: of a contrast, the larger p of
    its classes.
    """

    neutral: bool
    baseline: dict[Side, Baseline]
    neutral_ones: dict[Side, tuple[Baseline, ...]]
    p_targets: dict[Side, dict[str, float]]


class Baselines:
    """The baselines of texts; remembers those of each length and place of special tokens.

    Args:
        classifiers: the models of the sides that share a kind.
    """

    def __init__(self, classifiers: Mapping[Side, LoadedClassifier]) -> None:
        self.classifiers = dict(classifiers)
        self._known: dict[tuple[Side, str, tuple[int, ...]], Baseline] = {}

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that every side has: a tokenizer may lack a token. The mean embedding is always there."""
        return tuple(kind for kind in KINDS if all(self._has(one, kind) for one in self.classifiers.values()))

    def choice(
        self,
        kind: str,
        texts: Mapping[Side, Tokenised],
        targets: Mapping[Side, Target],
        logits: Mapping[Side, NDArray[np.float32]],
    ) -> Choice:
        """The baseline of one kind for a text, with what is known of the others.

        Args:
            kind: one of `kinds`.
            texts: one text, as each side reads it.
            targets: what is explained of it.
            logits: of the text on each side, (classes,).
        """
        sides = tuple(self.classifiers)
        of_kind = {one: {side: self.baseline(side, one, texts[side]) for side in sides} for one in self.kinds}
        neutral = [one for one in of_kind if self.neutral(one, texts, targets, logits)]
        return Choice(
            kind in neutral,
            of_kind[kind],
            {side: tuple(of_kind[one][side] for one in neutral) for side in sides},
            {
                side: {one: _p_target(pair[side], targets[side]) for one, pair in of_kind.items()}
                for side in sides
            },
        )

    def neutral(
        self,
        kind: str,
        texts: Mapping[Side, Tokenised],
        targets: Mapping[Side, Target],
        logits: Mapping[Side, NDArray[np.float32]],
    ) -> bool:
        """Whether a kind says nothing of the targets of a text, each side asked for its own.

        Neutral for a class: p(class) <= max(.3, 1.5 / classes), and the class is not what is predicted. Neutral for
        a contrast: the difference of its logits is small beside the text's own.
        """
        return all(
            is_neutral(self.baseline(side, kind, texts[side]), targets[side], logits[side])
            for side in self.classifiers
        )

    def baseline(self, side: Side, kind: str, text: Tokenised) -> Baseline:
        """The baseline of that kind for a text. The tokenizer must have such a token."""
        content = {position for word in text.words for position in word.tokens}
        special = set(self.classifiers[side].tokenizer.all_special_ids)
        slots = tuple(
            -1 if position in content or token not in special else token
            for position, token in enumerate(text.ids)
        )
        key = (side, kind, slots)
        if key not in self._known:
            self._known.update({(side, one.kind, slots): one for one in self._make(side, slots)})
        return self._known[key]

    def _make(self, side: Side, slots: tuple[int, ...]) -> list[Baseline]:
        """The baselines of every kind with those special tokens kept, in one batch; -1 marks a content slot."""
        import torch

        classifier = self.classifiers[side]
        embed: Any = classifier.model.get_input_embeddings()
        kinds = [kind for kind in KINDS if self._has(classifier, kind)]
        content = [position for position, slot in enumerate(slots) if slot < 0]
        rows = [
            [(self._filler(classifier, kind) or 0) if slot < 0 else slot for slot in slots] for kind in kinds
        ]
        # Not inference_mode: these embeddings take part in a gradient computation later.
        with torch.no_grad():
            embeddings = embed(torch.tensor(rows, device=classifier.device)).detach().clone()
            mean = embed.weight.detach().float().mean(dim=0).to(embeddings.dtype)
            embeddings[kinds.index("mean"), content] = mean
            mask = torch.ones(embeddings.shape[:2], dtype=torch.long, device=classifier.device)
            output = classifier.model(inputs_embeds=embeddings, attention_mask=mask)
            logits = output.logits.float().cpu().numpy()
        return [
            Baseline(kind, embeddings[row].clone(), logits[row], softmax(logits[row]))
            for row, kind in enumerate(kinds)
        ]

    def _has(self, classifier: LoadedClassifier, kind: str) -> bool:
        return kind == "mean" or self._filler(classifier, kind) is not None

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


def _classes(target: Target) -> list[int]:
    return [one for one in target if one is not None]


def _p_target(baseline: Baseline, target: Target) -> float:
    return float(baseline.p[_classes(target)].max())


def is_neutral(baseline: Baseline, target: Target, logits: NDArray[np.float32]) -> bool:
    """Whether a baseline says nothing of the target; `logits` (classes,) are of the text that is explained."""
    if target.minus is not None:
        at_baseline, own = (abs(float(target.output(one))) for one in (baseline.logits, logits))
        return at_baseline <= SMALL_CONTRAST * own
    p = float(baseline.p[target.plus])
    others = float(np.delete(baseline.p, target.plus).max(initial=0.0))
    return p <= max(MAX_TARGET_P, MAX_TARGET_SHARE / len(baseline.p)) and p - others <= TIE
