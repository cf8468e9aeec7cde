"""The occasions on which a review of a text generator matters, each with its number and examples."""

from __future__ import annotations

from analysis.base.gate_records import GateInput, Trigger
from analysis.base.records import ALL
from analysis.plugin.alpha import share_of
from analysis.plugin.gate import metric_of
from analysis.plugin.trigger import clear, count, fired_first, flagged, trigger
from analysis.tracks.response.estimates import Estimate, estimates
from analysis.tracks.response.gate_keys import BEHAVIOUR, LENGTH, TRADEOFF, flagged_for
from analysis.tracks.response.heard import heard
from analysis.tracks.response.metric_specs import TRACK, words_of


def triggers(given: GateInput) -> list[Trigger]:
    """Wins but pays for it; every behaviour whose rise or fall is told from none; length. What fired comes first."""
    found = estimates(given, share_of(given, BEHAVIOUR))
    # What is any of others tells of them all together, and comes before them.
    order = sorted(heard(given).behaviours, key=lambda one: (not one.any_of, not one.strict))
    told = [
        _of_behaviour(given, one)
        for behaviour in order
        for one in found.values()
        if one.behaviour.name == behaviour.name
    ]
    return fired_first([_wins_but_pays(given, found), *told, _length(given)])


def _wins_but_pays(given: GateInput, found: dict[tuple[str, str], Estimate]) -> Trigger | None:
    rate = metric_of(given, TRACK, "win_rate", ALL, "candidate")
    strict = [one for one in heard(given).behaviours if one.strict]
    if rate is None or rate.value is None or rate.low is None or not strict:
        return None
    limit = given.rules[TRADEOFF].thresholds["min_preferred"]
    new = {one.name: count(given, TRACK, f"{one.name}_new", ALL) for one in strict}
    gone = {one.name: count(given, TRACK, f"{one.name}_gone", ALL) for one in strict}
    estimated = {one.name: found.get((one.name, ALL)) for one in strict}
    said = []
    rose = False
    for one in strict:
        estimate = estimated[one.name]
        if estimate is not None and estimate.rise is not None:
            said.append(f"{words_of(one.name)} {100 * estimate.rise.value:+z.0f} points")
            rose = rose or estimate.rise.low > 0
        else:
            said.append(
                f"{words_of(one.name)} seen by its leads in {new[one.name]} ({gone[one.name]} no longer)"
            )
            rose = rose or new[one.name] > gone[one.name]
    sentence = f"preferred in {rate.value:.0%} of {rate.n} prompts: {', '.join(said)}"
    refs = flagged(given, TRADEOFF)
    return trigger(TRACK, "wins on style, and pays for it", sentence, rate.low > limit and rose, rate, refs)


def _of_behaviour(given: GateInput, one: Estimate) -> Trigger | None:
    """A behaviour that clearly rose or fell by people's labels; before them, only what its leads point at is told."""
    where = "" if one.slice == ALL else f" in {one.slice}"
    said = words_of(one.behaviour.name)
    name = f"{said}, more or less often"
    refs = flagged_for(given, one.behaviour.name, one.slice)
    if one.rise is None:
        leads = metric_of(given, TRACK, f"{one.behaviour.name}_leads", one.slice)
        if leads is None or not leads.n or one.slice != ALL:
            return None
        new, gone = (count(given, TRACK, f"{one.behaviour.name}_{what}", ALL) for what in ("new", "gone"))
        sentence = (
            f"{said}: leads point at {new} new and {gone} no longer of {leads.n}; the rate is not known"
        )
        return trigger(TRACK, name, sentence, False, one.metric, refs)
    change = one.metric
    sentence = (
        f"{said}{where}: {100 * one.rise.value:+z.1f} points; {one.rise.labelled} of {one.n} prompts labelled"
    )
    return trigger(TRACK, name, sentence, clear(change), change, refs or one.worse, worse=one.rise.value > 0)


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
