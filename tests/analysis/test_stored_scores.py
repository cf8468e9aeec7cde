"""The precision in which attribution scores are kept."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.attribution.stored_scores import MOST_STEPS, in_steps


@pytest.mark.parametrize("scale", [1e-40, 1e-12, 0.01, 1.0, 37.5, 3e38])
def test_a_score_moves_by_less_than_a_two_thousandth_of_the_largest(scale: float) -> None:
    scores = (np.random.default_rng(1).standard_normal(400) * scale / 5).astype(np.float32)
    kept = in_steps(scores)
    largest = float(np.abs(scores).max())
    moved = np.abs(kept.astype(np.float64) - scores.astype(np.float64))
    assert moved.max() <= largest / 2000
    assert len(np.unique(kept)) > 100
    assert np.array_equal(in_steps(kept), kept), "what is kept is kept as it is"


def test_scores_are_whole_steps_of_a_power_of_two() -> None:
    kept = in_steps(np.array([2047.9, -1023.4, 0.4, 0.0], dtype=np.float32))
    assert kept.tolist() == [2048.0, -1024.0, 0.0, 0.0], "the largest takes steps of two: 1,024 of them"
    scores = in_steps(np.array([5.5, -0.3, 1e-6], dtype=np.float32)).astype(np.float64)
    steps = scores / 2.0**-8
    assert np.array_equal(steps, np.rint(steps))
    assert np.abs(steps).max() <= MOST_STEPS


def test_what_is_no_number_is_zero() -> None:
    given = np.array([np.nan, np.inf, -np.inf, 1.0], dtype=np.float32)
    assert in_steps(given).tolist() == [0.0, 0.0, 0.0, 1.0]
    assert in_steps(np.zeros(3, dtype=np.float32)).tolist() == [0.0, 0.0, 0.0]
    assert in_steps(np.zeros(0, dtype=np.float32)).tolist() == []
