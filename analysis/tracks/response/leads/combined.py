"""What several leads say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.tracks.response.leads.heads import FOLDS, Floats, enough, fold_of, known_groups, own_or_mean

PULL = 0.3
"""Penalty on how far the leads' shares may lie from being equal, beside the sum of the labels' squared errors."""
_EXACT = 1e3
"""Weight of the condition that shares add up to 1."""


def combined_scores(
    scores: NDArray[np.float64], groups: Sequence[str], labels: Mapping[int, bool], seed: int = 0
) -> NDArray[np.float64]:
    """One score for each answer from those of its leads, float64 [n] in [0, 1]; NaN where no lead read it.

    With fewer than 5 labels of a class it is the highest lead. After that it is a mean of the leads and of the highest
    of them, with the shares that come nearest to the labels in squares, out of fold by prompt as `heads` describes.
    Shares are not negative and add up to 1, so one lead alone stays as it is, no lead's word is turned round, and the
    result lies between the leads'; little evidence leaves them near equal. (A logistic head on the scores fits five
    scales and intercepts anew and ranks worse than its best lead: measured on refusals, area under the curve .925 for
    a lead that has .963 by itself.)

    A learned lead's own scores are out of fold already, but of heads that other prompts' labels taught; what that lets
    through to the few shares here is of the order of their number over that of the labels.

    Args:
        scores: float64 [n, leads] in [0, 1], NaN where a lead did not read an answer.
        groups: n refs of prompts.
        labels: by row, whether the behaviour is there.
        seed: of the folds.

    Source: stacking by non-negative shares, Breiman (1996), Machine Learning 24:49; van der Laan, Polley and Hubbard
    (2007), "Super learner".
    """
    read = np.flatnonzero(~np.isnan(scores).all(axis=1))
    together = np.full(len(scores), np.nan)
    labelled = np.array([place for place, row in enumerate(read.tolist()) if row in labels], dtype=np.intp)
    truth = np.array([labels[row] for row in read[labelled].tolist()], dtype=np.bool_)
    if not enough(truth):
        together[read] = np.nanmax(scores[read], axis=1, initial=0.0)
        return together
    x = _filled(scores[read])
    named = [groups[row] for row in read.tolist()]
    fold = fold_of(named, seed)
    columns = [_mixed(x, labelled[seen], truth[seen]) for k in range(FOLDS) for seen in [fold[labelled] != k]]
    together[read] = own_or_mean(np.stack(columns, axis=1), fold, known_groups(named, labelled))
    return together


def _filled(scores: Floats) -> Floats:
    """Leads' scores and the highest, float64 [n, leads + 1]; what one did not read is the mean of the others."""
    mean, highest = np.nanmean(scores, axis=1), np.nanmax(scores, axis=1)
    return np.column_stack([np.where(np.isnan(scores), mean[:, None], scores), highest])


def _mixed(x: Floats, taught: NDArray[np.intp], truth: NDArray[np.bool_]) -> Floats:
    """The mean of the columns of `x` with the shares that some labels teach, float64 [n]."""
    from scipy.optimize import nnls

    leads = x.shape[1]
    pull = np.sqrt(PULL)
    terms = np.vstack([x[taught], pull * np.eye(leads), np.full((1, leads), _EXACT)])
    wanted = np.concatenate([truth.astype(np.float64), np.full(leads, pull / leads), [_EXACT]])
    shares = nnls(terms, wanted)[0]
    return np.asarray(np.clip(x @ (shares / shares.sum()), 0.0, 1.0), dtype=np.float64)
