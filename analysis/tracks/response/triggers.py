"""The occasions on which a review of a text generator matters, each with its number and examples."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.base.gate_records import GateInput, Trigger
from analysis.base.records import ALL
from analysis.plugin.gate import metric_of
from analysis.plugin.trigger import clear, count, fired_first, flagged, trigger
from analysis.tracks.response.detectors.contract import Detector, Occasion
from analysis.tracks.response.gate_keys import (
    LENGTH,
    TRADEOFF,
    detectors_of,
    flagged_for,
    judged_slices,
    strict_of,
)
from analysis.tracks.response.hallucination import HALLUCINATION, TITLE
from analysis.tracks.response.metric_specs import TRACK
from analysis.tracks.response.rate_counts import RateCounts, rate_counts
from analysis.tracks.response.span_verdicts import new_hits

HALLUCINATES = Occasion("hallucination changed", TITLE[:1].lower() + TITLE[1:])


def triggers(given: GateInput) -> list[Trigger]:
    """Wins but spoils; the occasions of the detectors and of hallucination; length. What fired comes first."""
    told = [one for one in detectors_of(given) if one.occasion is not None]
    occasions = [
        _wins_but_spoils(given),
        *(found for one in told if one.strict for found in _of_detector(given, one)),
        _of_rate(given, HALLUCINATION, HALLUCINATES, ALL, tuple(new_hits(given, HALLUCINATION))),
        *(found for one in told if not one.strict for found in _of_detector(given, one)),
        _length(given),
    ]
    return fired_first(occasions)


def _wins_but_spoils(given: GateInput) -> Trigger | None:
    rate = metric_of(given, TRACK, "win_rate", ALL, "candidate")
    if rate is None or rate.value is None or rate.low is None:
        return None
    limit = given.rules[TRADEOFF].thresholds["min_preferred"]
    names = [one.name for one in strict_of(given)]
    new = {name: count(given, TRACK, f"{name}_broken", ALL) for name in names}
    gone = {name: count(given, TRACK, f"{name}_fixed", ALL) for name in names}
    sentence = f"preferred in {rate.value:.0%} of {rate.n} prompts, with new hits of " + ", ".join(
        f"{name} in {new[name]} ({gone[name]} no longer)" for name in names
    )
    fired = rate.low > limit and any(new[name] > gone[name] for name in names)
    refs = flagged(given, TRADEOFF) or _together(new_hits(given, name) for name in names)
    return trigger(TRACK, "wins on style, but spoils or invents", sentence, fired, rate, refs)


def _of_detector(given: GateInput, detector: Detector) -> list[Trigger]:
    """The occasion of a detector: of its shares together where it has any, else of its rate in each judged slice."""
    occasion = detector.occasion
    if occasion is None:
        return []
    if detector.shares:
        found = [_of_shares(given, detector, occasion)]
    else:
        found = [
            _of_rate(given, detector.name, occasion, name, flagged_for(given, detector.name, name))
            for name in judged_slices(given)
        ]
    return [one for one in found if one is not None]


def _of_rate(
    given: GateInput, name: str, occasion: Occasion, slice_name: str, refs: tuple[str, ...]
) -> Trigger | None:
    """A rate that clearly rose, or fell where the occasion is told either way."""
    rate = _told(given, name, slice_name)
    if rate is None:
        return None
    where = "" if slice_name == ALL else f" in {slice_name}"
    sentence = f"{occasion.lead}{where}: {rate.sides()} of {rate.change.n} answers"
    rose = (rate.change.value or 0.0) > 0
    fired = clear(rate.change) and (rose or occasion.either_way)
    worse = rose or not occasion.either_way
    return trigger(TRACK, occasion.name, sentence, fired, rate.change, refs, worse=worse)


def _of_shares(given: GateInput, detector: Detector, occasion: Occasion) -> Trigger | None:
    """Any label that the candidate's answers clearly have more or less often; the one that moved most leads."""
    rates = {
        label: rate
        for label in detector.shares
        if (rate := _told(given, f"{detector.name}_{label}", ALL)) is not None
    }
    if not rates:
        return None
    order = sorted(
        rates, key=lambda label: (not clear(rates[label].change), -abs(rates[label].change.value or 0.0))
    )
    first = rates[order[0]].change
    said = ", ".join(f"{label} {rates[label].sides()}" for label in order)
    sentence = f"{occasion.lead}, base → candidate of {first.n}: {said}"
    hits = _told(given, detector.name, ALL)
    worse = hits is not None and clear(hits.change) and (hits.change.value or 0.0) > 0
    refs = flagged_for(given, detector.name, ALL)
    return trigger(TRACK, occasion.name, sentence, clear(first), first, refs, worse=worse)


def _length(given: GateInput) -> Trigger | None:
    base, candidate, change = (
        metric_of(given, TRACK, "length", ALL, side) for side in ("base", "candidate", "difference")
    )
    if base is None or candidate is None or change is None or not base.value or change.value is None:
        return None
    share = change.value / base.value
    limit = given.rules[LENGTH].thresholds["max_change"]
    sentence = f"mean length {base.value:.0f} → {candidate.value or 0.0:.0f} words"
    fired = clear(change) and abs(share) > limit
    return trigger(TRACK, "answers have another length", sentence, fired, change, flagged(given, LENGTH))


def _told(given: GateInput, name: str, slice_name: str) -> RateCounts | None:
    """A rate; None where there is none, and in a slice where neither side has a hit."""
    rate = rate_counts(given, name, slice_name)
    return None if rate is None or (slice_name != ALL and rate.silent) else rate


def _together(sets: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ref for refs in sets for ref in refs))
