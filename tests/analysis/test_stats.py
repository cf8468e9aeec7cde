"""Statistics against published values, brute force and simulation."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.stats import (
    bootstrap_mean,
    bootstrap_t_mean,
    brier,
    clopper_pearson,
    clustered_mean,
    detectable_loss,
    expected_calibration_error,
    holm,
    hypergeometric_upper,
    mcnemar_one_sided,
    paired_mean_interval,
    tango_interval,
    tarone_holm,
    two_way_mean,
)
from analysis.stats.numeric import binomial_at_least, student_quantile


def test_import_stays_off_scipy_and_numpy() -> None:
    code = (
        "import sys, analysis.stats; print(sorted({'scipy', 'numpy', 'torch', 'sklearn'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(("broken", "fixed"), list(itertools.product(range(9), repeat=2)))
def test_mcnemar_equals_enumeration(broken: int, fixed: int) -> None:
    pairs = broken + fixed
    outcomes = [sum(flips) for flips in itertools.product((0, 1), repeat=pairs)] if pairs <= 12 else []
    exact = Fraction(sum(math.comb(pairs, k) for k in range(broken, pairs + 1)), 2**pairs)
    if outcomes:
        exact = Fraction(sum(count >= broken for count in outcomes), len(outcomes))
    assert mcnemar_one_sided(broken, fixed) == float(exact)


def test_mcnemar_edges_and_large_counts() -> None:
    from scipy.stats import binom

    assert mcnemar_one_sided(0, 0) == 1.0
    assert mcnemar_one_sided(5, 0) == 1 / 32
    for broken, fixed in ((505, 500), (5_300, 5_000), (60_000, 60_200), (1_000_000, 999_000)):
        expected = binom.sf(broken - 1, broken + fixed, 0.5)
        assert mcnemar_one_sided(broken, fixed) == pytest.approx(expected, rel=1e-7)
    with pytest.raises(ValueError, match="must not be negative"):
        mcnemar_one_sided(-1, 3)


@pytest.mark.parametrize(
    ("fixed", "broken", "n", "confidence", "published"),
    [
        (12, 2, 50, 0.95, (0.0611, 0.3447)),  # Newcombe (1998), Statistics in Medicine 17:2635
        (1, 7, 21, 0.95, (-0.517, -0.026)),  # Fagerland, Lydersen and Laake (2014): Bentur's airway data
        (28, 25, 618, 0.90, (-0.0148, 0.0247)),  # R package PropCIs: scoreci.mp(25, 28, 618, 0.90)
    ],
)
def test_tango_published(
    fixed: int, broken: int, n: int, confidence: float, published: tuple[float, float]
) -> None:
    bounds = tango_interval(broken, fixed, n, confidence)
    digits = len(str(abs(published[0]))) - 2
    assert tuple(round(bound, digits) for bound in bounds) == published


@pytest.mark.parametrize(
    ("broken", "fixed", "n"),
    [(0, 0, 30), (3, 0, 30), (0, 7, 30), (5, 9, 40), (20, 1, 25), (1, 0, 1), (4, 6, 10)],
)
def test_tango_inverts_the_score_statistic(broken: int, fixed: int, n: int) -> None:
    """The interval holds exactly the differences whose score statistic stays within the normal quantile; the
    constrained maximum of the likelihood is found on a grid."""
    low, high = tango_interval(broken, fixed, n)
    assert -1 <= low <= (fixed - broken) / n <= high <= 1
    share = np.linspace(1e-9, 1, 200_001)
    for difference in np.linspace(-0.95, 0.95, 39):
        with np.errstate(divide="ignore", invalid="ignore"):
            gained = share + difference
            rest = 1 - share - gained
            likelihood = broken * np.log(share) + (n - broken - fixed) * np.log(rest)
            likelihood = likelihood + (fixed * np.log(gained) if fixed else 0)
        likelihood[(gained < 0) | (rest < 0) | ~np.isfinite(likelihood)] = -np.inf
        if not np.isfinite(likelihood).any():
            continue
        q = share[int(likelihood.argmax())]
        variance = n * (2 * q + difference * (1 - difference))
        z = abs(fixed - broken - n * difference) / math.sqrt(variance) if variance > 1e-9 else math.inf
        if abs(z - 1.959964) > 0.01:
            assert (z < 1.959964) == (low < difference < high), difference


def test_tango_is_mirrored_and_total_at_the_ends() -> None:
    low, high = tango_interval(5, 9, 40)
    mirrored_low, mirrored_high = tango_interval(9, 5, 40)
    assert (mirrored_low, mirrored_high) == pytest.approx((-high, -low), abs=1e-12)
    assert tango_interval(0, 0, 0) == (-1.0, 1.0)
    assert tango_interval(10, 0, 10)[0] == -1.0
    assert tango_interval(0, 10, 10)[1] == 1.0
    with pytest.raises(ValueError, match="broken \\+ fixed <= n"):
        tango_interval(6, 5, 10)
    with pytest.raises(ValueError, match="confidence"):
        tango_interval(1, 1, 10, confidence=1.0)


def test_holm_by_hand() -> None:
    """Holm (1979): .01 <= .05/4 and .013 <= .05/3 fall; .03 > .05/2 stops, although .04 <= .05."""
    assert holm([0.03, 0.01, 0.04, 0.013], 0.05) == [False, True, False, True]
    assert holm([], 0.05) == []
    assert holm([float("nan")], 0.05) == [False]


def test_tarone_divisor_by_brute_force() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        totals = rng.integers(0, 14, size=int(rng.integers(1, 25))).tolist()
        broken = [int(rng.integers(0, total + 1)) for total in totals]
        fixed = [total - b for total, b in zip(totals, broken, strict=True)]
        alpha = float(rng.choice([0.05, 0.02, 0.0083]))
        result = tarone_holm(broken, fixed, alpha)
        k = next(k for k in range(1, 30) if sum(0.5**total <= alpha / k for total in totals) <= k)
        assert result.k == k
        assert result.testable == tuple(0.5**total <= alpha / k for total in totals)
        assert all(decided for decided, lost in zip(result.testable, result.rejected, strict=True) if lost)
        chosen = [i for i, decided in enumerate(result.testable) if decided]
        inner = holm([mcnemar_one_sided(broken[i], fixed[i]) for i in chosen], alpha)
        assert [result.rejected[i] for i in chosen] == inner


def test_flips_needed_is_the_least_that_decides() -> None:
    rng = np.random.default_rng(2)
    tried = 0
    for _ in range(200):
        totals = rng.integers(0, 12, size=int(rng.integers(2, 15))).tolist()
        result = tarone_holm(totals, [0] * len(totals), 0.02)
        for index in [i for i, decided in enumerate(result.testable) if not decided][:1]:
            enough, short = list(totals), list(totals)
            enough[index], short[index] = result.flips_needed, result.flips_needed - 1
            assert tarone_holm(enough, [0] * len(totals), 0.02).rejected[index]
            assert not tarone_holm(short, [0] * len(totals), 0.02).testable[index]
            tried += 1
    assert tried > 50
    assert tarone_holm([], [], 0.02).flips_needed == 6


def test_tarone_holm_keeps_the_family_wise_level() -> None:
    """30 slices without a real change: alarms stay under alpha, where an uncorrected test alarms often."""
    rng = np.random.default_rng(3)
    alpha, reviews = 0.05, 1_500
    alarms = naive = 0
    for _ in range(reviews):
        discordant = rng.binomial(40, rng.uniform(0.02, 0.3, size=30))
        broken = rng.binomial(discordant, 0.5)
        fixed = discordant - broken
        alarms += any(tarone_holm(broken.tolist(), fixed.tolist(), alpha).rejected)
        naive += any(mcnemar_one_sided(int(b), int(c)) <= alpha for b, c in zip(broken, fixed, strict=True))
    assert alarms / reviews <= alpha
    assert naive / reviews > 0.3


def test_tarone_holm_finds_what_bonferroni_loses() -> None:
    broken, fixed = [7, *[1] * 29], [0, *[0] * 29]
    assert tarone_holm(broken, fixed, 0.02).rejected[0]
    assert not any(holm([mcnemar_one_sided(b, c) for b, c in zip(broken, fixed, strict=True)], 0.02))


@pytest.mark.parametrize(("k", "n"), [(0, 20), (1, 20), (7, 31), (20, 20), (3, 5_000), (250_000, 1_000_000)])
def test_clopper_pearson_against_beta_quantiles(k: int, n: int) -> None:
    from scipy.stats import beta

    low, high = clopper_pearson(k, n)
    assert low == pytest.approx(beta.ppf(0.025, k, n - k + 1) if k else 0, abs=1e-9)
    assert high == pytest.approx(beta.ppf(0.975, k + 1, n - k) if k < n else 1, abs=1e-9)
    assert clopper_pearson(k, n, side="lower")[1] == 1
    assert clopper_pearson(k, n, 0.975, "upper")[1] == pytest.approx(high, abs=1e-12)


def test_clopper_pearson_none_of_twenty() -> None:
    """With nothing seen the bound solves (1 - p) ** 20 = .05: 13.91 %."""
    assert clopper_pearson(0, 20, side="upper") == pytest.approx((0, 1 - 0.05 ** (1 / 20)), abs=1e-12)
    assert clopper_pearson(0, 20, side="upper")[1] == pytest.approx(0.1391, abs=5e-5)
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="0 <= k <= n"):
        clopper_pearson(3, 2)


def test_hypergeometric_upper_none_of_twenty_from_fifty_five() -> None:
    assert hypergeometric_upper(0, 20, 55) == 6
    assert hypergeometric_upper(0, 20, 55, confidence=0.975) == 7


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.975])
def test_hypergeometric_upper_by_counting_samples(confidence: float) -> None:
    for population in (1, 6, 9, 17):
        for inspected in range(population + 1):
            for seen in range(inspected + 1):
                allowed = []
                for total in range(seen, population - (inspected - seen) + 1):
                    ways = sum(
                        math.comb(total, x) * math.comb(population - total, inspected - x)
                        for x in range(seen + 1)
                    )
                    if Fraction(ways, math.comb(population, inspected)) > 1 - confidence + 1e-12:
                        allowed.append(total)
                assert hypergeometric_upper(seen, inspected, population, confidence) == max(allowed)


def test_hypergeometric_upper_when_all_or_none_are_inspected() -> None:
    assert hypergeometric_upper(2, 30, 30) == 2
    assert hypergeometric_upper(0, 0, 30) == 30
    with pytest.raises(ValueError, match="seen <= inspected <= population"):
        hypergeometric_upper(0, 31, 30)


def test_detectable_loss_for_fifty_five_positives() -> None:
    """Six one-way flips reach .025; P(Bin(55, q) >= 6) = 1/2 at q = .1025. With 3 % fixed: .128."""
    from scipy.stats import binom

    loss = detectable_loss(55, 0.025)
    assert binom.sf(5, 55, loss) == pytest.approx(0.5, abs=1e-9)
    assert loss == pytest.approx(0.1025, abs=5e-5)
    assert detectable_loss(55, 0.025, fixed_share=0.03) == pytest.approx(0.128, abs=5e-4)
    assert detectable_loss(5, 0.025) == math.inf
    assert detectable_loss(0, 0.025) == math.inf


@pytest.mark.parametrize("fixed_share", [0.0, 0.02, 0.1])
def test_detectable_loss_by_simulation(fixed_share: float) -> None:
    n, alpha = 120, 0.02
    broken_share = detectable_loss(n, alpha, fixed_share) + fixed_share
    counts = np.random.default_rng(4).multinomial(
        n, [broken_share, fixed_share, 1 - broken_share - fixed_share], size=20_000
    )
    pairs, times = np.unique(counts[:, :2], axis=0, return_counts=True)
    found = sum(
        t for (b, c), t in zip(pairs, times, strict=True) if mcnemar_one_sided(int(b), int(c)) <= alpha
    )
    assert found / 20_000 == pytest.approx(0.5, abs=0.015)


def test_own_special_functions_against_scipy() -> None:
    from scipy.stats import binom, t

    for k, n, rate in ((0, 5, 0.3), (5, 5, 0.3), (6, 5, 0.3), (300, 1_000, 0.28), (90_100, 100_000, 0.9)):
        assert binomial_at_least(k, n, rate) == pytest.approx(binom.sf(k - 1, n, rate), rel=1e-8)
    for freedom in (1, 2, 9, 1_000, 1_000_000):
        assert student_quantile(0.95, freedom) == pytest.approx(t.ppf(0.975, freedom), rel=1e-8)


def test_bootstrap_mean_agrees_with_the_t_interval_and_its_seed() -> None:
    values = np.random.default_rng(5).normal(0.1, 1.0, 400)
    resampled = bootstrap_mean(values, None, 0.95, seed=7)
    student = paired_mean_interval(values)
    assert resampled.value == student.value == pytest.approx(values.mean())
    assert (resampled.low, resampled.high) == pytest.approx((student.low, student.high), abs=0.015)
    assert resampled.n == 400
    assert bootstrap_mean(values, None, 0.95, seed=7) == resampled
    assert bootstrap_mean(values, None, 0.95, seed=8) != resampled


def test_bootstrap_mean_respects_clusters() -> None:
    """Ten copies of each value carry no more information than one, whatever the clusters are called."""
    values = np.random.default_rng(6).normal(size=50)
    single = bootstrap_mean(values, None, 0.95, seed=1)
    names = np.repeat([f"template {i:02}" for i in range(50)], 10)
    copied = bootstrap_mean(np.repeat(values, 10), names, 0.95, seed=1)
    assert (copied.low, copied.high) == pytest.approx((single.low, single.high), abs=1e-12)
    assert copied.n == 500
    ignored = bootstrap_mean(np.repeat(values, 10), None, 0.95, seed=1)
    assert (ignored.high - ignored.low) < 0.5 * (copied.high - copied.low)


def test_bootstrap_mean_with_unequal_clusters_weights_by_size() -> None:
    values, clusters = np.array([1.0, 1.0, 1.0, 0.0]), np.array([0, 0, 0, 1])
    interval = bootstrap_mean(values, clusters, 0.95, seed=2)
    assert (interval.value, interval.low, interval.high) == (0.75, 0.0, 1.0)


def test_a_two_way_interval_covers_both_factors() -> None:
    """Coverage of the true mean under row, column and cell effects; the one-way interval fails by far."""
    rng = np.random.default_rng(7)
    rows, columns = (axis.ravel() for axis in np.indices((30, 20)))
    covered = naive = 0
    for _ in range(300):
        cells = rng.normal(0, 0.5, 30)[rows] + rng.normal(0, 0.5, 20)[columns] + rng.normal(0, 1, 600)
        interval = two_way_mean(cells, rows, columns, 0.95)
        covered += interval.low <= 0 <= interval.high
        one_way = clustered_mean(cells, rows, 0.95)
        naive += one_way.low <= 0 <= one_way.high
    assert covered / 300 >= 0.92
    assert naive / 300 < 0.8


@pytest.mark.parametrize("terms", [2, 3, 5, 10, 40])
def test_a_two_way_interval_keeps_its_level_with_few_terms(terms: int) -> None:
    """Texts with up to four random terms each, whose effects are 0 on average: a level of .00625 on one side."""
    rng = np.random.default_rng(terms)
    rows = np.repeat(np.arange(60), min(terms, 4))
    alarms, reviews = 0, 1_000
    for _ in range(reviews):
        columns = rng.permuted(np.tile(np.arange(terms), (60, 1)), axis=1)[:, :4].ravel()
        of_terms, of_texts = rng.normal(0, 0.02, terms), rng.normal(0, 0.02, 60)
        effects = of_terms[columns] + of_texts[rows] + rng.normal(0, 0.05, len(rows))
        alarms += two_way_mean(effects, rows, columns, 1 - 2 * 0.00625).low > 0
    assert alarms / reviews <= 0.0105


def test_a_two_way_interval_on_sparse_cells() -> None:
    values = np.array([0.2, 0.4, 0.6])
    interval = two_way_mean(values, np.array(["a", "b", "c"]), np.array(["x", "y", "x"]), 0.95)
    assert interval.value == pytest.approx(0.4)
    assert interval.low < 0.2
    assert interval.high > 0.6
    assert interval == two_way_mean(values, np.array([0, 1, 2]), np.array([0, 1, 0]), 0.95)


def test_the_variance_over_clusters_is_that_of_their_totals() -> None:
    values = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    clusters = np.array([0, 0, 1, 2, 2])
    mean, g = values.mean(), 3
    residuals = np.array([values[clusters == one].sum() - mean * (clusters == one).sum() for one in range(3)])
    error = math.sqrt((residuals**2).sum() * g / (g - 1)) / 5
    interval = clustered_mean(values, clusters, 0.9)
    assert interval.high - mean == pytest.approx(student_quantile(0.9, 2) * error)
    assert clustered_mean(values, None, 0.9) == paired_mean_interval(values, 0.9)


def _missed_above(
    n: int, draw: Callable[[np.random.Generator, int], NDArray[np.float64]]
) -> tuple[float, float]:
    """How often the upper bound at .025 is below the mean, which is 0: studentised, and by percentiles."""
    rng = np.random.default_rng(n)
    studentised = percentile = 0
    for review in range(1_200):
        values = draw(rng, n)
        studentised += bootstrap_t_mean(values, None, 0.95, review, 800).high < 0
        percentile += bootstrap_mean(values, None, 0.95, review, 400).high < 0
    return studentised / 1_200, percentile / 1_200


def test_a_studentised_bootstrap_of_a_few_skewed_values_keeps_its_level() -> None:
    studentised, percentile = _missed_above(20, lambda rng, n: rng.exponential(1, n) - 1)
    assert studentised <= 0.04
    assert percentile > 0.06


def test_a_studentised_bootstrap_of_heavy_tails_is_far_better_and_not_exact() -> None:
    """Lognormal values: no interval of 20 of them keeps its level; that of percentiles misses in one of seven."""
    studentised, percentile = _missed_above(20, lambda rng, n: rng.lognormal(0, 1, n) - math.exp(0.5))
    assert studentised <= 0.09
    assert percentile > 0.12


def test_a_studentised_bootstrap_agrees_with_students_interval_and_its_seed() -> None:
    values = np.random.default_rng(3).normal(0.4, 1, 200)
    resampled = bootstrap_t_mean(values, None, 0.95, seed=7, draws=8_000)
    student = paired_mean_interval(values)
    assert (resampled.low, resampled.high) == pytest.approx((student.low, student.high), abs=0.02)
    assert bootstrap_t_mean(values, None, 0.95, seed=7, draws=8_000) == resampled
    copied = bootstrap_t_mean(np.repeat(values, 5), np.repeat(np.arange(200), 5), 0.95, seed=7, draws=8_000)
    assert (copied.low, copied.high) == pytest.approx((resampled.low, resampled.high))


def test_a_studentised_bootstrap_of_nearly_nothing_has_no_bounds_or_no_width() -> None:
    two = bootstrap_t_mean(np.array([0.1, 0.3]), None, 0.95, seed=0)
    assert (two.low, two.high) == (-math.inf, math.inf)
    alike = bootstrap_t_mean(np.full(7, 0.1), None, 0.95, seed=0)
    assert (alike.low, alike.high) == (alike.value, alike.value)


def test_too_few_units_bound_nothing() -> None:
    one = bootstrap_mean(np.array([0.3, 0.5]), np.array([4, 4]), 0.95, seed=0)
    assert (one.value, one.low, one.high, one.n) == (pytest.approx(0.4), -math.inf, math.inf, 2)
    flat = two_way_mean(np.array([0.3, 0.5]), np.array([0, 1]), np.array([9, 9]), 0.95)
    assert (flat.low, flat.high) == (-math.inf, math.inf)
    none = paired_mean_interval(np.array([]))
    assert math.isnan(none.value)
    assert (none.low, none.high, none.n) == (-math.inf, math.inf, 0)


def test_bad_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        bootstrap_mean(np.array([0.1, np.nan]), None, 0.95, seed=0)
    with pytest.raises(ValueError, match="clusters"):
        bootstrap_mean(np.array([0.1, 0.2]), np.array([1]), 0.95, seed=0)
    with pytest.raises(ValueError, match="columns"):
        two_way_mean(np.array([0.1, 0.2]), np.array([1, 2]), np.array([1]), 0.95)
    with pytest.raises(ValueError, match="vector"):
        paired_mean_interval(np.zeros((2, 2)))


def test_calibration_error_by_hand() -> None:
    """Two bins of two: |(.6 + .6) - 1| and |(.9 + .9) - 2| over 4 = .1; ten in fifteen bins are one each."""
    confidence, correct = np.array([0.9, 0.6, 0.9, 0.6]), np.array([True, True, True, False])
    assert expected_calibration_error(confidence, correct, bins=2) == pytest.approx(0.1)
    assert expected_calibration_error(np.ones(10), np.ones(10, dtype=bool)) == 0.0
    assert expected_calibration_error(np.ones(10), np.zeros(10, dtype=bool)) == 1.0
    assert math.isnan(expected_calibration_error(np.array([]), np.array([], dtype=bool)))


def test_calibration_error_ignores_row_order_and_sees_overconfidence() -> None:
    rng = np.random.default_rng(8)
    confidence = rng.choice([0.55, 0.7, 0.85, 0.99], size=3_000)
    correct = rng.random(3_000) < confidence - 0.1
    shuffled = rng.permutation(3_000)
    measured = expected_calibration_error(confidence, correct)
    assert measured == pytest.approx(0.1, abs=0.03)
    assert measured == pytest.approx(
        expected_calibration_error(confidence[shuffled], correct[shuffled]), abs=1e-12
    )


def test_brier_against_its_definition() -> None:
    rng = np.random.default_rng(9)
    p = rng.dirichlet(np.ones(4), size=50).astype(np.float64)
    gold = rng.integers(0, 4, size=50)
    assert brier(p, gold) == pytest.approx(float(((p - np.eye(4)[gold]) ** 2).sum(axis=1).mean()), abs=1e-12)
    assert brier(np.eye(4), np.arange(4)) == 0.0
    assert brier(np.eye(2), np.array([1, 0])) == 2.0
    with pytest.raises(ValueError, match="not within 0 to 3"):
        brier(p, np.full(50, 4))
