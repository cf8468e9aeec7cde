"""Net rises from a labelled sample and leads: by hand, against NumPy and SciPy, at their edges, and by simulation."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import beta, norm

from analysis.stats import (
    LOOKS,
    LeadMoments,
    lead_moments,
    look_at,
    look_share,
    looks,
    mcnemar_one_sided,
    net_rise,
    pairs_needed,
    tango_interval,
)

Label = tuple[float, float]
Floats = NDArray[np.float64]
ALPHA = 0.05 / 15

bounds = st.sampled_from([(-1.0, -1.0), (0.0, 0.0), (1.0, 1.0), (-1.0, 0.0), (0.0, 1.0), (-1.0, 1.0)])
scores = st.floats(-1, 1)


def told(worse: int, better: int, same: int) -> list[Label]:
    """Labels of which both sides were told, the differing ones first."""
    return [(1.0, 1.0)] * worse + [(-1.0, -1.0)] * better + [(0.0, 0.0)] * same


def answers(n: int, net: float, churn: float, seed: int) -> tuple[Floats, Floats]:
    """Differences of n prompts, and leads that find two thirds of harm and err on one answer in twenty."""
    rng = np.random.default_rng(seed)
    where = rng.random(n)
    d = (where < net + churn).astype(float) - (where > 1 - churn)
    hits = rng.random((2, n)) < np.where(np.stack([d == 1, d == -1]), 0.67, 0.05)
    return d, hits[0].astype(float) - hits[1]


def both(values: Floats) -> list[Label]:
    return [(value, value) for value in values.tolist()]


# looks


def test_looks_end_with_all_prompts() -> None:
    assert looks(400) == (120, 200, 400)
    assert looks(1_000) == (120, 200, 400, 1_000)
    assert looks(150) == (120, 150)
    assert looks(120) == (120,)
    assert looks(30) == (30,)


@pytest.mark.parametrize("of", [1, 30, 120, 121, 200, 350, 400, 401, 100_000])
def test_shares_of_the_looks_that_can_be_reached_are_the_whole_error(of: int) -> None:
    assert sum(look_share(look, of) for look in looks(of)) == pytest.approx(1)


def test_looks_that_cannot_be_reached_leave_their_share() -> None:
    assert look_share(30, 30) == 1
    assert look_share(120, 150) > look_share(120, 400) > look_share(120, 1_000) > 0.5


def test_nobody_chooses_his_moment() -> None:
    done = [False] * 400
    seen = set()
    for at in range(400):
        done[at] = True
        seen.add(look_at(done[: at + 1], 400))
    assert seen == {None, *LOOKS}


def test_a_gap_in_the_order_ends_what_is_read() -> None:
    done = [True] * 400
    assert look_at(done, 400) == 400
    done[199] = False
    assert look_at(done, 400) == 120
    done[0] = False
    assert look_at(done, 400) is None
    assert look_at([True] * 79, 80) is None
    assert look_at([True] * 80, 80) == 80
    assert look_at([], 400) is None
    assert look_at([], 0) is None


# by hand, and against other software


def test_labels_alone_are_tango_and_mcnemar_at_the_share_of_the_look() -> None:
    rise = net_rise(told(12, 2, 106), [], LeadMoments(400))
    share = look_share(120, 400)
    assert rise.value == pytest.approx(10 / 120)
    assert (rise.low, rise.high) == pytest.approx(tango_interval(2, 12, 120, 1 - 0.05 * share))
    assert rise.p == pytest.approx(106 / 2**14 / share)
    assert (rise.weight, rise.labelled, rise.population, rise.unsure) == (0, 120, 400, 0)


def test_four_labels_of_eight_by_hand() -> None:
    lead = [1.0, 0.0, 0.0, -1.0]
    rise = net_rise(told(1, 0, 2) + told(0, 1, 0), lead, lead_moments([*lead, 1, 1, 0, 0]), at_once=True)
    # Variances 2/3 among the labelled and 1/2 over all; the lead is right, so l is 1 and the value the lead's mean.
    assert rise.weight == 1
    assert rise.value == pytest.approx(1 / 4)
    # It explains 2/3 of 2/3 + 2/4, half of it for the half that is not labelled: 4 pairs tell as much as 5.6.
    explained = (2 / 3) / (2 / 3 + 2 / 4)
    pairs = 4 / (1 - explained / 2)
    assert pairs == pytest.approx(5.6)
    worse, better = pairs * (1 / 2 + 1 / 4) / 2, pairs * (1 / 2 - 1 / 4) / 2
    assert (rise.low, rise.high) == pytest.approx(tango_interval(better, worse, pairs))
    assert rise.p == pytest.approx(beta.cdf(0.5, worse, better + 1))


def _reference(ys: Floats, fs: Floats, everyone: Floats, tail: float) -> tuple[float, ...]:
    """Weight, value, interval and p from the full lists; Tango's interval by maximising the likelihood."""
    n, of = len(ys), len(everyone)
    spread = max(fs.var(ddof=1), everyone.var(ddof=1))
    shared = np.cov(ys, fs)[0, 1]
    weight = min(1.0, max(0.0, shared / spread))
    value = weight * everyone.mean() + (ys - weight * fs).mean()
    explained = (2 * weight * shared - weight**2 * spread) / (ys.var(ddof=1) + 2 / n)
    pairs = n / (1 - (1 - n / of) * explained)
    churn = max(np.abs(ys).mean(), abs(value))
    worse, better = pairs * (churn + value) / 2, pairs * (churn - value) / 2

    def score(rise: float) -> float:
        def unlikely(share: float) -> float:
            same = pairs - worse - better
            return -float(
                worse * math.log(share + rise)
                + better * math.log(share)
                + same * math.log(1 - 2 * share - rise)
            )

        inside = (max(0, -rise) + 1e-12, (1 - rise) / 2 - 1e-12)
        share = minimize_scalar(unlikely, bounds=inside, method="bounded", options={"xatol": 1e-12}).x
        return float((worse - better - pairs * rise) / math.sqrt(pairs * (2 * share + rise - rise**2)))

    z = norm.isf(tail)
    low = brentq(lambda rise: score(rise) - z, -0.9, value)
    high = brentq(lambda rise: score(rise) + z, value, 0.9)
    return weight, value, low, high, beta.cdf(0.5, worse, better + 1)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("n", "of"), [(120, 400), (200, 1_000)])
