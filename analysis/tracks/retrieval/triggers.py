"""The occasions on which a review of a text encoder matters, each with its number and examples."""

from __future__ import annotations

from analysis.base.gate_records import GateInput, Trigger
from analysis.base.records import ALL
from analysis.plugin.gate import metric_of
from analysis.plugin.trigger import clear, count, fired_first, flagged, trigger
from analysis.tracks.retrieval.changes import (
    MIN_ITEMS,
    at_k,
    both_levels,
    declared,
    enough,
    fell,
    rise_limit,
    rose,
    signed,
)
from analysis.tracks.retrieval.gates.confounds import CONFOUNDS
from analysis.tracks.retrieval.gates.hard_negatives import NEGATIVES
from analysis.tracks.retrieval.gates.probe_answers import PROBES
from analysis.tracks.retrieval.gates.wanted_grouping import GROUPING
from analysis.tracks.retrieval.metric_specs import TRACK


def triggers(given: GateInput) -> list[Trigger]:
    """Better overall but broke probes; critical slices; unwanted and wanted grouping; hard negatives."""
    found = [
        _better_but_broke(given),
        *_critical_slices(given),
        *_confounds(given),
        *_given_up(given),
        _violated(given),
    ]
    return fired_first(found)


def _better_but_broke(given: GateInput) -> Trigger | None:
    change = metric_of(given, TRACK, "recall", ALL)
    if change is None or change.value is None:
        return None
    broken, fixed = count(given, TRACK, "broken", ALL), count(given, TRACK, "fixed", ALL)
    sentence = (
        f"recall{at_k(given)} {_both(given, 'recall', ALL)}, and {broken} of {change.n} probes lost relevant "
        f"items that the base finds ({fixed} gained some)"
    )
    fired = change.value > 0 and broken > 0
    return trigger(
        TRACK, "better overall, but broke probes", sentence, fired, change, flagged(given, PROBES.name)
    )


def _critical_slices(given: GateInput) -> list[Trigger]:
    found = []
    for one in given.slices:
        change = metric_of(given, TRACK, "recall", one.slice)
        if one.track != TRACK or not one.critical or change is None or change.value is None:
            continue
        broken, fixed = (count(given, TRACK, name, one.slice) for name in ("broken", "fixed"))
        sentence = (
            f"recall{at_k(given)} of {one.slice} {_both(given, 'recall', one.slice)}: {fixed} gained relevant items, "
            f"{broken} lost some of {change.n}"
        )
        refs = flagged(given, f"{PROBES.name}[{one.slice}]")
        name = "a critical slice's recall changed"
        found.append(trigger(TRACK, name, sentence, clear(change), change, refs, worse=change.value < 0))
    return found


def _confounds(given: GateInput) -> list[Trigger]:
    found = []
    limits = given.rules[CONFOUNDS.name].thresholds
    for attribute in declared(given).get("not_by", ()):
        change = metric_of(given, TRACK, "grouping_conditional_lift", attribute)
        if change is None or not enough(change, MIN_ITEMS):
            continue
        fired = rose(change, rise_limit(given, attribute, limits))
        sentence = (
            f"items group by {attribute}: lift over chance {_both(given, 'grouping_lift', attribute)}, "
            f"beyond what is wanted {signed(change)}"
        )
        refs = flagged(given, f"{CONFOUNDS.name}[{attribute}]")
        found.append(trigger(TRACK, "groups by an unwanted attribute", sentence, fired, change, refs))
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
            f"items group less by {attribute}: lift over chance {_both(given, 'grouping_lift', attribute)}, "
            f"change {signed(change)}"
        )
        name = "groups less by a wanted attribute"
        found.append(trigger(TRACK, name, sentence, fell(change, limit), change, flagged(given, key)))
    return found


def _violated(given: GateInput) -> Trigger | None:
    change = metric_of(given, TRACK, "violations", ALL)
    if change is None or change.value is None:
        return None
    broken, fixed = count(given, TRACK, "pairs_broken", ALL), count(given, TRACK, "pairs_fixed", ALL)
    sentence = f"of {change.n} hard negatives, {broken} newly stand before the right item, {fixed} no longer"
    fired = broken > fixed
    return trigger(TRACK, "hard negatives regressed", sentence, fired, change, flagged(given, NEGATIVES.name))


def _both(given: GateInput, name: str, slice_name: str) -> str:
    return both_levels(given, name, slice_name, between=" → ")
