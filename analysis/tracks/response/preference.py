"""Which side judges would rather have had: win rates, as voted and as if both answers were of the same length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.base.records import ALL, Metric
from analysis.base.sql import queries
from analysis.stats import clopper_pearson
from analysis.stats.agreement import gwet_ac1, gwet_ac1_bounds
from analysis.stats.means import Interval
from analysis.tracks.response.metric_specs import TRACK, metric

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

SCORE = {"candidate": 1.0, "tie": 0.5, "base": 0.0}
EXACT = (
    "mean over prompts of the judges' votes, a tie as half; Clopper-Pearson 95 % at the votes rounded outward, "
    "which errs on the wide side where there are ties"
)
CONTROLLED = (
    "logistic regression of the votes on tanh of the standardised difference in words (Dubois et al. 2024), read "
    "off at no difference; bootstrap over prompts 95 %"
)
NO_DIFFERENCE = "all answers differ alike in length, or all votes are alike: nothing to control for"
NEVER = "no judge prefers either side"
NO_NAME = "(no name)"
NO_PEOPLE = "no judge is said to be a person (human_judges)"
NOT_SHARED = "no prompt was judged by it and by a person"
AGREEMENT = "Gwet's AC1 with what more of the people prefer; Clopper-Pearson 95 % of the share agreed"
ORDER = "votes that prefer a side and say which was shown first; Clopper-Pearson 95 %"
FEW_ALIKE = "in {:.0%} of the prompts the two answers differ by at most 20 % in length: it cannot be told"
LEAST_ALIKE = 0.1
"""Share of prompts with answers of like length under which the regression would only extrapolate to them."""
DRAWS = 500
STEPS = 25
PRIOR = np.array([10.0, 5.0])
"""Standard deviations of the normal priors of the two coefficients: they keep a separable fit finite and are
too wide to be felt otherwise."""
_CELLS_AT_ONCE = 2_000_000

_SQL = queries(__package__, "metrics.sql")


def win_rate(scores: FloatArray) -> Interval:
    """The mean of scores within 0 to 1, one for each prompt, with bounds that hold at any n.

    Such scores vary no more than wins and losses of the same mean, so the binomial bounds are conservative. With
    no score there is nothing to say: value NaN, bounds 0 and 1.

    Raises:
        ValueError: a score is outside 0 to 1.
    """
    n = len(scores)
    if n and not (scores.min() >= 0 and scores.max() <= 1):
        raise ValueError("scores must be within 0 to 1")
    if not n:
        return Interval(float("nan"), 0.0, 1.0, 0)
    total = float(scores.sum())
    # Sums of thirds and the like come with rounding errors.
    low, _ = clopper_pearson(int(np.floor(total + 1e-9)), n)
    _, high = clopper_pearson(int(np.ceil(total - 1e-9)), n)
    return Interval(total / n, low, high, n)


def length_controlled(scores: FloatArray, longer: FloatArray, seed: int) -> Interval | None:
    """The win rate if both answers were of the same length; None where length cannot be told from preference.

    Args:
        scores: shape (n,), within 0 to 1: the mean vote of a prompt for the candidate.
        longer: shape (n,), words of the candidate's answer minus those of the base's.
        seed: the same seed gives the same interval.

    Of the model of AlpacaEval 2 the term for the difficulty of each instruction is left out: it is estimated over
    many pairs of models, and here there is one.

    Source: Dubois, Galambosi, Liang and Hashimoto (2024), Length-Controlled AlpacaEval, arXiv:2404.04475.
    """
    n = len(scores)
    spread = float(longer.std()) if n else 0.0
    if spread == 0 or np.ptp(scores) == 0:
        return None
    x = np.tanh(longer / spread)
    value = _at_no_difference(scores, x, np.ones((1, n)))[0]
    rng = np.random.default_rng(seed)
    size = max(1, _CELLS_AT_ONCE // n)
    drawn = [
        _at_no_difference(scores, x, rng.multinomial(n, np.full(n, 1 / n), size=min(size, DRAWS - start)))
        for start in range(0, DRAWS, size)
    ]
    low, high = np.quantile(np.concatenate(drawn), [0.025, 0.975])
    return Interval(float(value), float(low), float(high), n)


def _at_no_difference(
    scores: FloatArray, x: FloatArray, weights: FloatArray | NDArray[np.int64]
) -> FloatArray:
    """The fitted probability at x = 0 for each row of weights, shape (draws, n); by Newton's method (IRLS)."""
    penalty = 1 / PRIOR**2
    a, b = np.zeros(len(weights)), np.zeros(len(weights))
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-(a[:, None] + b[:, None] * x)))
        residual = weights * (scores - p)
        curvature = weights * p * (1 - p)
        gradient_a = residual.sum(axis=1) - penalty[0] * a
        gradient_b = residual @ x - penalty[1] * b
        aa = curvature.sum(axis=1) + penalty[0]
        ab = curvature @ x
        bb = curvature @ (x * x) + penalty[1]
        determinant = aa * bb - ab * ab
        step_a = (bb * gradient_a - ab * gradient_b) / determinant
        step_b = (aa * gradient_b - ab * gradient_a) / determinant
        # A full step can overshoot where nearly all votes are alike.
        reach = np.maximum(1.0, np.maximum(np.abs(step_a), np.abs(step_b)) / 2)
        a, b = a + step_a / reach, b + step_b / reach
        if max(np.abs(step_a).max(), np.abs(step_b).max()) < 1e-6:
            break
    fitted: FloatArray = 1 / (1 + np.exp(-a))
    return fitted