def test_a_reference_with_numpy_and_scipy_agrees(n: int, of: int, seed: int) -> None:
    d, f = answers(of, 0.05, 0.03, seed)
    rise = net_rise(both(d[:n]), f[:n].tolist(), lead_moments(f.tolist()))
    share = look_share(n, of)
    weight, value, low, high, p = _reference(d[:n], f[:n], f, 0.025 * share)
    assert 0 < rise.weight < 1
    assert (rise.weight, rise.value) == pytest.approx((weight, value))
    assert (rise.low, rise.high) == pytest.approx((low, high), abs=1e-5)
    assert rise.p == pytest.approx(min(1, p / share))


# where a lead must not count


def test_all_labelled_is_the_exact_test_whatever_the_lead() -> None:
    d, f = answers(150, 0.06, 0.03, 3)
    rise = net_rise(both(d), f.tolist(), lead_moments(f.tolist()))
    worse, better = int((d == 1).sum()), int((d == -1).sum())
    share = look_share(150, 150)
    assert rise.p == mcnemar_one_sided(worse, better) / share
    assert (rise.low, rise.high) == tango_interval(better, worse, 150, 1 - 0.05 * share)
    assert rise.value == pytest.approx((worse - better) / 150)
    assert rise.weight == 0


def test_a_lead_that_says_nothing_or_the_opposite_is_labels_alone() -> None:
    d, f = answers(400, 0.06, 0.03, 3)
    alone = net_rise(both(d[:120]), [], LeadMoments(400))
    assert net_rise(both(d[:120]), [0.25] * 120, LeadMoments(400, 0.25, 0.0)) == alone
    opposite = net_rise(both(d[:120]), (-f[:120]).tolist(), lead_moments((-f).tolist()))
    assert opposite == alone


def test_a_chattier_candidate_moves_nothing() -> None:
    """A detector that hits one side more on prompts alike lifts leads and their mean alike."""
    d, f = answers(400, 0.0, 0.03, 5)
    rise = net_rise(both(d[:120]), f[:120].tolist(), lead_moments(f.tolist()))
    lifted = net_rise(both(d[:120]), (f[:120] / 2 + 0.3).tolist(), lead_moments((f / 2 + 0.3).tolist()))
    assert rise.weight < 0.5
    assert lifted.value == pytest.approx(rise.value)
    assert (lifted.low, lifted.high) == pytest.approx((rise.low, rise.high))


