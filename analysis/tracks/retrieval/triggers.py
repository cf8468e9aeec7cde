"""The occasions on which a review of a text encoder matters, each with its number and examples."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.base.records import ALL, SIDES, GateInput, Metric, Trigger
from analysis.plugin.gate import metric_of
from analysis.tracks.retrieval.gates import (
    CONFOUNDS,
    GROUPING,
    MIN_ITEMS,
    NEGATIVES,
    PROBES,
    TRACK,
    declared,
    enough,
    exceeds_wanted,
    fell,
    level,
    rose,
    signed,
)


def triggers(given: GateInput) -> list[Trigger]:
    """Better overall but broke probes; critical slices; unwanted and wanted grouping; hard negatives."""
    found = [
        _better_but_broke(given),
        *_critical_slices(given),
        *_confounds(given),
        *_given_up(given),
        _violated(given),
    ]
    return sorted((one for one in found if one is not None), key=lambda one: not one.fired)


def _better_but_broke(given: GateInput) -> Trigger | None:
    change = metric_of(given, TRACK, "recall", ALL)
    if change is None or change.value is None:
        return None
    broken, fixed = _count(given, "broken", ALL), _count(given, "fixed", ALL)
    sentence = (
        f"recall{_at(given)} {_sides(given, 'recall', ALL)}, and {broken} of {change.n} probes lost relevant items "
        f"that the base finds ({fixed} gained some)"
    )
    fired = change.value > 0 and broken > 0
    return _trigger("better overall, but broke probes", sentence, fired, change, _flagged(given, PROBES.name))


def _critical_slices(given: GateInput) -> list[Trigger]:
    found = []
    for one in given.slices:
        change = metric_of(given, TRACK, "recall", one.slice)
        if one.track != TRACK or not one.critical or change is None or change.value is None:
            continue
        sentence = (
            f"recall{_at(given)} of {one.slice} {_sides(given, 'recall', one.slice)}: "
            f"{_count(given, 'fixed', one.slice)} gained relevant items, {_count(given, 'broken', one.slice)} lost "
            f"some of {change.n}"
        )
        clear = change.low is not None and change.high is not None and not change.low <= 0 <= change.high
        refs = _flagged(given, f"{PROBES.name}[{one.slice}]")
        name = "a critical slice's recall changed"
        found.append(_trigger(name, sentence, clear, change, refs, worse=change.value < 0))
    return found


def _confounds(given: GateInput) -> list[Trigger]:
    found = []
    limits = given.rules[CONFOUNDS.name].thresholds
    for attribute in declared(given).get("not_by", ()):
        change = metric_of(given, TRACK, "grouping_conditional_lift", attribute)
        if change is None or not enough(change, MIN_ITEMS):
            continue
        beyond = exceeds_wanted(given, attribute) and rose(change, limits["max_rise_beyond_wanted"])
        fired = beyond or rose(change, limits["max_rise"])
        sentence = (
            f"items group by {attribute}: lift over chance {_sides(given, 'grouping_lift', attribute)}, "
            f"beyond what is wanted {signed(change)}"
        )
        refs = _flagged(given, f"{CONFOUNDS.name}[{attribute}]")
        found.append(_trigger("groups by an unwanted attribute", sentence, fired, change, refs))
    return found


def _given_up(given: GateInput) -> list[Trigger]:
    found = []
    limit = given.rules[GROUPING.name].thresholds["max_fall"]
    kept = declared(given).get("must_keep", ())
    for attribute in declared(given).get("group_by", ()):
        change = metric_of(given, TRACK, "grouping_lift", attribute)
        if change is None or not enough(change, MIN_ITEMS):
            continue
        key = f"{GROUPING.name}[{attribute}]" if attribute in kept else GROUPING.name
        sentence = (
            f"items group less by {attribute}: lift over chance {_sides(given, 'grouping_lift', attribute)}, "
            f"change {signed(change)}"
        )
        name = "groups less by a wanted attribute"
        found.append(_trigger(name, sentence, fell(change, limit), change, _flagged(given, key)))
    return found


def _violated(given: GateInput) -> Trigger | None:
    change = metric_of(given, TRACK, "violations", ALL)
    if change is None or change.value is None:
        return None
    broken, fixed = _count(given, "pairs_broken", ALL), _count(given, "pairs_fixed", ALL)
    sentence = f"of {change.n} hard negatives, {broken} newly stand before the right item, {fixed} no longer"
    fired = broken > fixed
    return _trigger("hard negatives regressed", sentence, fired, change, _flagged(given, NEGATIVES.name))


def _trigger(
    name: str, sentence: str, fired: bool, metric: Metric, refs: Sequence[str], *, worse: bool = True
) -> Trigger:
    return Trigger(
        name, TRACK, sentence, fired, metric.value, metric.low, metric.high, metric.n, tuple(refs), worse
    )


def _sides(given: GateInput, name: str, slice_name: str) -> str:
    return " → ".join(level(metric_of(given, TRACK, name, slice_name, side)) for side in SIDES)


def _at(given: GateInput) -> str:
    k = declared(given).get("k")
    return f"@{k}" if k else ""


def _count(given: GateInput, name: str, slice_name: str) -> int:
    metric = metric_of(given, TRACK, name, slice_name)
    return int(metric.value or 0) if metric else 0


def _flagged(given: GateInput, key: str) -> tuple[str, ...]:
    return given.flagged.get(key, ())
