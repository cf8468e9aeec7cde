"""Logistic heads taught by few labels, scored out of fold, whose scores are probabilities.

All answers to a prompt are in one fold. A prompt with a label is scored by the head that saw none of its fold, every
other one by the mean over the heads: on average over the draw of the labels, the scores of labelled and unlabelled
prompts are then of one distribution, which an estimate from both needs (Zrnic and Candes 2024, "Cross-prediction-
powered inference", PNAS 121). One head taught by all labels would be surer of the unlabelled than of the labelled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from analysis.base.seeds import shuffled

FOLDS = 5
NEEDED = 5
"""Labelled answers of each class from which a head has a say.

Measured on refusals of real answers: with 4 a head ranks the labelled ones themselves worse (area under the curve .63)
than likeness to three examples does (.83 to .89); with 5 it is level (.80, and .91 on the rest), with 8 better (.95).
"""

Numbers = NDArray[np.intp]
Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]


def logits_of(x: Floats, heads: Floats) -> Floats:
    """Logits of rows float64 [n, d] by heads float64 [d + 1, k], whose last row are the intercepts: float64 [n, k]."""
    return np.asarray(x @ heads[:-1] + heads[-1], dtype=np.float64)


def enough(truth: Truth) -> bool:
    """Whether a head can be taught by these labels."""
    yes = int(truth.sum())
    return min(yes, len(truth) - yes) >= NEEDED


def fold_of(groups: Sequence[str], seed: int) -> Numbers:
    """The fold of each answer, intp [n] from 0 to 4: all of a group in one, by seed and name and nothing else."""
    place = {group: index % FOLDS for index, group in enumerate(shuffled(sorted(set(groups)), seed))}
    return np.array([place[group] for group in groups], dtype=np.intp)


def held_out(
    teach: Callable[[Numbers], Floats],
    logits: Callable[[Floats], Floats],
    truth: Truth,
    fold: Numbers,
    width: int,
) -> Floats:
    """Five heads whose logits are those of probabilities, of which head k saw nothing of fold k: [width + 1, 5].

    Logits become those of probabilities by Platt's method, on logits that are out of fold in their turn: of heads
    that saw neither fold k nor the fold of what they score. So fold k teaches head k in no way.

    Args:
        teach: makes a head, weights and intercept float64 [width + 1], from labels of both classes, given as places.
        logits: of all labelled answers by some heads, float64 [labels, heads]; it must rise with the heads' own.
        truth: bool [labels].
        fold: intp [labels], from 0 to 4.
        width: numbers in which an answer is told.
    """

    @cache
    def head(without: frozenset[int]) -> Floats:
        kept = np.flatnonzero(~np.isin(fold, list(without)))
        return teach(kept) if len(set(truth[kept].tolist())) == 2 else np.zeros(width + 1)

    heads = []
    for k in range(FOLDS):
        seen = fold != k
        inner = np.zeros(len(truth))
        for other in set(fold[seen].tolist()):
            mine = fold == other
            inner[mine] = logits(head(frozenset((k, other)))[:, None])[mine, 0]
        slope, base = platt(inner[seen], truth[seen])
        heads.append(slope * head(frozenset((k,))) + np.append(np.zeros(width), base))
    return np.stack(heads, axis=1)


def own_or_mean(columns: Floats, fold: Numbers, known: Truth) -> Floats:
    """The score of its fold's head for an answer whose prompt has a label (`known`), else the mean: float64 [n]."""
    own: Floats = columns[np.arange(len(columns)), fold]
    return np.where(known, own, columns.mean(axis=1))


def known_groups(groups: Sequence[str], labelled: Numbers) -> Truth:
    """Whether some answer of each answer's group has a label, bool [n]."""
    named = {groups[row] for row in labelled.tolist()}
    return np.array([group in named for group in groups], dtype=np.bool_)


def platt(logits: Floats, truth: Truth) -> tuple[float, float]:
    """Slope, at least 0, and intercept that make logits probabilities; without labels a probability of 1/2.

    Source: Platt (1999), "Probabilistic outputs for support vector machines", with his smoothed targets.
    """
    from sklearn.linear_model import LogisticRegression

    if not len(truth):
        return 0.0, 0.0
    yes, no = int(truth.sum()), int((~truth).sum())
    targets = np.where(truth, (yes + 1) / (yes + 2), 1 / (no + 2))
    # In units of their spread: the search is as good for logits of 0.1 as of 100.
    spread = float(logits.std()) or 1.0
    # An answer is present to the extent of its target, and absent for the rest.
    both, weights = np.tile(logits / spread, 2)[:, None], np.concatenate([targets, 1 - targets])
    head = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1_000)
    head.fit(both, np.repeat([True, False], len(truth)), sample_weight=weights)
    slope = float(head.coef_[0, 0]) / spread
    if slope > 0:
        return slope, float(head.intercept_[0])
    share = float(targets.mean())
    return 0.0, math.log(share / (1 - share))
