"""The causal check of each flip: is the word whose attribution changed most the word that made it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.tracks.intent.predict import NOT_A_NUMBER, logits_of_ids
from analysis.tracks.intent.tokenised import delete_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.base.records import Side
    from analysis.models.load_classifier import LoadedClassifier
    from analysis.tracks.intent.tokenised import Tokenised


class Flip(NamedTuple):
    """One flip with the contrastive attributions of one method: scores per word of each side."""

    ref: str
    method: str
    words: dict[Side, Tokenised]
    scores: dict[Side, NDArray[np.float32]]
    base_class: int
    candidate_class: int


class CheckedFlip(NamedTuple):
    """A row of the table `intent_flip`."""

    ref: str
    method: str
    start: int
    end: int
    change: float
    base_label: str
    candidate_label: str
    label_after: str
    explained: bool


def attribution_change(flip: Flip) -> dict[int, float]:
    """Candidate minus base, by position of the candidate's word, for words that both sides read.

    Words are matched by their place in the text, so the sides may have different tokenizers.
    """
    base = {
        (word.start, word.end): float(score)
        for word, score in zip(flip.words["base"].words, flip.scores["base"], strict=True)
    }
    return {
        index: float(score) - base[word.start, word.end]
        for index, (word, score) in enumerate(
            zip(flip.words["candidate"].words, flip.scores["candidate"], strict=True)
        )
        if (word.start, word.end) in base
    }


def check_flips(candidate: LoadedClassifier, flips: Sequence[Flip]) -> list[CheckedFlip]:
    """Delete the word with the largest change and ask the candidate again.

    A flip is explained where the candidate then predicts the base's class. One without any word that both
    sides read is left out.
    """
    chosen: list[tuple[Flip, int, float]] = []
    for flip in flips:
        changes = attribution_change(flip)
        if changes:
            index = max(changes, key=lambda word: changes[word])
            chosen.append((flip, index, changes[index]))
    rows = [delete_words(flip.words["candidate"], [index]) for flip, index, _ in chosen]
    logits = logits_of_ids(candidate, rows)
    found = []
    for (flip, index, change), after in zip(chosen, logits, strict=True):
        word = flip.words["candidate"].words[index]
        finite = bool(np.isfinite(after).all())
        label_after = candidate.labels[int(after.argmax())] if finite else NOT_A_NUMBER
        base_label = candidate.labels[flip.base_class]
        found.append(
            CheckedFlip(
                ref=flip.ref,
                method=flip.method,
                start=word.start,
                end=word.end,
                change=change,
                base_label=base_label,
                candidate_label=candidate.labels[flip.candidate_class],
                label_after=label_after,
                explained=label_after == base_label,
            )
        )
    return found
