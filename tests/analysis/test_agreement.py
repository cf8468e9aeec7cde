"""How far people agree, and how many examples a margin needs, against numbers worked out elsewhere."""

from __future__ import annotations

import pytest

from analysis.stats import clopper_pearson
from analysis.stats.agreement import gwet_ac1, gwet_ac1_bounds
from analysis.stats.margins import examples_needed
from analysis.stats.paired import tango_interval


def test_ac1_of_a_worked_example() -> None:
    """Gwet (2008), two raters: 118 + and 2 - agreed, 5 disagreed: AC1 .96 where kappa is .43."""
    judged = [["+", "+"]] * 118 + [["-", "-"]] * 2 + [["+", "-"]] * 5
    share = (2 * 118 + 5) / 250
    by_chance = 2 * share * (1 - share)
    assert gwet_ac1(judged) == pytest.approx((120 / 125 - by_chance) / (1 - by_chance))
    assert gwet_ac1(judged) > 0.95


def test_ac1_does_not_depend_on_order_and_is_one_where_all_agree() -> None:
    judged = [["a", "b", "a"], ["b", "b"], ["a", "a"]]
    turned = [list(reversed(said)) for said in reversed(judged)]
    assert gwet_ac1(judged) == pytest.approx(gwet_ac1(turned))
    assert gwet_ac1([["a", "a"], ["b", "b", "b"]]) == 1
    assert gwet_ac1([["a", "a"]]) == 1
    assert gwet_ac1([["a", "b"], ["b", "a"]]) == -1


@pytest.mark.parametrize("judged", [[], [["a"]]])
def test_ac1_needs_two_judges(judged: list[list[str]]) -> None:
    with pytest.raises(ValueError, match="needs"):
        gwet_ac1(judged)


@pytest.mark.parametrize(
    ("broken", "fixed", "n", "margin"), [(2, 3, 60, 0.05), (20, 20, 1300, 0.02), (0, 0, 30, 0.1)]
)
def test_the_number_needed_is_the_least_that_excludes_the_margin(
    broken: int, fixed: int, n: int, margin: float
) -> None:
    needed = examples_needed(broken, fixed, n, margin)
    assert needed is not None

    def low(size: int) -> float:
        lost, won = max(broken, 0.5) / n, max(fixed, 0.5) / n
        return tango_interval(size * lost, size * won, size)[0]

    assert low(needed) > -margin >= low(needed - 1)


def test_no_number_excludes_a_loss_that_was_seen() -> None:
    assert examples_needed(6, 0, 60, 0.1) is None
    assert examples_needed(6, 1, 60, 0.1) is not None
    with pytest.raises(ValueError, match="margin"):
        examples_needed(1, 1, 0, 0.1)


def test_bounds_of_two_judges_hold_the_coefficient_and_are_wide_on_few_items() -> None:
    first, second = ["a"] * 6 + ["b"] * 4, ["a"] * 5 + ["b"] * 5
    low, high = gwet_ac1_bounds(first, second)
    assert low < gwet_ac1(list(zip(first, second, strict=True))) < high <= 1
    assert gwet_ac1_bounds(["a"] * 3, ["a"] * 3) == clopper_pearson(3, 3)
    with pytest.raises(ValueError, match="needs an item"):
        gwet_ac1_bounds([], [])
