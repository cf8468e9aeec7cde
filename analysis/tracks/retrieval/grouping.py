"""What neighbours have in common: purity@k over chance for each attribute, on both sides, and its change.

An absolute level says little: every encoder groups by something. What counts is the change from base to
candidate, and for attributes that come together with wanted ones the conditional lift.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.base.records import ALL, SIDES, Metric, MetricSide, Side
from analysis.plugin.alpha import planned
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.tracks.retrieval.conditional import PERMUTATIONS, Strata, expectation, permutations, strata
from analysis.tracks.retrieval.dependent_pairs import Errors, interval, together
from analysis.tracks.retrieval.metric_specs import LEVEL, metric, of_interval
from analysis.tracks.retrieval.settings import retrieval_settings
from analysis.tracks.retrieval.similarity import Values, values_of
from analysis.tracks.retrieval.vectors import load_space

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from analysis.tracks.retrieval.vectors import Attribute, EmbeddingSpace

    Floats = NDArray[np.float64]
    Rows = NDArray[np.integer]

MIN_ROOM = 0.05
"""Room above chance below which nothing can be said: nearly all items, or all of a stratum, are alike."""
PLAIN = "purity@{k} over chance of a random other item, {kind}"
CONDITIONAL = "purity@{k} over permutation within strata of {strata}, {kind}"
KINDS = {"categorical": "same label", "multi-valued": "Jaccard", "numeric": "closeness of ranks"}


class Pairs(NamedTuple):
    """Items with their neighbours, of those that have one attribute.

    `owner` and `other` (p,) number the items that have it, `weight` (p,) is 1 over the length of the owner's list.
    """

    owner: NDArray[np.int64]
    other: NDArray[np.int64]
    weight: Floats


@dataclass(frozen=True)
class Lift:
    """Purity over chance, (purity - chance) / (1 - chance): 0 is chance, 1 is every neighbour the same.

    Args:
        value: the lift; NaN where it is not known.
        errors: what each pair adds to its error.
        n: items whose neighbours were looked at.
        why: why it is not known; empty where it is.
    """

    value: float
    errors: Errors
    n: int
    why: str = ""

    def minus(self, other: Lift) -> Lift:
        """The difference of two lifts over the same items."""
        errors = together([self.errors, other.errors.times(-1)])
        return Lift(self.value - other.value, errors, self.n, self.why or other.why)


@dataclass(frozen=True)
class Grouping:
    """One attribute: lift and conditional lift by side, and the one-sided p of each conditional lift."""

    attribute: Attribute
    plain: dict[Side, Lift]
    conditional: dict[Side, Lift]
    strata: Strata
    p: dict[Side, float]


def pairs_of(neighbours: dict[Side, NDArray[np.int32]], rows: Rows) -> dict[Side, Pairs]:
    """The pairs of both sides among the items that have an attribute; neighbours without it do not count.

    Only items that have a neighbour with it on both sides, so that the sides are over the same items.

    Args:
        neighbours: (n, k) row numbers by side.
        rows: (m,) row numbers of the items that have the attribute, ascending.
    """
    lists = {}
    asked = np.ones(len(rows), bool)
    for side in SIDES:
        local = np.full(len(neighbours[side]), -1, np.int64)
        local[rows] = np.arange(len(rows))
        lists[side] = local[neighbours[side][rows]]
        asked &= (lists[side] >= 0).any(axis=1)
    out = {}
    for side in SIDES:
        there = (lists[side] >= 0) & asked[:, None]
        owner, place = np.nonzero(there)
        out[side] = Pairs(owner, lists[side][owner, place], 1 / there.sum(axis=1)[owner])
    return out


def lift(values: Values, pairs: Pairs, chance: Floats, rows: Rows) -> Lift:
    """The lift of one side.

    Args:
        values: of the attribute.
        pairs: the neighbours.
        chance: (p,) expected similarity of each pair.
        rows: (m,) row numbers of the items, for the errors.
    """
    n = len(np.unique(pairs.owner))
    none = Errors(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    if n < 2:
        return Lift(math.nan, none, n, "fewer than two items have it and a neighbour that has it")
    alike = values.similar(pairs.owner, pairs.other)
    room = float((pairs.weight * (1 - chance)).sum())
    if room / n < MIN_ROOM:
        return Lift(math.nan, none, n, f"items are nearly all alike in it (chance {1 - room / n:.2f})")
    value = float((pairs.weight * (alike - chance)).sum()) / room
    amount = pairs.weight * (alike - chance - value * (1 - chance)) / room
    return Lift(value, Errors(rows[pairs.owner], rows[pairs.other], amount), n)


def permutation_p(values: Values, pairs: Pairs, given: Strata, draws: int, seed: int) -> float:
    """One-sided p that purity is no higher than with the attribute permuted within strata.

    (1 + number of permutations that reach the observed purity) / (draws + 1).

    Args:
        values: of the attribute, for m items.
        pairs: the items with their neighbours.
        given: strata of the m items.
        draws: number of permutations.
        seed: of the permutations.

    Source: Phipson and Smyth (2010), Permutation p-values should never be zero, SAGMB 9:39.
    """
    permuted = permutations(given, draws, seed)

    def purity(order: Rows) -> float:
        return float(pairs.weight @ values.similar(order[pairs.owner], order[pairs.other]))

    observed = purity(np.arange(values.n))
    # Sums of the same terms in another order may differ in the last digits.
    reached = sum(purity(permuted(number)) >= observed - 1e-9 for number in range(draws))
    return (1 + reached) / (draws + 1)


def grouping(space: EmbeddingSpace, attribute: Attribute, seed: int, draws: int = PERMUTATIONS) -> Grouping:
    """Lift and conditional lift of one attribute.

    The strata are made of the wanted attributes, for a wanted attribute of the other ones. Support articles are
    items too: an attribute that only some items have is measured over these.

    Args:
        space: the items.
        attribute: one of theirs.
        seed: of the permutations.
        draws: their number.
    """
    rows, values = values_of(attribute)
    wanted = [one for one in space.attributes if one.wanted and one.name != attribute.name]
    pairs = pairs_of(space.neighbours, rows)
    given = strata(values, rows, wanted)
    chance, expected = values.chance(), expectation(values, given)
    plain, conditional, p = {}, {}, {}
    for side in SIDES:
        one = pairs[side]
        plain[side] = lift(values, one, chance[one.owner], rows)
        within = lift(values, one, expected(one.owner, one.other), rows)
        conditional[side] = Lift(within.value, within.errors, within.n, within.why or given.why)
        known = not conditional[side].why
        p[side] = permutation_p(values, one, given, draws, seed) if known else math.nan
    return Grouping(attribute, plain, conditional, given, p)


def wanted_lift(groupings: Sequence[Grouping]) -> dict[Side, Lift]:
    """Mean lift of the wanted attributes whose lift is known, by side."""
    known = [
        one for one in groupings if one.attribute.wanted and not any(one.plain[side].why for side in SIDES)
    ]
    if not known:
        nothing = Errors(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
        why = "no wanted attribute that can be measured"
        return {side: Lift(math.nan, nothing, 0, why) for side in SIDES}
    out = {}
    for side in SIDES:
        lifts = [one.plain[side] for one in known]
        errors = together([each.errors for each in lifts]).times(1 / len(lifts))
        out[side] = Lift(sum(each.value for each in lifts) / len(lifts), errors, len(np.unique(errors.owner)))
    return out


def grouping_metrics(
    space: EmbeddingSpace,
    seed: int,
    draws: int = PERMUTATIONS,
    *,
    fall: float = LEVEL,
    rise: float = LEVEL,
    kept: int = 0,
) -> list[Metric]:
    """The rows of `metric`, for every attribute and for the mean over the wanted ones.

    Gates read bounds as they stand, so these are made at what the gates may spend (Bonferroni): those of the lifts of
    wanted attributes and of their mean at `fall` over the mean and the attributes that are judged singly, those of the
    conditional lifts of unwanted ones at `rise` over their number.

    Args:
        space: the items.
        seed: of the permutations.
        draws: their number.
        fall: one-sided level of `retrieval.grouping`.
        rise: one-sided level of `retrieval.confounds`.
        kept: wanted attributes that are judged singly.
    """
    at_fall = 1 - 2 * fall / (1 + kept)
    unwanted = sum(not one.wanted for one in space.attributes)
    k = next(iter(space.neighbours.values())).shape[1]
    groupings = [grouping(space, one, seed, draws) for one in space.attributes]
    rows: list[Metric] = []
    for one in groupings:
        words = {"k": k, "kind": KINDS[one.attribute.kind], "strata": _strata_words(one.strata)}
        confidence = at_fall if one.attribute.wanted else 1 - 2 * rise / unwanted
        name = one.attribute.name
        rows += _rows("grouping_lift", name, one.plain, PLAIN.format(**words), at_fall)
        method = CONDITIONAL.format(**words)
        rows += _rows("grouping_conditional_lift", name, one.conditional, method, confidence)
        rows += [_p_row(one, side, draws) for side in SIDES]
    wanted = wanted_lift(groupings)
    rows += _rows("grouping_wanted_lift", ALL, wanted, "mean lift over the wanted attributes", at_fall)
    return rows


def _rows(
    name: str, slice_name: str, lifts: dict[Side, Lift], method: str, confidence: float
) -> list[Metric]:
    each: list[tuple[MetricSide, Lift]] = [(side, lifts[side]) for side in SIDES]
    each.append(("difference", lifts["candidate"].minus(lifts["base"])))
    method = f"{method}; dyadic interval at {confidence:.4f}"
    return [
        metric(name, slice_name, side, None, None, one.n, method, why=one.why)
        if one.why
        else of_interval(name, slice_name, side, interval(one.value, one.errors, one.n, confidence), method)
        for side, one in each
    ]


def _p_row(one: Grouping, side: Side, draws: int) -> Metric:
    name, method = "grouping_permutation_p", f"{draws} permutations within strata, one-sided"
    lifted = one.conditional[side]
    return metric(name, one.attribute.name, side, one.p[side], None, lifted.n, method, why=lifted.why)


def _strata_words(given: Strata) -> str:
    if not given.used:
        return "no wanted attribute (all items)"
    return f"{' x '.join(given.used)} ({given.count} strata)"


def _size(context: PlanContext) -> int:
    return len(retrieval_settings(context.settings).attributes())


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    space = load_space(context.workbench)
    alpha = planned(context.review.rules, context.review.as_recorded())
    rows = grouping_metrics(
        space,
        context.seed,
        fall=alpha.get("retrieval.grouping", LEVEL),
        rise=alpha.get("retrieval.confounds", LEVEL),
        kept=len(retrieval_settings(context.settings).must_keep),
    )
    return {"metric": metric_table(rows)}


GROUP = Aggregate("retrieval.grouping", 2, _compute, _size)
