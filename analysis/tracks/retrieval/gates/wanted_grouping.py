"""`retrieval.grouping`: items still have near what is like them in the wanted attributes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import ALL, Metric
from analysis.plugin.gate import Gate, Threshold, metric_of, result
from analysis.tracks.retrieval.changes import (
    MIN_ITEMS,
    both_lifts,
    declared,
    enough,
    fell,
    signed,
    unmeasured,
)
from analysis.tracks.retrieval.gates.item_count import item_count
from analysis.tracks.retrieval.grouping_sentences import attribute_name
from analysis.tracks.retrieval.metric_specs import TRACK, criterion, reads


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    """The mean over the wanted attributes, then each that must be kept on its own."""
    wanted = list(declared(given).get("group_by", ()))
    if not wanted:
        return [result(GROUPING, "n/a", "no attribute is declared in group_by")]
    kept = list(declared(given).get("must_keep", ()))
    return [
        _mean(given, rule, [name for name in wanted if name not in kept]),
        *(_kept(given, rule, name) for name in kept),
    ]


def _mean(given: GateInput, rule: Rule, others: Iterable[str]) -> GateResult:
    """A fall of the mean fails; a fall of an attribute that nobody asked to keep warns."""
    limit = rule.thresholds["max_fall"]
    change = metric_of(given, TRACK, "grouping_wanted_lift", ALL)
    singly = {name: metric_of(given, TRACK, "grouping_lift", name) for name in others}
    rows = [
        item_count(change, "items that have a wanted attribute"),
        _fall_row("change of the mean lift of the wanted attributes", change, limit, "fail"),
        *(_fall_row(_lift_change(name), one, limit, "warn") for name, one in singly.items()),
    ]
    verdict: GateVerdict
    unknown = unmeasured(change, "grouping", "items")
    if unknown is not None:
        verdict, why = "unknown", unknown
    else:
        both = f"mean {both_lifts(given, ALL, 'grouping_wanted_lift')}, change {signed(change)}"
        fallen = [name for name, one in singly.items() if enough(one, MIN_ITEMS) and fell(one, limit)]
        if fell(change, limit):
            verdict, why = "fail", f"items group less by what is wanted: {both}"
        elif fallen:
            given_up = ", ".join(
                f"{name} {both_lifts(given, name)}, change {signed(singly[name])}" for name in fallen
            )
            verdict, why = "warn", f"given up, and nobody asked to keep it: {given_up}; {both}"
        else:
            verdict, why = "pass", both
    refs = given.flagged.get(GROUPING.name, ())
    return result(
        GROUPING,
        verdict,
        why,
        metric=change,
        threshold=f"lift change {_fall_limit(limit)}",
        criteria=rows,
        refs=refs,
    )


def _kept(given: GateInput, rule: Rule, attribute: str) -> GateResult:
    """An attribute of `must_keep`."""
    limit = rule.thresholds["max_fall"]
    change = metric_of(given, TRACK, "grouping_lift", attribute)
    rows = [
        item_count(change, "items that have it"),
        _fall_row(_lift_change(attribute), change, limit, "fail"),
    ]
    verdict: GateVerdict
    unknown = unmeasured(change, "its grouping", "items have it")
    if unknown is not None:
        verdict, why = "unknown", unknown
    else:
        verdict = "fail" if fell(change, limit) else "pass"
        why = f"{both_lifts(given, attribute)}, change {signed(change)}"
    return result(
        GROUPING,
        verdict,
        why,
        slice_name=attribute,
        metric=change,
        spec=WANTED_LIFT,
        threshold=f"lift change {_fall_limit(limit)}",
        criteria=rows,
        refs=given.flagged.get(f"{GROUPING.name}[{attribute}]", ()),
    )


def _fall_row(what: str, change: Metric | None, limit: float, beyond: GateVerdict) -> Criterion:
    """A change that must not fall; `beyond` is what a clear fall means for the gate.

    What is measured over too few items decides nothing, and an attribute that only warns is then passed over.
    """
    if not enough(change, MIN_ITEMS):
        if beyond != "fail":
            return criterion(what, change, f"counts from {MIN_ITEMS} items", "n/a")
        return criterion(what, change, _fall_limit(limit), "unknown")
    return criterion(what, change, _fall_limit(limit), beyond if fell(change, limit) else "pass")


def _lift_change(attribute: str) -> str:
    return f"change of the lift of {attribute_name(attribute)}"


def _fall_limit(limit: float) -> str:
    return f"not under -{limit:.2f} with its upper bound under 0"


WANTED_LIFT = replace(reads("grouping_lift")[0], better="up")
"""The lift of an attribute that is known to be wanted."""
GROUPING = Gate(
    "retrieval.grouping",
    "items are still found beside what shoppers mean by them",
    {"max_fall": Threshold(0.10, "lower", "fall of the lift over chance that must be exceeded to fail")},
    _judge,
    reads=reads("grouping_wanted_lift", "grouping_lift"),
    place=10,
    alpha_weight=1,
    needs="items must be found beside what shoppers mean by them as much as before",
)
GATES = (GROUPING,)
