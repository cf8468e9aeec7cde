"""The net rise of a behaviour, from a labelled random sample and leads on everything. Plain Python.

Of N prompts, d = harm(candidate) - harm(base) is -1, 0 or 1. People label a simple random sample in an order drawn
beforehand; a detector gives every prompt a lead f, its score of the candidate's answer less that of the base's. The
net rise is the mean of d over such prompts. A lead is never taken for a label: where it is wrong it costs width.

**Estimate.** mean of y over the labelled + l (mean of f over all - mean of f over the labelled), with l the regression
of y on f, cut to [0, 1]: prediction-powered inference, tuned, for a labelled set that is part of all prompts. Its
variance is V(y) / n (1 - (1 - n / N) R), where R is the share of V(y) that l f explains.

**Interval and test** are those of the same discordant share and net in n / (1 - (1 - n / N) R) pairs: Tango's score
interval and McNemar's exact test at effective counts. So labels without a lead, and prompts that are all labelled, have
exactly `tango_interval` and `mcnemar_one_sided`, which keep a width where nothing differs; Student's t on the same
labels does not. R is counted as if one more pair each way had differed without a lead, for few pairs tell little of it.

**Looks.** The estimate is read when the first 120, 200, 400 or all prompts of the order are labelled, and at no other
time; the looks share the error (Bonferroni), so nobody gains by choosing when to stop.

Sources: Angelopoulos, Bates, Fannjiang, Jordan and Zrnic (2023), Science 382:669; Angelopoulos, Duchi and Zrnic (2023),
PPI++, arXiv:2311.01453 (l); Tango (1998); McNemar (1947); Rao and Scott (1992), Biometrics 48:577 (effective counts).
`benchmarks/behaviours.py` measures the whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analysis.stats.numeric import incomplete_beta, level, require
from analysis.stats.paired import mcnemar_one_sided, tango_interval

LOOKS = (120, 200, 400)
"""Labelled prompts at which an estimate is read; and all of them."""

_WEIGHTS = (11, 5, 4, 1)
"""What the looks may spend of the error, in parts; the last is all prompts, where they are more than 400.

