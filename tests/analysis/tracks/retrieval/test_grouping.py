"""Purity over chance: against plain loops and scikit-learn, on null data, and where nothing may change."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ortho_group
from sklearn.neighbors import NearestNeighbors

from analysis.base.records import ALL, SIDES, Metric
from analysis.stats import clopper_pearson
from analysis.tracks.retrieval.conditional import Strata, expectation, permutations, strata
from analysis.tracks.retrieval.grouping import (
    grouping,
    grouping_metrics,
    lift,
    pairs_of,
    permutation_p,
    wanted_lift,
)
from analysis.tracks.retrieval.similarity import values_of
from analysis.tracks.retrieval.vectors import EmbeddingSpace
from tests.analysis.tracks.retrieval.made_space import (
    categorical,
    grouped_vectors,
    mixed,
    multi_valued,
    numeric,
    space,
    unit,
)


def by_key(rows: list[Metric]) -> dict[tuple[str, str, str], Metric]:
    return {(row.name, row.slice, row.side): row for row in rows}


def test_purity_lift_equals_a_plain_loop() -> None:
    given = mixed(5)
    for attribute in given.attributes:
        rows, values = values_of(attribute)
        numbered = {int(row): at for at, row in enumerate(rows)}
        asked = [
            row
            for row in numbered
            if all(any(int(other) in numbered for other in given.neighbours[side][row]) for side in SIDES)
        ]
        for side in SIDES:
            purities, chances = [], []
            for row in asked:
                having = [int(other) for other in given.neighbours[side][row] if int(other) in numbered]
                mine = np.array([numbered[row]])
                alike = [float(values.similar(mine, np.array([numbered[o]]))[0]) for o in having]
                rest = [
                    float(values.similar(mine, np.array([at]))[0]) for r, at in numbered.items() if r != row
                ]
                purities.append(sum(alike) / len(alike))
                chances.append(sum(rest) / len(rest))
            expected = (np.mean(purities) - np.mean(chances)) / (1 - np.mean(chances))
            found = grouping(given, attribute, 0, draws=0).plain[side]
            assert found.value == pytest.approx(expected)
            assert found.n == len(asked)


def test_purity_of_labels_equals_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    theme = rng.integers(0, 3, 200)
    vectors = grouped_vectors(rng, theme, 1.0)
    given = space(vectors, vectors, [categorical("theme", [f"t{code}" for code in theme])], k=7)
    index = NearestNeighbors(n_neighbors=8, metric="cosine").fit(vectors)
    others = index.kneighbors(return_distance=False, n_neighbors=7)
    purity = (theme[others] == theme[:, None]).mean()
    counts = np.bincount(theme)
    chance = ((counts[theme] - 1) / 199).mean()
    found = grouping(given, given.attributes[0], 0, draws=0).plain["base"]
    assert found.value == pytest.approx((purity - chance) / (1 - chance))


def test_conditional_expectation_equals_the_mean_over_permutations() -> None:
    given = mixed(7)
    for attribute in given.attributes:
        rows, values = values_of(attribute)
        others = [one for one in given.attributes if one.wanted and one.name != attribute.name]
        split = strata(values, rows, others)
        assert split.count > 1
        pairs = pairs_of(given.neighbours, rows)["candidate"]
        exact = expectation(values, split)(pairs.owner, pairs.other) @ pairs.weight
        draw = permutations(split, 600, 3)
        drawn = np.array(
            [
                pairs.weight @ values.similar(order[pairs.owner], order[pairs.other])
                for order in (draw(number) for number in range(600))
            ]
        )
        assert exact == pytest.approx(drawn.mean(), abs=4 * drawn.std() / np.sqrt(600))


def test_permutations_stay_inside_strata_and_repeat_with_the_seed() -> None:
    split = Strata(np.arange(60) % 4, 4, ())
    one = permutations(split, 3, 9)
    for number in range(3):
        order = one(number)
        assert sorted(order) == list(range(60))
        assert (split.of[order] == split.of).all()
        assert order.tolist() == permutations(split, 3, 9)(number).tolist()
    assert one(0).tolist() != one(1).tolist()


def test_permutation_test_holds_its_level_on_shuffled_labels() -> None:
    rng = np.random.default_rng(11)
    theme = rng.integers(0, 4, 150)
    wanted = categorical("theme", [f"t{code}" for code in theme])
    vectors = grouped_vectors(rng, theme, 1.0)
    runs, alarms = 200, 0
    for run in range(runs):
        # Publishers follow the themes, and are otherwise given by chance.
        follows = rng.random(150) < 0.6
        publisher = np.where(follows, theme, rng.integers(0, 4, 150))
        unwanted = categorical("publisher", [f"p{code}" for code in publisher], wanted=False)
        given = space(vectors, vectors, [wanted, unwanted])
        alarms += grouping(given, unwanted, run, draws=39).p["base"] <= 0.05
    low, _ = clopper_pearson(int(alarms), runs, 0.99)
    assert low <= 0.05
    # The plain lift cannot tell: it is far from 0 though publishers say nothing beyond the theme.
    assert grouping(given, unwanted, 0, draws=0).plain["base"].value > 0.1


def test_intervals_cover_no_change_on_null_candidates() -> None:
    rng = np.random.default_rng(4)
    covered = failed = 0
    runs = 40
    for run in range(runs):
        theme, publisher = rng.integers(0, 4, (2, 200))
        latent = grouped_vectors(rng, theme, 1.0)
        sides = [latent + 0.15 * rng.normal(size=latent.shape) for _ in SIDES]
        attributes = [
            categorical("theme", [f"t{code}" for code in theme]),
            categorical("publisher", [f"p{code}" for code in publisher], wanted=False),
        ]
        rows = by_key(grouping_metrics(space(sides[0], sides[1], attributes), run, draws=1))
        wanted = rows["grouping_wanted_lift", ALL, "difference"]
        confound = rows["grouping_conditional_lift", "publisher", "difference"]
        assert wanted.low is not None
        assert wanted.high is not None
        assert confound.value is not None
        assert confound.low is not None
        covered += wanted.low <= 0 <= wanted.high
        failed += confound.value > 0.1 and confound.low > 0
    assert covered >= 34, "fewer, at a coverage of .95, in three of a thousand draws"
    assert failed == 0


def test_a_planted_direction_is_a_conditional_rise_and_more_theme_is_not() -> None:
    rng = np.random.default_rng(8)
    theme = rng.integers(0, 4, 400)
    publisher = np.where(rng.random(400) < 0.6, theme, rng.integers(0, 4, 400))
    attributes = [
        categorical("theme", [f"t{code}" for code in theme]),
        categorical("publisher", [f"p{code}" for code in publisher], wanted=False),
    ]
    base = grouped_vectors(rng, theme, 0.4)
    planted = base + grouped_vectors(rng, publisher, 1.0) * 0.6
    rows = by_key(grouping_metrics(space(base, planted, attributes), 0, draws=99))
    rise = rows["grouping_conditional_lift", "publisher", "difference"]
    assert rise.value is not None
    assert rise.value > 0.1
    assert rise.low is not None
    assert rise.low > 0
    assert rows["grouping_permutation_p", "publisher", "candidate"].value == 0.01
    more_theme = base + 2 * (grouped_vectors(np.random.default_rng(1), theme, 1.0))
    rows = by_key(grouping_metrics(space(base, more_theme, attributes), 0, draws=9))
    plain, conditional = (
        rows[name, "publisher", "difference"] for name in ("grouping_lift", "grouping_conditional_lift")
    )
    assert plain.value is not None
    assert plain.value > 0.15
    assert conditional.value == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("rotated", [False, True])
def test_base_against_itself_changes_nothing(rotated: bool) -> None:
    given = mixed(9)
    vectors = given.vectors["base"].astype(np.float64)
    turn = ortho_group.rvs(vectors.shape[1], random_state=2) if rotated else np.eye(vectors.shape[1])
    same = space(vectors, vectors @ turn, given.attributes)
    for row in grouping_metrics(same, 0, draws=9):
        assert row.status == "ok"
        if row.side == "difference":
            assert (row.value, row.low, row.high) == pytest.approx((0, 0, 0), abs=1e-9)


def test_all_alike_and_too_few_are_unknown_with_the_reason() -> None:
    vectors = np.random.default_rng(0).normal(size=(40, 8))
    attributes = [
        categorical("theme", [f"t{row % 4}" for row in range(40)]),
        categorical("same", ["x"] * 40, wanted=False),
        categorical("rare", ["a"] + [None] * 39, wanted=False),
        numeric("level", [3.0] * 40),
        multi_valued("tags", [[] for _ in range(40)], wanted=False),
        categorical("copy", [f"c{row % 4}" for row in range(40)], wanted=False),
    ]
    rows = by_key(grouping_metrics(space(vectors, vectors, attributes), 0, draws=9))
    for name, why in {
        "same": "nearly all alike",
        "level": "nearly all alike",
        "rare": "fewer than two",
        "tags": "fewer than two",
    }.items():
        row = rows["grouping_lift", name, "difference"]
        assert (row.value, row.status) == (None, "unknown")
        assert why in row.why
    # What the theme decides altogether leaves nothing to vary within strata.
    assert rows["grouping_lift", "copy", "base"].status == "ok"
    assert "theme all but determine it" in rows["grouping_conditional_lift", "copy", "base"].why


def test_strata_that_cannot_part_a_confounder_are_too_small() -> None:
    # Each theme has four items and one publisher: no stratum of five holds a single theme.
    theme = np.repeat(np.arange(20), 4)
    given = [
        categorical("theme", [f"t{code:02d}" for code in theme]),
        categorical("publisher", [f"p{code % 5}" for code in theme], wanted=False),
    ]
    vectors = np.random.default_rng(0).normal(size=(80, 8))
    found = grouping(space(vectors, vectors, given), given[1], 0, draws=9)
    assert "strata too small: theme" in found.conditional["base"].why
    assert np.isnan(found.p["base"])


def test_without_wanted_attributes_the_condition_is_all_items() -> None:
    vectors = np.random.default_rng(1).normal(size=(60, 8))
    only = categorical("publisher", [f"p{row % 3}" for row in range(60)], wanted=False)
    given = space(vectors, vectors, [only])
    found = grouping(given, only, 0, draws=9)
    assert found.strata.used == ()
    assert found.conditional["base"].value == pytest.approx(found.plain["base"].value, abs=1e-9)
    rows = by_key(grouping_metrics(given, 0, draws=9))
    assert rows["grouping_wanted_lift", ALL, "difference"].status == "unknown"


def test_the_mean_of_wanted_lifts_and_the_level_of_each_interval() -> None:
    given = mixed(3)
    groupings = [grouping(given, one, 0, draws=0) for one in given.attributes]
    lifts = [one.plain["candidate"].value for one in groupings if one.attribute.wanted]
    assert wanted_lift(groupings)["candidate"].value == pytest.approx(np.mean(lifts))
    rows = by_key(grouping_metrics(given, 0, draws=9))
    assert "interval at 0.9750" in rows["grouping_conditional_lift", "publisher", "difference"].method
    assert "interval at 0.9500" in rows["grouping_conditional_lift", "theme", "difference"].method
    assert "interval at 0.9500" in rows["grouping_lift", "publisher", "difference"].method


def test_p_is_exact_over_the_draws() -> None:
    given = mixed(6)
    rows, values = values_of(given.attributes[2])
    pairs = pairs_of(given.neighbours, rows)["candidate"]
    split = Strata(np.zeros(len(rows), np.int64), 1, ())
    draw = permutations(split, 50, 4)
    observed = lift(values, pairs, values.chance()[pairs.owner], rows).value
    at_least = 0
    for number in range(50):
        order = draw(number)
        sums = pairs.weight * values.similar(order[pairs.owner], order[pairs.other])
        chance = values.chance()[pairs.owner] * pairs.weight
        at_least += (sums.sum() - chance.sum()) / (pairs.weight.sum() - chance.sum()) >= observed - 1e-12
    assert permutation_p(values, pairs, split, 50, 4) == (1 + at_least) / 51


def test_fewer_other_items_than_k() -> None:
    vectors = unit(np.random.default_rng(2).normal(size=(4, 3))).astype(np.float64)
    given: EmbeddingSpace = space(vectors, vectors, [categorical("theme", ["a", "a", "b", "b"])])
    found = grouping(given, given.attributes[0], 0, draws=9)
    assert given.neighbours["base"].shape == (4, 3)
    assert found.plain["base"].value == pytest.approx(0)
