"""Win rates: as voted, by judge, and as if both answers were of the same length."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from analysis.base.records import ALL, Metric
from analysis.stats import clopper_pearson
from analysis.tracks.response.preference import (
    NEVER,
    NO_DIFFERENCE,
    NO_PEOPLE,
    NOT_SHARED,
    length_controlled,
    preference_metrics,
    win_rate,
)
from tests.analysis.tracks.response.workbench import both, each, workbench


def _voted(votes: dict[str, list[str]], longer: list[int] | None = None) -> duckdb.DuckDBPyConnection:
    """A workbench with the votes of each judge, prompt by prompt, and answers longer than the base's 20 words."""
    n = max(len(some) for some in votes.values())
    records = each(n, lambda number: both((20, 20 + (longer[number] if longer else number % 5))))
    rows = [
        {"id": f"r{number:03d}", "judge": judge, "winner": winner}
        for judge, some in votes.items()
        for number, winner in enumerate(some)
    ]
    return workbench(records, votes=rows)


def _of(rows: list[Metric], name: str, slice_name: str = ALL) -> Metric:
    return next(row for row in rows if (row.name, row.slice) == (name, slice_name))


def test_a_tie_counts_half_and_bounds_hold_whatever_is_rounded() -> None:
    one = win_rate(np.array([1.0, 1.0, 0.5, 0.0]))
    assert (one.value, one.n) == (0.625, 4)
    assert (one.low, one.high) == (clopper_pearson(2, 4)[0], clopper_pearson(3, 4)[1])
    thirds = win_rate(np.full(3, 1 / 3))
    assert (thirds.low, thirds.high) == clopper_pearson(1, 3)
    with pytest.raises(ValueError, match="within 0 to 1"):
        win_rate(np.array([1.5]))


def test_two_wins_are_no_clear_preference() -> None:
    """A resampled interval would have no width here."""
    assert win_rate(np.ones(2)).low < 0.5


def test_the_bounds_cover_the_true_rate_with_ties() -> None:
    rng = np.random.default_rng(1)
    drawn = rng.choice([0.0, 0.5, 1.0], p=[0.2, 0.3, 0.5], size=(120, 40))
    covered = sum(one.low <= 0.65 <= one.high for one in map(win_rate, drawn))
    assert covered >= 112


def test_winners_that_depend_on_length_alone_come_out_even() -> None:
    """The raw win rate is far above one half, for the candidate writes more."""
    rng = np.random.default_rng(3)
    longer = rng.normal(12, 15, 1500)
    scores = (rng.random(1500) < 1 / (1 + np.exp(-2 * np.tanh(longer / longer.std())))).astype(float)
    assert scores.mean() > 0.65
    one = length_controlled(scores, longer, 0)
    assert one is not None
    assert one.low <= 0.5 <= one.high
    assert one.value == pytest.approx(0.5, abs=0.05)


def test_a_preference_that_has_nothing_to_do_with_length_stays() -> None:
    rng = np.random.default_rng(4)
    longer = rng.normal(10, 10, 1500)
    scores = (rng.random(1500) < 0.7).astype(float)
    one = length_controlled(scores, longer, 0)
    assert one is not None
    assert one.value == pytest.approx(0.7, abs=0.05)
    assert one.low > 0.6


def test_the_fit_is_the_logistic_regression_of_the_votes() -> None:
    """At the fitted coefficients the gradient of the penalised likelihood is zero; found here by plain search."""
    scores = np.array([1.0, 0.0, 1.0, 0.5, 1.0, 0.0, 1.0, 1.0])
    longer = np.array([9.0, -4.0, 6.0, 0.0, -2.0, 3.0, 12.0, 1.0])
    x = np.tanh(longer / longer.std())
    a, b = np.meshgrid(np.linspace(-1, 2, 301), np.linspace(-1, 4, 251), indexing="ij")
    logits = a[..., None] + b[..., None] * x
    fit = (scores * logits - np.logaddexp(0, logits)).sum(axis=-1) - a**2 / 200 - b**2 / 50
    best = a.ravel()[fit.argmax()]
    one = length_controlled(scores, longer, 0)
    assert one is not None
    assert one.value == pytest.approx(1 / (1 + np.exp(-best)), abs=4e-3)


def test_votes_that_length_decides_wholly_are_bounded() -> None:
    longer = np.linspace(-20, 20, 40)
    one = length_controlled((longer > 0).astype(float), longer, 0)
    assert one is not None
    assert one.value == pytest.approx(0.5, abs=1e-6)
    assert 0 <= one.low < 0.5 < one.high <= 1


def test_judges_share_a_prompt_and_one_that_never_prefers_is_left_out() -> None:
    votes = {
        "kind": ["tie"] * 6,
        "one": ["candidate"] * 4 + ["base"] * 2,
        "two": ["candidate"] * 3 + ["tie"] * 3,
    }
    rows = preference_metrics(_voted(votes), 0)
    rate = _of(rows, "win_rate")
    assert rate.value == pytest.approx((1 + 1 + 1 + 0.75 + 0.25 + 0.25) / 6)
    assert rate.n == 6
    assert "kind" in rate.why
    assert _of(rows, "win_rate_judge", "one").value == pytest.approx(4 / 6)
    assert (_of(rows, "win_rate_judge", "kind").value, _of(rows, "win_rate_judge", "kind").why) == (
        0.5,
        NEVER,
    )


