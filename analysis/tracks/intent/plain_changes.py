"""What got better and worse in an intent classifier, in sentences for people who know nothing of models."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, OUT_OF_SCOPE, SIDES, Side
from analysis.plugin.change import Change, Way, change_of
from analysis.plugin.gate import metric_of
from analysis.plugin.trigger import clear, count, flagged
from analysis.tracks.intent.classes import class_of, critical_classes
from analysis.tracks.intent.metric_specs import TRACK
from analysis.tracks.intent.names import OVERCONFIDENCE, RELEVANCE, SIGNALS


def changes(given: GateInput) -> list[Change]:
    """Accuracy, critical classes, what sways it and should not, what should and no longer does, confidence, slices."""
    return [
        *_accuracy(given),
        *_classes(given),
        *_cues(given),
        *_signals(given),
        *_confidence(given),
        *_slices(given),
    ]


def _accuracy(given: GateInput) -> Iterator[Change]:
    change = metric_of(given, TRACK, "accuracy", ALL)
    if change is None or change.value is None:
        return
    base, candidate = (_percent(given, "accuracy", ALL, side) for side in SIDES)
    text = (
        f"it answers {candidate} of {change.n:,} messages rightly, the base {base}: "
        f"{count(given, TRACK, 'fixed', ALL)} newly right, {count(given, TRACK, 'broken', ALL)} newly wrong"
    )
    yield change_of(change, text, up_is_better=True, gates=("intent.accuracy",))


def _classes(given: GateInput) -> Iterator[Change]:
    """Whether a critical class is recognised, and whether others are taken for it."""
    for one in critical_classes(given):
        name = class_of(one)
        recall = metric_of(given, TRACK, "recall", one.slice)
        if recall is not None and recall.value is not None:
            base, candidate = (_percent(given, "recall", one.slice, side) for side in SIDES)
            text = f"it recognises {candidate} of the {recall.n} messages of {name}, the base {base}"
            gates = (f"intent.critical_recall[{name}]",)
            yield change_of(recall, text, up_is_better=True, critical=True, slice_name=one.slice, gates=gates)
        wrongly = metric_of(given, TRACK, "false_positive_rate", one.slice)
        if wrongly is not None and wrongly.value is not None:
            sides = (metric_of(given, TRACK, "false_positives", one.slice, side) for side in SIDES)
            base, candidate = (str(int(side.value or 0)) if side else "–" for side in sides)
            text = (
                f"it sends {candidate} of {wrongly.n:,} other messages to {name} by mistake, the base {base}"
            )
            gates = (f"intent.critical_routing[{name}]",)
            yield change_of(wrongly, text, up_is_better=False, critical=True, gates=gates)


def _cues(given: GateInput) -> Iterator[Change]:
    critical = {class_of(one) for one in critical_classes(given)}
    for target, cues in given.settings.get(TRACK, {}).get("irrelevant", {}).items():
        for cue in cues:
            key = f"{target}/{cue}"
            base, own = (metric_of(given, TRACK, "relevance_own_other", key, side) for side in SIDES)
            if base is None or own is None or base.value is None or own.value is None:
                continue
            text = (
                f"putting {cue} into a message moves the probability of {target} by {100 * own.value:+z.0f} points, "
                f"in the base by {100 * base.value:+z.0f} ({own.n} messages of other classes)"
            )
            further = abs(own.value) - abs(base.value)
            yield Change(
                TRACK,
                text,
                "worse" if further > 0 else "better",
                target in critical,
                clear(own) or clear(base),
                min(abs(further), 1.0),
                gates=(f"{RELEVANCE}[{key}]",),
            )


def _signals(given: GateInput) -> Iterator[Change]:
    """What people say to be understood: how much of its effect is left, by how many messages show that."""
    critical = {class_of(one) for one in critical_classes(given)}
    for target, words in given.settings.get(TRACK, {}).get("signals", {}).items():
        base, candidate = (metric_of(given, TRACK, "signal_effect", target, side) for side in SIDES)
        change = metric_of(given, TRACK, "signal_effect", target)
        if base is None or candidate is None or change is None or change.value is None:
            continue
        if base.value is None or candidate.value is None or base.value <= 0 or not change.n:
            continue
        gate = f"{SIGNALS}[{target}]"
        said = f" (such as “{words[0]}”)" if words else ""
        text = (
            f"what people say to be sent to {target}{said} counts for {candidate.value / base.value:.0%} of what it "
            f"did in the base ({change.n} messages)"
        )
        way: Way = "worse" if change.value < 0 else "better"
        shown = min(len(flagged(given, gate)) / change.n, 1.0)
        yield Change(TRACK, text, way, target in critical, clear(change), shown, gates=(gate,))


def _confidence(given: GateInput) -> Iterator[Change]:
    """Whether it is as sure as it is right, and how sure it is of texts that belong to no class."""
    base, candidate = (metric_of(given, TRACK, "signed_gap", ALL, side) for side in SIDES)
    change = metric_of(given, TRACK, "signed_gap", ALL)
    known = [one.value for one in (base, candidate) if one is not None and one.value is not None]
    if change is not None and change.value is not None and len(known) == len(SIDES):
        text = f"its confidence is {_gap(known[1])} on average, the base's {_gap(known[0])}"
        further = abs(known[1]) - abs(known[0])
        way: Way = "worse" if further > 0 else "better"
        yield Change(TRACK, text, way, False, clear(change), abs(further), gates=(OVERCONFIDENCE,))
    outside = metric_of(given, TRACK, "confidence", OUT_OF_SCOPE)
    if outside is not None and outside.value is not None:
        sides = [_percent(given, "confidence", OUT_OF_SCOPE, side) for side in SIDES]
        text = f"of {outside.n} messages that belong to no class it is {sides[1]} sure on average, the base {sides[0]}"
        yield change_of(outside, text, up_is_better=False, gates=(OVERCONFIDENCE,))


def _gap(value: float) -> str:
    points = f"{100 * abs(value):.1f} points"
    return f"{points} {'above' if value > 0 else 'below'} its share of right answers"


def _slices(given: GateInput) -> Iterator[Change]:
    """Accuracy of every slice that is no class of its own measure; critical classes are told by their recall."""
    told = {one.slice for one in critical_classes(given)}
    for one in given.slices:
        if one.track != TRACK or one.kind in ("all", "confusion") or one.slice in told:
            continue
        change = metric_of(given, TRACK, "accuracy", one.slice)
        if change is None or change.value is None:
            continue
        broken, fixed = (count(given, TRACK, name, one.slice) for name in ("broken", "fixed"))
        text = (
            f"messages with {one.slice}: {broken} newly wrong, {fixed} newly right of {change.n}, "
            f"{_points(change.value, change.low, change.high)}"
        )
        yield change_of(
            change,
            text,
            up_is_better=True,
            critical=one.critical,
            slice_name=one.slice,
            gates=(f"intent.slices[{one.slice}]",),
        )


def _points(value: float, low: float | None, high: float | None) -> str:
    bounds = "" if low is None or high is None else f" [{100 * low:+z.1f}, {100 * high:+z.1f}]"
    return f"{100 * value:+z.1f} points{bounds}"


def _percent(given: GateInput, name: str, slice_name: str, side: Side) -> str:
    one = metric_of(given, TRACK, name, slice_name, side)
    return "–" if one is None or one.value is None else f"{one.value:.1%}"