With equal parts an equal candidate of which 5 % of pairs differ each way would pass 10 points at 120 labels alone in
.74 (now .80 and more), and one that rose by 15 would fail in .56 (now .61).
"""

_UNLED = 2
"""Differing pairs without a lead that are added to what a lead is seen to explain."""

_ROUNDING = 1e-9


@dataclass(frozen=True)
class LeadMoments:
    """A lead over all prompts: their number, its mean and its variance (divided by n - 1)."""

    n: int
    mean: float = 0.0
    variance: float = 0.0


@dataclass(frozen=True)
class Extreme:
    """What the labels come to where every "cannot tell" is read one way: net, discordant share, share explained."""

    net: float
    churn: float
    explained: float


@dataclass(frozen=True)
class NetRise:
    """A net rise with what is known of it.

    Attributes:
        value: the estimate, in [-1, 1]; "cannot tell" counts as the middle of what it may be.
        low: lower end of the interval, with every "cannot tell" as good as it may be.
        high: upper end, with every "cannot tell" as bad as it may be.
        p: of "no rise", one-sided, for all looks together: to be held against a level as it is.
        weight: l, how far the lead counts; 0 where there is none or all prompts are labelled.
        labelled: labelled prompts.
        population: all prompts.
        unsure: labelled prompts of which one side could not be told.
        confidence: of the interval over all looks together.
        least: what the lower end and p rest on.
        most: what the upper end rests on.
    """

    value: float
    low: float
    high: float
    p: float
    weight: float
    labelled: int
    population: int
    unsure: int
    confidence: float
    least: Extreme
    most: Extreme


def lead_moments(leads: Iterable[float]) -> LeadMoments:
    """Sum up a lead over all prompts."""
    values = list(leads)
    mean = math.fsum(values) / len(values) if values else 0.0
    return LeadMoments(len(values), mean, _covariance(values, values))


def looks(n_population: int) -> tuple[int, ...]:
    """Numbers of labelled prompts at which an estimate is read, rising; the last is all prompts."""
    return (*(look for look in LOOKS if look < n_population), n_population)


def look_share(look: int, n_population: int) -> float:
    """The part of the error that a look spends; looks that cannot be reached leave theirs to the others.

    Raises:
        ValueError: it is no look of so many prompts.
    """
    reached = looks(n_population)
    require(look in reached, f"{look} is no look of {n_population} prompts: {reached}")
    weights = _WEIGHTS[: len(reached)]
    return weights[reached.index(look)] / sum(weights)


def look_at(labelled_in_order: Sequence[bool], n_population: int) -> int | None:
    """The largest look of which every prompt is labelled; None before the first.

    Args:
        labelled_in_order: whether each prompt is labelled, in the drawn order, from its start.
        n_population: all prompts.
    """
    run = next((at for at, done in enumerate(labelled_in_order) if not done), len(labelled_in_order))
    return max((look for look in looks(n_population) if 0 < look <= run), default=None)


def net_rise(
    labels: Sequence[tuple[float, float]],
    leads: Sequence[float],
    population: LeadMoments,
    confidence: float = 0.95,
    *,
    at_once: bool = False,
) -> NetRise:
    """Estimate a net rise at a look.

    Args:
        labels: the least and the most that d may be, of the first prompts in the drawn order; equal where both sides
            were told, and (-1, 1) where neither was.
        leads: f of the same prompts; empty where there is no lead.
        population: f of all prompts, those included.
        confidence: of the two-sided interval over all looks together.
        at_once: all these labels stood before anybody looked (recorded ones): they are the only look, now and later.

    Raises:
        ValueError: the labels are no look, bounds are not -1 <= least <= most <= 1, or numbers do not fit together.
    """
    n, of = len(labels), population.n
    require(0 < n <= of, f"need labels of some prompts and at most of all: {n} of {of}")
    require(not leads or len(leads) == n, f"{len(leads)} leads for {n} labels")
    require(all(-1 <= least <= most <= 1 for least, most in labels), "need -1 <= least <= most <= 1")
    share = 1.0 if at_once else look_share(n, of)
    fs = list(leads) if leads and n < of else [0.0] * n
    middle = [(least + most) / 2 for least, most in labels]
    # The spread of the few leads among the labelled may be smaller than that of all by chance.
    spread = max(_covariance(fs, fs), population.variance)
    shared = _covariance(middle, fs)
    weight = min(1.0, shared / spread) if shared > 0 else 0.0
    moved = weight * (population.mean - math.fsum(fs) / n)
    least, most = (_extreme([bounds[end] for bounds in labels], fs, weight, spread, moved) for end in (0, 1))
    tails = level(confidence)
    low, high = _bounds(least, n, of, tails, share)[0], _bounds(most, n, of, tails, share)[1]
    return NetRise(
        value=_cut(math.fsum(middle) / n + moved),
        low=low,
        high=high,
        p=_p(least, n, of, share),
        weight=weight,
        labelled=n,
        population=of,
        unsure=sum(least < most for least, most in labels),
        confidence=confidence,
        least=least,
        most=most,
    )


def pairs_needed(estimate: NetRise, limit: float, alpha: float) -> int | None:
    """About how many labelled prompts decide: the next look that would, if the rest is like what was labelled.

    It decides where the upper end falls below `limit`, or the test rejects "no rise" at `alpha`. Where no pair
    differed, half a pair each way is taken to, for a rate of exactly 0 promises too much.

    Args:
        estimate: what is known.
        limit: the rise that is to be excluded.
        alpha: level of the test.

    Returns:
        The look, which is the present one where it decides already; None where all prompts would not.
    """
    n, of = estimate.labelled, estimate.population
    if estimate.high < limit or estimate.p <= alpha:
        return n
    least, most = (
        Extreme(one.net, max(one.churn, 1 / n), one.explained) for one in (estimate.least, estimate.most)
    )
    for look in looks(of):
        if look <= n:
            continue
        share = look_share(look, of)
        if (
            _bounds(most, look, of, estimate.confidence, share)[1] < limit
            or _p(least, look, of, share) <= alpha
        ):
            return look
    return None


def _extreme(ys: list[float], fs: list[float], weight: float, spread: float, moved: float) -> Extreme:
    n = len(ys)
    net = _cut(math.fsum(ys) / n + moved)
    saved = weight * (2 * _covariance(ys, fs) - weight * spread)
    explained = saved / (_covariance(ys, ys) + _UNLED / n) if saved else 0.0
    return Extreme(net, max(math.fsum(map(abs, ys)) / n, abs(net)), explained)


def _effective(one: Extreme, n: int, of: int) -> tuple[float, float, float]:
    """Pairs that got worse, pairs that got better, and all, as effective counts."""
    pairs = n / (1 - (1 - n / of) * one.explained)
    return _whole(pairs * (one.churn + one.net) / 2), _whole(pairs * (one.churn - one.net) / 2), pairs


def _bounds(one: Extreme, n: int, of: int, confidence: float, share: float) -> tuple[float, float]:
    worse, better, pairs = _effective(one, n, of)
    return tango_interval(better, worse, pairs, 1 - (1 - confidence) * share)


def _p(one: Extreme, n: int, of: int, share: float) -> float:
    worse, better, _ = _effective(one, n, of)
    if isinstance(worse, int) and isinstance(better, int):
        return min(1.0, mcnemar_one_sided(worse, better) / share)
    # The same tail, between whole counts.
    return min(1.0, incomplete_beta(worse, better + 1, 0.5) / share) if worse > 0 else 1.0


def _whole(count: float) -> float:
    """A count that is whole but for rounding is whole, so that exact tests are met exactly."""
    near = round(count)
    return near if abs(count - near) < _ROUNDING else count


def _covariance(xs: Sequence[float], ys: Sequence[float]) -> float:
    n = len(xs)
    if n < 2:
        return 0.0
    mean_x, mean_y = math.fsum(xs) / n, math.fsum(ys) / n
    return math.fsum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / (n - 1)


def _cut(value: float) -> float:
    return max(-1.0, min(1.0, value))