def test_a_judge_that_never_prefers_alone_says_one_half() -> None:
    rows = preference_metrics(_voted({"only": ["tie"] * 8}), 0)
    rate = _of(rows, "win_rate")
    assert (rate.value, rate.n, rate.why, rate.status) == (0.5, 8, NEVER, "ok")
    assert _of(rows, "win_rate_length_controlled").why == NO_DIFFERENCE
    assert not [row for row in rows if row.name == "win_rate_judge"]
    (agreement,) = (row for row in rows if row.name == "judge_agreement")
    assert (agreement.slice, agreement.status, agreement.why) == ("only", "unknown", NO_PEOPLE)


def test_without_answers_of_like_length_the_controlled_rate_is_unknown() -> None:
    votes = ["candidate", "base", "candidate", "candidate"] * 5
    near = _of(preference_metrics(_voted({"": votes}), 0), "win_rate_length_controlled")
    assert (near.why, near.status) == ("", "ok")
    far = _of(
        preference_metrics(_voted({"": votes}, [20 + i for i in range(20)]), 0), "win_rate_length_controlled"
    )
    assert (far.status, far.value) == ("unknown", None)
    assert "cannot be told" in far.why


def test_no_votes_make_no_metrics() -> None:
    assert preference_metrics(workbench([both()] * 3), 0) == []


def test_a_judge_agrees_with_what_more_of_the_people_prefer() -> None:
    votes = {
        "ann": ["candidate"] * 6 + ["base"] * 4,
        "bob": ["candidate"] * 5 + ["base"] * 5,
        "good": ["candidate"] * 5 + ["tie"] + ["base"] * 4,
        "bad": ["base"] * 5 + ["candidate"] * 5,
    }
    rows = preference_metrics(_voted(votes), 0, ["ann", "bob"])
    agreement = {row.slice: row for row in rows if row.name == "judge_agreement"}
    assert set(agreement) == {"good", "bad"}
    good, bad = agreement["good"], agreement["bad"]
    # On the sixth prompt the people are of two minds, which is a tie.
    assert (good.value, good.n) == (1.0, 10)
    assert good.low is not None
    assert 0.5 < good.low < 1.0
    assert bad.value is not None
    assert bad.value < 0
    alone = preference_metrics(_voted({"ann": ["base"], "new": []}), 0, ["ann"])
    assert not [row for row in alone if row.name == "judge_agreement"]


def test_a_judge_of_other_prompts_is_not_known() -> None:
    rows = [
        {"id": "r000", "judge": "ann", "winner": "base"},
        {"id": "r001", "judge": "gpt", "winner": "base"},
    ]
    found = preference_metrics(workbench(each(2, lambda _: both((9, 9))), votes=rows), 0, ["ann"])
    (one,) = (row for row in found if row.name == "judge_agreement")
    assert (one.slice, one.status, one.why, one.n) == ("gpt", "unknown", NOT_SHARED, 0)


def _in_order(votes: list[tuple[int, str, str]]) -> duckdb.DuckDBPyConnection:
    """A workbench with votes of one judge as (prompt, side shown first, winner)."""
    rows = [
        {"id": f"r{number:03d}", "judge": "gpt", "first": first, "winner": winner}
        for number, first, winner in votes
    ]
    return workbench(each(20, lambda _: both((9, 9))), votes=rows)


def test_a_judge_that_takes_the_first_answer_prefers_neither() -> None:
    """Judged in both orders it says another thing in each: ties, and all of its votes are for the first."""
    both_orders = [(number, side, side) for number in range(20) for side in ("base", "candidate")]
    rows = preference_metrics(_in_order(both_orders), 0)
    assert (_of(rows, "win_rate").value, _of(rows, "win_rate").n) == (0.5, 20)
    first = _of(rows, "judge_first", "gpt")
    assert (first.value, first.n) == (1.0, 40)
    assert (first.low, first.high) == clopper_pearson(40, 40)


def test_a_judge_that_looks_is_as_often_for_the_first_as_not() -> None:
    both_orders = [(number, side, "candidate") for number in range(20) for side in ("base", "candidate")]
    rows = preference_metrics(_in_order(both_orders), 0)
    assert (_of(rows, "win_rate").value, _of(rows, "judge_first", "gpt").value) == (1.0, 0.5)
    once = preference_metrics(_in_order([(0, "base", "tie")]), 0)
    assert _of(once, "judge_first", "gpt").status == "unknown"


def test_a_vote_in_one_order_and_a_tie_in_the_other_are_a_tie() -> None:
    rows = preference_metrics(_in_order([(0, "base", "candidate"), (0, "candidate", "tie")]), 0)
    assert _of(rows, "win_rate").value == 0.5
