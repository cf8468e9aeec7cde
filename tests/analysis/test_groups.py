"""Groups that hold more of what got worse: the tests against references, planted groups found, hard ones not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control, hypergeom

from analysis.stats.discoveries import benjamini_hochberg, hypergeometric_at_least
from analysis.stats.groups import Properties, Units, discovered, held_against_all, told_apart


def units(worse: list[int], better: list[int], n: int, cluster: list[int] | None = None) -> Units:
    lost, won = np.zeros(n, bool), np.zeros(n, bool)
    lost[worse], won[better] = True, True
    return Units(lost, won, np.array(cluster if cluster is not None else range(n), np.int64))


def mask(refs: range | list[int], n: int) -> np.ndarray:
    made = np.zeros(n, bool)
    made[list(refs)] = True
    return made


@pytest.mark.parametrize(
    ("hits", "drawn", "marked", "total"), [(9, 12, 60, 1000), (0, 5, 3, 20), (3, 3, 3, 9), (4, 10, 15, 20)]
)
def test_the_hypergeometric_tail_is_that_of_scipy(hits: int, drawn: int, marked: int, total: int) -> None:
    expected = hypergeom.sf(hits - 1, total, marked, drawn)
    assert hypergeometric_at_least(hits, drawn, marked, total) == pytest.approx(expected, rel=1e-9)


def test_the_hypergeometric_tail_refuses_counts_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="need 0 <= hits"):
        hypergeometric_at_least(5, 4, 10, 20)


def test_discoveries_are_those_of_scipy() -> None:
    p = [0.001, 0.009, 0.02, 0.03, 0.2, 0.9, 0.04]
    assert benjamini_hochberg(p, 0.05) == [bool(one <= 0.05) for one in false_discovery_control(p)]
    assert benjamini_hochberg([], 0.05) == []
    with pytest.raises(ValueError, match="need 0 <= p <= 1"):
        benjamini_hochberg([1.5], 0.05)


def test_a_group_of_what_got_worse_is_told_and_one_that_is_merely_hard_is_not() -> None:
    n = 400
    concentrated, hard = mask(range(40), n), mask(range(100, 140), n)
    found = units([*range(12), *range(100, 112), 300], [*range(112, 124), 350], n)
    told = told_apart([concentrated, hard, mask(range(200, 300), n)], found, 0.05, [False] * 3)
    assert told[0] is not None
    assert (told[0].worse, told[0].inside, told[0].all_worse) == (12, 40, 25)
    assert told[1] is None, "as many got better in it"
    assert told[2] is None
    assert held_against_all(hard, found).over_p < 0.01 < held_against_all(hard, found).sign_p


def test_examples_of_one_cluster_count_once() -> None:
    n = 200
    group, worse = mask(range(12), n), list(range(12))
    one_template = [0] * 12 + list(range(1, n - 11))
    apart = held_against_all(group, units(worse, [], n))
    together = held_against_all(group, units(worse, [], n, one_template))
    assert apart.p < 0.001
    assert together.p >= 0.05
    assert held_against_all(group, units(worse, [], n, one_template), by_example=True).p == apart.p


def test_a_pair_of_properties_is_found_on_one_half_and_confirmed_on_the_other() -> None:
    rng = np.random.default_rng(3)
    n = 1_200
    literals = rng.random((n, 30)) < 0.3
    pair = literals[:, 4] & literals[:, 9]
    worse = np.where(pair, rng.random(n) < 0.5, rng.random(n) < 0.03)
    better = ~worse & (rng.random(n) < 0.03)
    made = Units(worse, better, np.arange(n))
    first = rng.random(n) < 0.5
    found = discovered(Properties.of(literals.T, n), made, first, 0.10, 12)
    assert found[0].literals == (4, 9)
    assert found[0].confirmed.n in (int(first.sum()), int((~first).sum()))
    assert found[0].whole.worse == int((pair & worse).sum())


@pytest.mark.parametrize("n", [7, 4_096, 9_001])
def test_counts_of_properties_are_those_of_their_masks(n: int) -> None:
    rng = np.random.default_rng(n)
    masks = rng.random((12, n)) < 0.3
    which = rng.random(n) < 0.6
    properties = Properties.of(masks, n)
    assert (properties.having([3]) == masks[3]).all()
    assert (properties.having([3, 8]) == (masks[3] & masks[8])).all()
    assert (properties.counts(which) == masks[:, which].sum(axis=1)).all()
    few = masks[[1, 5, 11]][:, which].astype(int)
    assert (properties.together(np.array([1, 5, 11]), which) == few @ few.T).all()
    assert Properties.of([], n).counts(which).shape == (0,)


def test_nothing_is_confirmed_where_nothing_was_planted() -> None:
    confirmed = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n = 600
        literals = rng.random((n, 40)) < 0.25
        # One property is hard for both sides: whatever has it changes often, either way.
        churn = np.where(literals[:, 0], 0.2, 0.03)
        drawn = rng.random(n)
        made = Units(drawn < churn, drawn > 1 - churn, np.arange(n))
        confirmed += bool(discovered(Properties.of(literals.T, n), made, rng.random(n) < 0.5, 0.10, 10))
    assert confirmed <= 4, "of 20 at a level of .10: 5 or more has a probability of 4 %"


def test_one_half_alone_confirms_nothing() -> None:
    n = 100
    made = units(list(range(10)), [], n)
    assert discovered(Properties.of([np.ones(n, bool)], n), made, np.ones(n, bool), 0.10, 5) == []
