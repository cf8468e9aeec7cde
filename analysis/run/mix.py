"""`[traffic]` and `[costs]` held against the data: what they name must be there, and shares must fit into a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.base.problems import Problem, suggest
from analysis.base.records import Slice
from analysis.plugin.registry import get
from analysis.plugin.settings import Review

_WHOLE = 1 + 1e-9
"""Shares that make a whole may miss it by what floats round."""


def check_mix(review: Review, slices: Sequence[Slice]) -> list[Problem]:
    """What is wrong with the declared shares of traffic and costs of errors.

    Args:
        review: what was declared.
        slices: of every track, as the data makes them.
    """
    weighing = [name for name in review.tracks if get(name).weighs]
    here = [one for one in slices if one.track in weighing and one.kind != "all"]
    return [*_weights(review, weighing, here), *_costs(review, weighing, here)]


def _weights(review: Review, weighing: Sequence[str], slices: Sequence[Slice]) -> Iterator[Problem]:
    weights = review.traffic.weights
    if weights and not weighing:
        yield Problem("no track of this review is weighed by traffic", review.where("traffic", "weights"))
        return
    known = {one.slice: one for one in slices}
    for name in weights:
        where = review.where("traffic", "weights", name)
        if name not in known:
            yield Problem(
                f"a share of traffic is given to {name!r}, and there is no such slice",
                where,
                suggest(name, list(known)),
            )
        elif known[name].n == 0:
            yield Problem(f"a share of traffic is given to {name!r}, of which there is no example", where)
    classes = [one.slice for one in slices if one.kind == "class"]
    total = sum(weights.get(name, 0.0) for name in classes)
    if total and all(name in weights for name in classes) and total < 2 - _WHOLE:
        yield Problem(
            f"every class has a share, and together they have only {total:g} of the traffic",
            review.where("traffic", "weights"),
            "give shares that add up to 1, or leave one out to take the rest",
        )
    if total > _WHOLE:
        yield Problem(
            f"the classes have {total:g} of the traffic together, more than all of it",
            review.where("traffic", "weights"),
            "give shares that add up to 1 or less; what has none shares the rest",
        )


def _costs(review: Review, weighing: Sequence[str], slices: Sequence[Slice]) -> Iterator[Problem]:
    costs = {"missed": review.costs.missed, "false": review.costs.false}
    if any(costs.values()) and not weighing:
        yield Problem("no track of this review has classes to cost anything", review.where("costs"))
        return
    classes = {one.slice.partition("=")[2]: None for one in slices if one.kind == "class"}
    for name in weighing:
        classes.update(dict.fromkeys(review.tracks[name].critical_classes()))
    for kind, table in costs.items():
        for name in table:
            if name not in classes:
                yield Problem(
                    f"a cost is given to {name!r}, and there is no such class",
                    review.where("costs", kind, name),
                    suggest(name, list(classes)),
                )