def test_nothing_that_differs_still_has_a_width() -> None:
    rise = net_rise(told(0, 0, 120), [0.0] * 119 + [1.0], LeadMoments(400, 0.01, 0.01))
    assert rise.value == 0
    assert rise.low < -0.03
    assert rise.high > 0.03
    assert rise.p == 1


# what nobody could tell


def test_who_cannot_tell_anything_decides_nothing() -> None:
    rise = net_rise([(-1.0, 1.0)] * 400, [1.0] * 400, LeadMoments(400, 1.0, 0.0))
    assert (rise.value, rise.low, rise.high, rise.p, rise.unsure) == (0, -1, 1, 1, 400)
    assert pairs_needed(net_rise([(-1.0, 1.0)] * 120, [], LeadMoments(400)), 0.10, ALPHA) is None


def test_cannot_tell_is_worst_above_and_best_below() -> None:
    unsure = net_rise([(0.0, 1.0)] * 4 + told(6, 2, 108), [], LeadMoments(400))
    worst = net_rise(told(10, 2, 108), [], LeadMoments(400))
    best = net_rise(told(6, 2, 112), [], LeadMoments(400))
    assert unsure.high == worst.high
    assert (unsure.low, unsure.p) == (best.low, best.p)
    assert unsure.value == pytest.approx((worst.value + best.value) / 2)
    assert unsure.unsure == 4


@given(st.lists(st.tuples(bounds, scores), min_size=2, max_size=40), st.lists(scores, max_size=40))
@settings(max_examples=60, deadline=None)
def test_bounds_hold_the_value(labelled: list[tuple[Label, float]], rest: list[float]) -> None:
    labels, leads = [label for label, _ in labelled], [lead for _, lead in labelled]
    everyone = lead_moments(leads + rest)
    rise = net_rise(labels, leads, everyone, at_once=True)
    assert -1 <= rise.low <= rise.value + 1e-9
    assert rise.value - 1e-9 <= rise.high <= 1
    assert 0 <= rise.p <= 1
    assert 0 <= rise.weight <= 1


@given(st.lists(st.tuples(bounds, scores), min_size=2, max_size=40), st.lists(scores, max_size=40))
@settings(max_examples=60, deadline=None)
def test_the_sides_are_alike_and_the_order_is_none(
    labelled: list[tuple[Label, float]], rest: list[float]
) -> None:
    labels, leads = [label for label, _ in labelled], [lead for _, lead in labelled]
    rise = net_rise(labels, leads, lead_moments(leads + rest), at_once=True)
    swapped = net_rise(
        [(-most, -least) for least, most in labels],
        [-lead for lead in leads],
        lead_moments([-lead for lead in leads + rest]),
        at_once=True,
    )
    assert (swapped.low, swapped.high) == pytest.approx((-rise.high, -rise.low), abs=1e-9)
    assert swapped.value == pytest.approx(-rise.value, abs=1e-9)
    shuffled = random.Random(1).sample(labelled, len(labelled))
    again = net_rise(
        [label for label, _ in shuffled],
        [lead for _, lead in shuffled],
        lead_moments(rest + leads),
        at_once=True,
    )
    assert (again.low, again.high, again.p) == pytest.approx((rise.low, rise.high, rise.p), abs=1e-9)


@given(st.lists(scores, min_size=2, max_size=60))
def test_moments_are_those_of_numpy(leads: list[float]) -> None:
    moments = lead_moments(leads)
    assert moments.n == len(leads)
    assert moments.mean == pytest.approx(np.mean(leads), abs=1e-12)
    assert moments.variance == pytest.approx(np.var(leads, ddof=1), abs=1e-12)


def test_moments_of_few() -> None:
    assert lead_moments([]) == LeadMoments(0, 0.0, 0.0)
    assert lead_moments([0.5]) == LeadMoments(1, 0.5, 0.0)


# how many are needed


