"""The occasions on which a review of an intent classifier matters, each with its number and examples."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.gates import metric_of
from analysis.intent.flags import ROUTED
from analysis.records import ALL, GateInput, Metric, Trigger

TRACK = "intent"


def triggers(given: GateInput) -> list[Trigger]:
    """Better overall but broke examples; rare classes; confidence; routing; dependence on a cue."""
    found = [
        _better_but_broke(given),
        *_rare_classes(given),
        *_routing(given),
        *_cues(given),
        _overconfident(given),
    ]
    return sorted((one for one in found if one is not None), key=lambda one: not one.fired)


def _better_but_broke(given: GateInput) -> Trigger | None:
    base, candidate, change = (
        metric_of(given, TRACK, "accuracy", ALL, side) for side in ("base", "candidate", "difference")
    )
    if base is None or candidate is None or change is None:
        return None
    broken, fixed = _count(given, "broken", ALL), _count(given, "fixed", ALL)
    sentence = f"accuracy {_share(base.value)} → {_share(candidate.value)}: {fixed} fixed, {broken} broken"
    fired = (change.value or 0.0) > 0 and broken > 0
    return _trigger(
        "better overall, but broke examples", sentence, fired, change, _flagged(given, "intent.accuracy")
    )


def _rare_classes(given: GateInput) -> list[Trigger]:
    found = []
    for one in given.slices:
        if one.track != TRACK or not one.critical or one.kind != "class":
            continue
        base, candidate, change = (
            metric_of(given, TRACK, "recall", one.slice, side) for side in ("base", "candidate", "difference")
        )
        if base is None or candidate is None or change is None:
            continue
        name = one.slice.partition("=")[2]
        sentence = (
            f"recall of {name} {_share(base.value)} → {_share(candidate.value)}: "
            f"{_count(given, 'fixed', one.slice)} fixed, {_count(given, 'broken', one.slice)} broken of {change.n}"
        )
        refs = _flagged(given, f"intent.critical_recall[{name}]")
        worse = (change.value or 0.0) < 0
        found.append(
            _trigger("a rare class's recall changed", sentence, _clear(change), change, refs, worse=worse)
        )
    return found


def _routing(given: GateInput) -> list[Trigger]:
    found = []
    for one in given.slices:
        if one.track != TRACK or not one.critical or one.kind != "class":
            continue
        change = metric_of(given, TRACK, "false_positive_rate", one.slice)
        if change is None:
            continue
        name = one.slice.partition("=")[2]
        counts = [
            metric_of(given, TRACK, "false_positives", one.slice, side) for side in ("base", "candidate")
        ]
        base, candidate = (int(count.value or 0) if count else 0 for count in counts)
        sentence = f"wrongly sent to {name}: {base} → {candidate} of {change.n}"
        fired = _clear(change) and candidate > base
        refs = [entry.ref for entry in given.queue if ROUTED.format(name) in entry.reasons]
        found.append(_trigger("routing regressed", sentence, fired, change, refs))
    return found


def _cues(given: GateInput) -> list[Trigger]:
    found = []
    for target, cues in given.settings.get(TRACK, {}).get("irrelevant", {}).items():
        for cue in cues:
            key = f"{target}/{cue}"
            own = metric_of(given, TRACK, "relevance_own_other", key, "candidate")
            base = metric_of(given, TRACK, "relevance_own_other", key, "base")
            if own is None or base is None or own.value is None or base.value is None:
                continue
            gate = f"intent.relevance[{key}]"
            limit = given.rules["intent.relevance"].thresholds["max_shift_other"]
            sentence = f"inserting {cue} changes p({target}) by {own.value:+.2f}; base {base.value:+.2f}"
            fired = own.value > limit and (own.low or 0.0) > 0
            found.append(_trigger("leans on an irrelevant cue", sentence, fired, own, _flagged(given, gate)))
    return found


def _overconfident(given: GateInput) -> Trigger | None:
    gap = metric_of(given, TRACK, "signed_gap", ALL, "candidate")
    change = metric_of(given, TRACK, "signed_gap", ALL)
    if gap is None or change is None or gap.value is None or change.value is None:
        return None
    sentence = f"mean confidence minus accuracy {gap.value:+.3f}, change {change.value:+.3f}"
    fired = (gap.low or 0.0) > 0 and change.value > 0.02 and (change.low or 0.0) > 0
    return _trigger("became overconfident", sentence, fired, change, ())


def _trigger(
    name: str, sentence: str, fired: bool, metric: Metric, refs: Sequence[str], *, worse: bool = True
) -> Trigger:
    return Trigger(
        name, TRACK, sentence, fired, metric.value, metric.low, metric.high, metric.n, tuple(refs), worse
    )


def _clear(change: Metric) -> bool:
    """Whether the interval of a change excludes zero."""
    return change.low is not None and change.high is not None and not change.low <= 0 <= change.high


def _count(given: GateInput, name: str, slice_name: str) -> int:
    metric = metric_of(given, TRACK, name, slice_name)
    return int(metric.value or 0) if metric else 0


def _flagged(given: GateInput, key: str) -> tuple[str, ...]:
    return given.flagged.get(key, ())


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