def preference_metrics(
    connection: duckdb.DuckDBPyConnection, seed: int, people: Collection[str] = ()
) -> list[Metric]:
    """Win rates of the candidate for every slice, length-controlled on `all` and critical ones, and by judge.

    Nothing where there are no votes. The votes on a prompt count together as one. A judge that never prefers says
    nothing about preference and is left out where another one does. Of each judge that is no person, how far it agrees
    with people; of each that says in what order it was shown the answers, how often it prefers the first.

    Args:
        connection: the workbench.
        seed: the same seed gives the same intervals.
        people: names of the judges that are people.
    """
    votes = connection.execute(_SQL["votes"]).fetchall()
    if not votes:
        return []
    by_judge: dict[str, list[float]] = defaultdict(list)
    for _, judge, winner, *_ in votes:
        by_judge[judge].append(SCORE[winner])
    silent = {judge for judge, scores in by_judge.items() if set(scores) == {SCORE["tie"]}}
    counted = [vote for vote in votes if vote[1] not in silent] or votes
    by_ref: dict[str, list[float]] = defaultdict(list)
    lengths: dict[str, tuple[float, bool]] = {}
    for ref, _, winner, longer, alike in counted:
        by_ref[ref].append(SCORE[winner])
        if longer is not None:
            lengths[ref] = (float(longer), bool(alike))
    scores = {ref: float(np.mean(values)) for ref, values in by_ref.items()}
    rows: list[Metric] = []
    for name, whole, members in connection.execute(
        _SQL["voted_prompts"], {"track": TRACK, "all": ALL}
    ).fetchall():
        refs = [ref for ref in members if ref in scores]
        rows.append(_win_rate("win_rate", name, np.array([scores[ref] for ref in refs]), silent))
        if whole:
            sized = [ref for ref in refs if ref in lengths]
            rows.append(
                _controlled(name, [scores[ref] for ref in sized], [lengths[ref] for ref in sized], seed)
            )
    if len(by_judge) > 1:
        for judge, given in sorted(by_judge.items()):
            own = {judge} & silent
            rows.append(_win_rate("win_rate_judge", judge or NO_NAME, np.array(given), own))
    rows += _agreements([(ref, judge, winner) for ref, judge, winner, *_ in votes], people)
    for judge, first, n in connection.execute(_SQL["votes_for_first"]).fetchall():
        share = first / n if n else None
        why = "" if n else "it prefers neither wherever the order is known"
        rows.append(
            metric(
                "judge_first",
                judge or NO_NAME,
                "candidate",
                share,
                clopper_pearson(first, n),
                n,
                ORDER,
                why=why,
            )
        )
    return rows


def _agreements(votes: Sequence[tuple[str, str, str]], people: Collection[str]) -> list[Metric]:
    """Gwet's AC1 of each judge that is no person with what more of the people prefer; a tie where as many do."""
    of_people: dict[str, float] = defaultdict(float)
    for ref, judge, winner in votes:
        if judge in people:
            of_people[ref] += SCORE[winner] - SCORE["tie"]
    by_judge: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for ref, judge, winner in votes:
        if judge not in people:
            both = by_judge[judge]
            if ref in of_people:
                net = of_people[ref]
                both.append((winner, "candidate" if net > 0 else "base" if net < 0 else "tie"))
    rows = []
    for judge, both in sorted(by_judge.items()):
        value, bounds, why = None, None, NO_PEOPLE if not people else NOT_SHARED
        if both:
            value, why = gwet_ac1(both), ""
            bounds = gwet_ac1_bounds([own for own, _ in both], [said for _, said in both])
        rows.append(
            metric(
                "judge_agreement", judge or NO_NAME, "candidate", value, bounds, len(both), AGREEMENT, why=why
            )
        )
    return rows


def _win_rate(name: str, slice_name: str, scores: FloatArray, silent: set[str]) -> Metric:
    one = win_rate(scores)
    why = ""
    if silent:
        named = ", ".join(sorted(judge or NO_NAME for judge in silent))
        why = f"left out, for they never prefer: {named}"
        if len(scores) and set(scores.tolist()) == {SCORE["tie"]}:
            why = NEVER
    return metric(name, slice_name, "candidate", one.value, (one.low, one.high), one.n, EXACT, why=why)


def _controlled(slice_name: str, scores: list[float], lengths: list[tuple[float, bool]], seed: int) -> Metric:
    name = "win_rate_length_controlled"
    values = np.array(scores, dtype=np.float64)
    longer = np.array([words for words, _ in lengths], dtype=np.float64)
    one = length_controlled(values, longer, seed)
    if one is None:
        plain = win_rate(values)
        bounds = (plain.low, plain.high)
        return metric(slice_name=slice_name, name=name, side="candidate", value=plain.value, interval=bounds,
                      n=plain.n, method=EXACT, why=NO_DIFFERENCE)  # fmt: skip
    alike = float(np.mean([same for _, same in lengths]))
    if alike < LEAST_ALIKE:
        return metric(
            name, slice_name, "candidate", None, None, one.n, CONTROLLED, why=FEW_ALIKE.format(alike)
        )
    return metric(name, slice_name, "candidate", one.value, (one.low, one.high), one.n, CONTROLLED)
