"""The occasions on which a review of a text generator matters, each with its number and examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analysis.base.records import ALL, SIDES, GateInput, Metric, Trigger
from analysis.plugin.gate import metric_of
from analysis.tracks.response.gates import (
    LENGTH,
    STRICT,
    TRADEOFF,
    flagged_for,
    judged_slices,
)
from analysis.tracks.response.judged import new_hits
from analysis.tracks.response.metric_specs import HALLUCINATION, TRACK


def triggers(given: GateInput) -> list[Trigger]:
    """Wins but spoils; spoilers; hallucination; tone; escalation; length."""
    found = [
        _wins_but_spoils(given),
        *_spoilers(given),
        _hallucination(given),
        _tone(given),
        *_escalation(given),
        _length(given),
    ]
    return sorted((one for one in found if one is not None), key=lambda one: not one.fired)


def _wins_but_spoils(given: GateInput) -> Trigger | None:
    rate = metric_of(given, TRACK, "win_rate", ALL, "candidate")
    if rate is None or rate.value is None or rate.low is None:
        return None
    limit = given.rules[TRADEOFF.name].thresholds["min_preferred"]
    new = {name: _count(given, name, "broken", ALL) for name in STRICT}
    gone = {name: _count(given, name, "fixed", ALL) for name in STRICT}
    sentence = f"preferred in {rate.value:.0%} of {rate.n} prompts, with new hits of " + ", ".join(
        f"{name} in {new[name]} ({gone[name]} no longer)" for name in STRICT
    )
    fired = rate.low > limit and any(new[name] > gone[name] for name in STRICT)
    refs = _flagged(given, TRADEOFF.name) or _together(new_hits(given, name) for name in STRICT)
    return _trigger("wins on style, but spoils or invents", sentence, fired, rate, refs)


def _spoilers(given: GateInput) -> list[Trigger]:
    found = []
    for slice_name in judged_slices(given):
        change = _change(given, "spoilers", slice_name)
        if change is None:
            continue
        where = "" if slice_name == ALL else f" in {slice_name}"
        sentence = f"spoilers{where}: {_sides(given, 'spoilers', slice_name)} of {change.n} answers"
        refs = flagged_for(given, "spoilers", slice_name)
        worse = (change.value or 0.0) > 0
        found.append(_trigger("spoilers changed", sentence, _clear(change), change, refs, worse=worse))
    return found


def _hallucination(given: GateInput) -> Trigger | None:
    change = _change(given, HALLUCINATION, ALL)
    if change is None:
        return None
    sentence = (
        f"facts, promises or citations that nothing supports: {_sides(given, HALLUCINATION, ALL)} of {change.n} "
        "answers"
    )
    refs = tuple(new_hits(given, HALLUCINATION))
    worse = (change.value or 0.0) > 0
    return _trigger("hallucination changed", sentence, _clear(change), change, refs, worse=worse)


def _tone(given: GateInput) -> Trigger | None:
    """Any tone in which the candidate answers clearly more or less often; the one that moved most leads."""
    names = [
        one.name.removesuffix("_rate")
        for one in given.metrics
        if one.track == TRACK and one.name.startswith("tone_") and one.name.endswith("_rate")
        if one.name != "tone_rate" and one.slice == ALL and one.side == "difference"
    ]
    changes = {name: change for name in names if (change := _change(given, name, ALL)) is not None}
    if not changes:
        return None
    order = sorted(changes, key=lambda name: (not _clear(changes[name]), -abs(changes[name].value or 0.0)))
    said = [f"{name.removeprefix('tone_')} {_sides(given, name, ALL)}" for name in order]
    first = changes[order[0]]
    sentence = f"answers by tone, base → candidate of {first.n}: {', '.join(said)}"
    pushes = _change(given, "tone", ALL)
    worse = pushes is not None and _clear(pushes) and (pushes.value or 0.0) > 0
    refs = flagged_for(given, "tone", ALL)
    return _trigger("a LoRA or DPO model changed tone", sentence, _clear(first), first, refs, worse=worse)


def _escalation(given: GateInput) -> list[Trigger]:
    found = []
    for slice_name in judged_slices(given):
        change = _change(given, "escalation", slice_name)
        if change is None:
            continue
        where = "" if slice_name == ALL else f" in {slice_name}"
        sides = _sides(given, "escalation", slice_name)
        sentence = f"wrong about handing over to a person{where}: {sides} of {change.n}"
        refs = flagged_for(given, "escalation", slice_name)
        fired = _clear(change) and (change.value or 0.0) > 0
        found.append(_trigger("escalation regressed", sentence, fired, change, refs))
    return found


def _length(given: GateInput) -> Trigger | None:
    base, candidate, change = (
        metric_of(given, TRACK, "length", ALL, side) for side in ("base", "candidate", "difference")
    )
    if base is None or candidate is None or change is None or not base.value or change.value is None:
        return None
    share = change.value / base.value
    limit = given.rules[LENGTH.name].thresholds["max_change"]
    sentence = f"mean length {base.value:.0f} → {candidate.value or 0.0:.0f} words"
    fired = _clear(change) and abs(share) > limit
    return _trigger("answers have another length", sentence, fired, change, _flagged(given, LENGTH.name))


def _trigger(
    name: str, sentence: str, fired: bool, metric: Metric, refs: Sequence[str], *, worse: bool = True
) -> Trigger:
    return Trigger(
        name, TRACK, sentence, fired, metric.value, metric.low, metric.high, metric.n, tuple(refs), worse
    )


def _change(given: GateInput, detector: str, slice_name: str) -> Metric | None:
    """How far a rate rose; None where there is none, and in a slice where neither side has a hit."""
    change = metric_of(given, TRACK, f"{detector}_rate", slice_name)
    if change is None or change.value is None:
        return None
    sides = (metric_of(given, TRACK, f"{detector}_rate", slice_name, side) for side in SIDES)
    silent = slice_name != ALL and not any(one is not None and one.value for one in sides)
    return None if silent else change


def _sides(given: GateInput, detector: str, slice_name: str) -> str:
    """`0 → 11`: answers with a hit on either side."""
    found = (metric_of(given, TRACK, f"{detector}_rate", slice_name, side) for side in SIDES)
    return " → ".join("–" if one is None else str(hits_of(one)) for one in found)


def hits_of(rate: Metric) -> int:
    """The number of answers with a hit that a rate was made of."""
    return round((rate.value or 0.0) * (rate.n or 0))


def _count(given: GateInput, detector: str, what: str, slice_name: str) -> int:
    metric = metric_of(given, TRACK, f"{detector}_{what}", slice_name)
    return int(metric.value or 0) if metric else 0


def _clear(change: Metric) -> bool:
    """Whether the interval of a change excludes zero."""
    return change.low is not None and change.high is not None and not change.low <= 0 <= change.high


def _flagged(given: GateInput, key: str) -> tuple[str, ...]:
    return given.flagged.get(key, ())


def _together(sets: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ref for refs in sets for ref in refs))


__all__ = ["hits_of", "triggers"]
