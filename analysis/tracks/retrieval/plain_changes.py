"""What got better and worse in an embedding space, in sentences for people who know nothing of models."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, SIDES, Metric
from analysis.plugin.change import Change, change_of
from analysis.plugin.gate import metric_of
from analysis.plugin.trigger import count
from analysis.tracks.retrieval.changes import MIN_ITEMS, both_levels, declared, enough
from analysis.tracks.retrieval.gates.confounds import CONFOUNDS
from analysis.tracks.retrieval.gates.hard_negatives import NEGATIVES
from analysis.tracks.retrieval.gates.probe_answers import PROBES
from analysis.tracks.retrieval.gates.wanted_grouping import GROUPING
from analysis.tracks.retrieval.grouping_sentences import attribute_name
from analysis.tracks.retrieval.metric_specs import TRACK


def changes(given: GateInput) -> list[Change]:
    """What is found, what stands together and should not, what no longer does and should, confused items, slices."""
    return [*_found(given), *_together(given), *_apart(given), *_confused(given), *_slices(given)]


def _found(given: GateInput) -> Iterator[Change]:
    change = metric_of(given, TRACK, "recall", ALL)
    if change is None or change.value is None:
        return
    base, candidate = (_share(metric_of(given, TRACK, "recall", ALL, side)) for side in SIDES)
    text = (
        f"among the first {declared(given).get('k', 'results')} it finds {candidate} of what was asked for, the base "
        f"{base}: {count(given, TRACK, 'fixed', ALL)} of {change.n} searches gained something, "
        f"{count(given, TRACK, 'broken', ALL)} lost something"
    )
    yield change_of(change, text, up_is_better=True, gates=(PROBES.name,))


def _together(given: GateInput) -> Iterator[Change]:
    """Neighbours that share what they should not, beyond what the wanted attributes explain."""
    for attribute in declared(given).get("not_by", ()):
        gate = f"{CONFOUNDS.name}[{attribute}]"
        yield from _grouping(given, attribute, "grouping_conditional_lift", gate, wanted=False)


def _apart(given: GateInput) -> Iterator[Change]:
    """Neighbours that share what they should."""
    kept = declared(given).get("must_keep", ())
    for attribute in declared(given).get("group_by", ()):
        gate = f"{GROUPING.name}[{attribute}]" if attribute in kept else GROUPING.name
        yield from _grouping(given, attribute, "grouping_lift", gate, wanted=True)


def _grouping(given: GateInput, attribute: str, lift: str, gate: str, *, wanted: bool) -> Iterator[Change]:
    """How much more, or less, items stand together for having the same of an attribute; nothing of too few items."""
    change = metric_of(given, TRACK, lift, attribute)
    if change is None or change.value is None or not enough(change, MIN_ITEMS):
        return
    more = "more" if change.value > 0 else "less"
    should = "as they should" if wanted else "which should not matter"
    text = (
        f"items stand together {more} than before for having the same {attribute_name(attribute)}, {should}: "
        f"{both_levels(given, lift, attribute, between=' → ')} (0 is chance, 1 is always; {change.n} items)"
    )
    yield change_of(change, text, up_is_better=wanted, gates=(gate,))


def _confused(given: GateInput) -> Iterator[Change]:
    change = metric_of(given, TRACK, "violations", ALL)
    if change is None or change.value is None:
        return
    base, candidate = (_share(metric_of(given, TRACK, "violations", ALL, side)) for side in SIDES)
    text = (
        f"of {change.n} pairs easily confused it puts the wrong one first in {candidate}, the base in {base}"
    )
    yield change_of(change, text, up_is_better=False, gates=(NEGATIVES.name,))


def _slices(given: GateInput) -> Iterator[Change]:
    for one in given.slices:
        change = metric_of(given, TRACK, "recall", one.slice)
        if one.track != TRACK or one.kind == "all" or change is None or change.value is None:
            continue
        broken, fixed = (count(given, TRACK, name, one.slice) for name in ("broken", "fixed"))
        bounds = ""
        if change.low is not None and change.high is not None:
            bounds = f" [{100 * change.low:+z.0f}, {100 * change.high:+z.0f}]"
        text = (
            f"searches with {one.slice}: {broken} lost something, {fixed} gained something of {change.n}, "
            f"{100 * change.value:+z.0f} points{bounds} of what was asked for"
        )
        yield change_of(
            change,
            text,
            up_is_better=True,
            critical=one.critical,
            slice_name=one.slice,
            gates=(f"{PROBES.name}[{one.slice}]",),
        )


def _share(metric: Metric | None) -> str:
    return "–" if metric is None or metric.value is None else f"{metric.value:.0%}"
