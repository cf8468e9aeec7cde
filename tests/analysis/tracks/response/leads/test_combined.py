"""Several leads together are no worse than their best, and the second draw is of what a head is least sure of."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from analysis.tracks.response.leads.combined import combined_scores


def _leads(n: int, seed: int, share: float = 0.25) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Truth, a good lead, another good one that errs elsewhere, and one that says nothing."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < share
    good = np.clip(0.7 * truth + 0.15 + rng.normal(0, 0.25, n), 0, 1)
    other = np.where(rng.random(n) < 0.8, truth, rng.random(n) < 0.1).astype(np.float64)
    return truth, good, other, rng.random(n)


def _refs(n: int) -> list[str]:
    return [f"p{row // 2}" for row in range(n)]


@pytest.mark.parametrize("seed", range(4))
def test_together_is_no_worse_than_the_best_alone(seed: int) -> None:
    truth, good, other, noise = _leads(800, seed)
    labels = {row: bool(truth[row]) for row in range(240)}
    for leads in ([good, other], [good, noise], [good, other, noise]):
        scores = combined_scores(np.column_stack(leads), _refs(800), labels)
        best = max(roc_auc_score(truth[240:], one[240:]) for one in leads)
        assert roc_auc_score(truth[240:], scores[240:]) > best - 0.01
        error = ((scores - truth)[240:] ** 2).mean()
        assert error < min(((one - truth)[240:] ** 2).mean() for one in leads) + 0.005
    both = combined_scores(np.column_stack([good, other]), _refs(800), labels)
    assert roc_auc_score(truth, both) > max(roc_auc_score(truth, good), roc_auc_score(truth, other)) + 0.005


def test_one_lead_stays_as_it_is() -> None:
    truth, good, _, _ = _leads(100, 0)
    scores = combined_scores(good[:, None], _refs(100), {row: bool(truth[row]) for row in range(60)})
    assert scores == pytest.approx(good)


def test_before_there_are_labels_it_is_the_highest_that_read() -> None:
    nothing = float("nan")
    scores = np.array([[0.2, 0.7], [nothing, 0.1], [nothing, nothing]])
    together = combined_scores(scores, ["a", "b", "c"], {0: True})
    assert together[:2] == pytest.approx([0.7, 0.1])
    assert np.isnan(together[2])
    assert np.isnan(combined_scores(np.zeros((2, 0)), ["a", "b"], {})).all()
    assert combined_scores(np.zeros((0, 2)), [], {}).shape == (0,)


def test_what_one_lead_did_not_read_the_others_tell() -> None:
    truth, good, other, _ = _leads(400, 1)
    scores = np.column_stack([good, other])
    scores[::3, 0] = np.nan
    scores[5] = np.nan
    labels = {row: bool(truth[row]) for row in range(200)}
    together = combined_scores(scores, _refs(400), labels)
    assert np.isnan(together[5])
    kept = ~np.isnan(together)
    assert kept.sum() == 399
    assert roc_auc_score(truth[kept], together[kept]) > 0.9


def test_a_label_does_not_reach_its_own_prompt() -> None:
    truth, good, other, _ = _leads(120, 2)
    scores = np.column_stack([good, other])
    labels = {row: bool(truth[row]) for row in range(80)}
    before = combined_scores(scores, _refs(120), labels)
    after = combined_scores(scores, _refs(120), labels | {4: not truth[4]})
    assert np.array_equal(before[4:6], after[4:6])
    assert not np.array_equal(before, after)
