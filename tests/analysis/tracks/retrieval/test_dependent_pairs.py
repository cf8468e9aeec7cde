"""Variance over pairs that share items, against the sum over all pairs of pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.tracks.retrieval.dependent_pairs import Errors, interval, together, variance


def errors(seed: int, n: int = 12, pairs: int = 40) -> Errors:
    rng = np.random.default_rng(seed)
    owner = rng.integers(0, n, pairs)
    other = (owner + rng.integers(1, n, pairs)) % n
    return Errors(owner, other, rng.normal(size=pairs) + rng.normal(size=n)[owner])


@pytest.mark.parametrize("seed", range(20))
def test_variance_equals_the_sum_over_pairs_that_share_an_item(seed: int) -> None:
    one = errors(seed)
    ends = [{int(a), int(b)} for a, b in zip(one.owner, one.other, strict=True)]
    dyadic = sum(
        one.amount[i] * one.amount[j] for i in range(len(ends)) for j in range(len(ends)) if ends[i] & ends[j]
    )
    lists = sum(one.amount[one.owner == item].sum() ** 2 for item in range(12))
    assert variance(one) == pytest.approx(max(dyadic, lists))


def test_an_estimate_minus_itself_has_no_error() -> None:
    one = errors(1)
    assert variance(together([one, one.times(-1)])) == pytest.approx(0, abs=1e-25)
    assert variance(Errors(one.owner[:0], one.other[:0], one.amount[:0])) == 0


def test_separate_lists_give_the_students_interval_of_their_means() -> None:
    from scipy.stats import t

    values = np.random.default_rng(0).normal(size=30)
    owner = np.arange(30) * 2
    residual = (values - values.mean()) / 30
    found = interval(float(values.mean()), Errors(owner, owner + 1, residual), 30, 0.95)
    half = t.ppf(0.975, 29) * math.sqrt((residual**2).sum())
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half))


def test_one_item_bounds_nothing() -> None:
    found = interval(0.5, errors(2), 1, 0.95)
    assert (found.low, found.high) == (-math.inf, math.inf)
