"""Logistic heads taught by few labels, scored out of fold, whose scores are probabilities.

All answers to a prompt are in one fold. A prompt with a label is scored by the head that saw none of its fold, every
other one by the mean over the heads: on average over the draw of the labels, the scores of labelled and unlabelled
prompts are then of one distribution, which an estimate from both needs (Zrnic and Candes 2024, "Cross-prediction-
powered inference", PNAS 121). One head taught by all labels would be surer of the unlabelled than of the labelled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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

Rows = NDArray[np.intp]
Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class Heads:
    """Linear heads side by side: the logit of `x` float64 [d] by head k is `x @ weights[:, k] + intercepts[k]`."""

    weights: Floats
    intercepts: Floats

    def logits(self, x: Floats) -> Floats:
        """Of rows float64 [n, d], float64 [n, heads]."""
        return np.asarray(x @ self.weights + self.intercepts, dtype=np.float64)


def enough(truth: Truth) -> bool:
    """Whether a head can be taught by these labels."""
    yes = int(truth.sum())
    return min(yes, len(truth) - yes) >= NEEDED


def fold_of(groups: Sequence[str], seed: int) -> Rows:
    """The fold of each answer, intp [n] from 0 to 4: all of a group in one, by seed and name and nothing else."""
    place = {group: index % FOLDS for index, group in enumerate(shuffled(sorted(set(groups)), seed))}
    return np.array([place[group] for group in groups], dtype=np.intp)


def held_out(
    teach: Callable[[Rows], tuple[Floats, float]],
    logits: Callable[[Heads], Floats],
    truth: Truth,
    fold: Rows,
) -> Heads:
    """Five heads whose logits are those of probabilities, of which head k saw nothing of fold k.

    Logits become those of probabilities by Platt's method, on logits that are out of fold in their turn: of heads
    that saw neither fold k nor the fold of what they score. So fold k teaches head k in no way.

    Args:
        teach: makes weights float64 [d] and intercept from some of the labels, given as their places.
        logits: of all labelled answers by some heads, float64 [labels, heads]; it must rise with the heads' own.
        truth: bool [labels].
        fold: intp [labels], from 0 to 4.
    """

    @cache
    def head(without: frozenset[int]) -> tuple[Floats, float] | None:
        kept = np.flatnonzero(~np.isin(fold, list(without)))
        return teach(kept) if len(set(truth[kept].tolist())) == 2 else None

    def said(one: tuple[Floats, float] | None) -> Floats:
        return (
            np.zeros(len(truth)) if one is None else logits(Heads(one[0][:, None], np.array([one[1]])))[:, 0]
        )

    made = []
    for k in range(FOLDS):
        seen = fold != k
        inner = np.zeros(len(truth))
        for other in sorted(set(fold[seen].tolist())):
            mine = fold == other
            inner[mine] = said(head(frozenset((k, other))))[mine]
        slope, base = platt(inner[seen], truth[seen])
        whole = head(frozenset((k,)))
        made.append((np.zeros(0), base) if whole is None else (slope * whole[0], slope * whole[1] + base))
    width = max(len(weights) for weights, _ in made)
    table = np.zeros((width, FOLDS))
    for k, (weights, _) in enumerate(made):
        table[: len(weights), k] = weights
    return Heads(table, np.array([base for _, base in made]))


def own_or_mean(columns: Floats, fold: Rows, known: Truth) -> Floats:
    """The score of its fold's head for an answer whose prompt has a label (`known`), else the mean: float64 [n]."""
    own: Floats = columns[np.arange(len(columns)), fold]
    return np.where(known, own, columns.mean(axis=1))


def known_groups(groups: Sequence[str], labelled: Rows) -> Truth:
    """Whether some answer of each answer's group has a label, bool [n]."""
    named = {groups[row] for row in labelled.tolist()}
    return np.array([group in named for group in groups], dtype=np.bool_)


def platt(logits: Floats, truth: Truth) -> tuple[float, float]:
    """Slope, at least 0, and intercept that make logits probabilities; without labels a probability of 1/2.

    Source: Platt (1999), "Probabilistic outputs for support vector machines", with his smoothed targets.
    """
    from scipy.optimize import minimize

    if not len(truth):
        return 0.0, 0.0
    yes, no = int(truth.sum()), int((~truth).sum())
    targets = np.where(truth, (yes + 1) / (yes + 2), 1 / (no + 2))
    # In units of their spread: the search is as good for logits of 0.1 as of 100.
    spread = float(logits.std()) or 1.0
    x = logits / spread

    def loss(parameters: Floats) -> tuple[float, Floats]:
        z = parameters[0] * x + parameters[1]
        off = sigmoid(z) - targets
        return float((np.logaddexp(0, z) - targets * z).sum()), np.array([off @ x, off.sum()])

    found = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(0.0, None), (None, None)]).x
    return float(found[0]) / spread, float(found[1])


def sigmoid(z: Floats) -> Floats:
    """1 / (1 + exp(-z)) without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0, -z)), dtype=np.float64)
