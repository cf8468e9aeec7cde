"""What got better and worse in answers, in sentences for people who know nothing of models."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, SIDES
from analysis.plugin.alpha import share_of
from analysis.plugin.change import Change, change_of
from analysis.plugin.gate import metric_of
from analysis.plugin.trigger import clear, count
from analysis.tracks.response.estimates import Estimate, estimates
from analysis.tracks.response.gate_keys import BEHAVIOUR, LENGTH, TRADEOFF, key_of
from analysis.tracks.response.heard import heard
from analysis.tracks.response.metric_specs import TRACK, words_of


def changes(given: GateInput) -> list[Change]:
    """Behaviours as people label them, what is preferred, length, and slices in which leads point at more or fewer."""
    return [*_behaviours(given), *_preferred(given), *_length(given), *_slices(given)]


def _behaviours(given: GateInput) -> Iterator[Change]:
    found = estimates(given, share_of(given, BEHAVIOUR))
    for one in found.values():
        if one.rise is None or (one.behaviour.any_of and one.slice != ALL):
            continue
        elsewhere = [
            other for other in found.values() if other.behaviour == one.behaviour and other is not one
        ]
        if one.slice == ALL and one.worse and any(other.worse == one.worse for other in elsewhere):
            continue  # All of it is in a critical slice, which tells it.
        yield change_of(
            one.metric,
            _said(one),
            up_is_better=False,
            critical=one.slice != ALL,
            slice_name="" if one.slice == ALL else one.slice,
            gates=(key_of(one.behaviour.name, one.slice),),
        )


def _said(one: Estimate) -> str:
    rise = one.metric
    bounds = ""
    if rise.low is not None and rise.high is not None:
        bounds = f" [{100 * rise.low:+z.0f}, {100 * rise.high:+z.0f}]"
    where = "" if one.slice == ALL else f" of “{one.slice}”"
    points = f"{100 * (rise.value or 0.0):+z.0f} points{bounds}"
    return (
        f"it {words_of(one.behaviour.name)}: {len(one.worse)} of {one.labelled} labelled answers{where} are at fault "
        f"where the base's are not, {len(one.better)} the other way round ({points})"
    )


def _preferred(given: GateInput) -> Iterator[Change]:
    rate = metric_of(given, TRACK, "win_rate", ALL, "candidate")
    if rate is None or rate.value is None or rate.low is None or rate.high is None:
        return
    yield Change(
        TRACK,
        f"its answer is preferred in {rate.value:.0%} [{rate.low:.0%}, {rate.high:.0%}] of {rate.n} prompts",
        "better" if rate.value > 0.5 else "worse",
        False,
        not rate.low <= 0.5 <= rate.high,
        min(2 * abs(rate.value - 0.5), 1.0),
        gates=(TRADEOFF,),
    )


def _length(given: GateInput) -> Iterator[Change]:
    base, candidate = (metric_of(given, TRACK, "length", ALL, side) for side in SIDES)
    change = metric_of(given, TRACK, "length", ALL)
    if base is None or candidate is None or change is None or not base.value or change.value is None:
        return
    text = f"its answers have {candidate.value or 0.0:.0f} words on average, the base's {base.value:.0f}"
    share = abs(change.value / base.value)
    yield Change(TRACK, text, "neither", False, clear(change), min(share, 1.0), gates=(LENGTH,))


def _slices(given: GateInput) -> Iterator[Change]:
    """Slices that nobody labels: what leads point at there, which is no rate of what answers do."""
    for behaviour in heard(given).behaviours:
        if behaviour.any_of:
            continue
        for one in given.slices:
            if one.track != TRACK or one.kind == "all" or one.critical:
                continue
            change = metric_of(given, TRACK, f"{behaviour.name}_leads", one.slice)
            if change is None or change.value is None:
                continue
            new, gone = (
                count(given, TRACK, f"{behaviour.name}_{what}", one.slice) for what in ("new", "gone")
            )
            text = (
                f"answers with {one.slice}: leads say that it {words_of(behaviour.name)} in {new} more and "
                f"{gone} fewer of {change.n}"
            )
            yield change_of(change, text, up_is_better=False, slice_name=one.slice)
