"""The sequential test of a rank: its level is exact, its p holds every level, and it ends as the full test does."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.stats.sequential_ranks import Look, SequentialTest
from analysis.tracks.intent.chance import AGAINST_CHANCE, FIRST
from analysis.tracks.intent.faithfulness import CHANCE_LEVEL, RANKINGS


def p_of(test: SequentialTest, as_large: NDArray[np.bool_]) -> tuple[int, float]:
    """How many references one test took, and its p."""
    counts = np.cumsum(as_large)
    for look in test.looks:
        p = test.p(look, int(counts[look.references - 1]))
        if p is not None:
            return look.references, p
    raise AssertionError("a test ended nowhere")


def test_one_look_is_the_test_of_phipson_and_smyth() -> None:
    test = SequentialTest([Look(19, 1, 2)])
    assert [test.p(test.looks[0], k) for k in range(20)] == pytest.approx([(1 + k) / 20 for k in range(20)])
    assert test.level == pytest.approx(0.10)


def test_two_looks_by_hand() -> None:
    test = SequentialTest([Look(1, -1, 1), Look(2, 0, 1)])
    # Of three values in random order the first is the largest with 1/3; it is behind the second with 1/2.
    assert test.level == pytest.approx(1 / 3)
    assert test.p(test.looks[1], 0) == pytest.approx(1 / 3)
    assert test.p(test.looks[1], 1) == pytest.approx(1 / 2)
    assert test.p(test.looks[0], 1) == pytest.approx(1.0)
    assert test.p(test.looks[0], 0) is None


def test_a_ranking_of_chance_beats_it_as_often_as_stated() -> None:
    rng = np.random.default_rng(0)
    draws = 20_000
    own, chance = rng.random(draws), rng.random((draws, RANKINGS))
    found = np.array([p_of(AGAINST_CHANCE, row >= value)[1] for value, row in zip(own, chance, strict=True)])
    for level in (0.05, 0.06, 0.08, CHANCE_LEVEL, 0.15, 0.3):
        assert (found <= level).mean() <= level + 4 * np.sqrt(level * (1 - level) / draws)
    assert (found <= CHANCE_LEVEL).mean() == pytest.approx(AGAINST_CHANCE.level, abs=0.009)


def test_the_test_of_a_licence_is_as_declared() -> None:
    assert 0.095 < AGAINST_CHANCE.level <= CHANCE_LEVEL
    assert AGAINST_CHANCE.looks[-1].references == RANKINGS
    assert FIRST in {look.references for look in AGAINST_CHANCE.looks}
    for look in AGAINST_CHANCE.looks:
        for k in range(look.references + 1):
            p, verdict = AGAINST_CHANCE.p(look, k), AGAINST_CHANCE.verdict(look, k)
            # What no way through the earlier looks reaches has no p.
            assert p is None or (p <= CHANCE_LEVEL) == verdict


@pytest.mark.parametrize("tail", [0.0, 0.02, 0.3, 0.5])
def test_a_clear_ranking_takes_few_references(tail: float) -> None:
    rng = np.random.default_rng(1)
    taken, agreed = [], []
    for _ in range(400):
        as_large = rng.random(RANKINGS) < tail
        references, p = p_of(AGAINST_CHANCE, as_large)
        taken.append(references)
        agreed.append((p <= CHANCE_LEVEL) == (as_large.sum() <= 9))
    assert np.mean(taken) < RANKINGS / 2
    assert np.mean(agreed) > 0.99


@pytest.mark.parametrize(
    "looks", [[], [Look(5, -1, 3), Look(5, 0, 1)], [Look(5, 0, 2)], [Look(9, 0, 1), Look(4, 0, 1)]]
)
def test_looks_that_decide_nothing_are_refused(looks: list[Look]) -> None:
    with pytest.raises(ValueError, match="look"):
        SequentialTest(looks)