@pytest.mark.parametrize(
    ("worse", "better", "limit"), [(3, 3, 0.05), (6, 6, 0.05), (6, 3, 0.08), (6, 0, 0.02)]
)
def test_the_look_that_is_needed_decides_if_the_rest_is_alike(worse: int, better: int, limit: float) -> None:
    def at(look: int) -> bool:
        share_worse, share_better = round(worse * look / 120), round(better * look / 120)
        labels = told(share_worse, share_better, look - share_worse - share_better)
        rise = net_rise(labels, [], LeadMoments(10_000))
        return rise.high < limit or rise.p <= ALPHA

    rise = net_rise(told(worse, better, 120 - worse - better), [], LeadMoments(10_000))
    decided = next(look for look in looks(10_000) if at(look))
    assert decided > 120
    assert pairs_needed(rise, limit, ALPHA) == decided


def test_what_is_decided_needs_no_more() -> None:
    assert pairs_needed(net_rise(told(1, 1, 118), [], LeadMoments(400)), 0.10, ALPHA) == 120
    assert pairs_needed(net_rise(told(25, 1, 94), [], LeadMoments(400)), 0.10, ALPHA) == 120


def test_what_all_prompts_would_not_decide_needs_none() -> None:
    rise = net_rise(told(6, 3, 111), [], LeadMoments(200))
    assert pairs_needed(rise, 0.025, ALPHA) is None


def test_a_rate_of_nothing_is_not_believed() -> None:
    """Where no pair differed, half a pair each way is taken to: 0 of 120 does not promise 0 of 400."""
    rise = net_rise(told(0, 0, 120), [], LeadMoments(400))
    exact = net_rise(told(0, 0, 400), [], LeadMoments(400)).high
    assert exact < 0.018 < rise.high
    assert pairs_needed(rise, 0.018, ALPHA) is None
    assert pairs_needed(rise, 0.03, ALPHA) in (200, 400)


def test_a_good_lead_needs_fewer() -> None:
    d, _ = answers(1_000, 0.0, 0.05, 11)
    lead = np.where(np.arange(1_000) % 40 == 0, 0.0, d)
    alone = pairs_needed(net_rise(both(d[:120]), [], LeadMoments(1_000)), 0.06, ALPHA)
    led = pairs_needed(net_rise(both(d[:120]), lead[:120].tolist(), lead_moments(lead.tolist())), 0.06, ALPHA)
    assert alone is not None
    assert led is not None
    assert led < alone


# what is refused


@pytest.mark.parametrize(
    ("labels", "leads", "population", "words"),
    [
        ([], [], LeadMoments(400), "need labels"),
        (told(0, 0, 120), [], LeadMoments(100), "at most of all"),
        (told(0, 0, 121), [], LeadMoments(400), "no look"),
        (told(0, 0, 120), [0.0] * 119, LeadMoments(400), "119 leads"),
        ([(1.0, 0.0)] * 120, [], LeadMoments(400), "least <= most"),
        ([(0.0, 2.0)] * 120, [], LeadMoments(400), "least <= most"),
    ],
)
def test_what_fits_nowhere_is_refused(
    labels: list[Label], leads: list[float], population: LeadMoments, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        net_rise(labels, leads, population)


def test_a_confidence_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="confidence"):
        net_rise(told(0, 0, 120), [], LeadMoments(400), 1.0)


# by simulation


@pytest.mark.parametrize(("net", "churn"), [(0.0, 0.05), (0.08, 0.02)])
def test_coverage_and_level_over_all_looks(net: float, churn: float) -> None:
    draws, missed, rejected = 150, 0, 0
    widths, alone = [], []
    for seed in range(draws):
        d, f = answers(400, net, churn, 1_000 + seed)
        moments = lead_moments(f.tolist())
        rises = [net_rise(both(d[:look]), f[:look].tolist(), moments) for look in LOOKS]
        missed += any(not one.low <= net <= one.high for one in rises)
        rejected += any(one.p <= 0.05 for one in rises)
        widths.append(rises[0].high - rises[0].low)
        labels_alone = net_rise(both(d[:120]), [], LeadMoments(400))
        alone.append(labels_alone.high - labels_alone.low)
    # Three standard errors of 150 draws at 5 % are .053.
    assert missed / draws <= 0.05 + 0.053
    if net == 0:
        assert rejected / draws <= 0.05 + 0.053
    else:
        assert rejected / draws > 0.9
    assert np.mean(widths) < np.mean(alone)
