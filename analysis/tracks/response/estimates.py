"""How far each behaviour rose: estimated from labels of a random sample and from the leads on all prompts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, SIDES, Metric
from analysis.stats import holm, tango_interval
from analysis.stats.prediction_powered import (
    LOOKS,
    LeadMoments,
    NetRise,
    look_at,
    looks,
    net_rise,
    pairs_needed,
)
from analysis.tracks.response.heard import Behaviour, ByIdentity, Fault, Heard, Population, heard
from analysis.tracks.response.metric_specs import NET_RISE, TRACK

CONFIDENCE = 0.95
METHOD = "prediction-powered, labels of a random sample and leads on all, 95 % over all looks"
SPREAD: dict[Fault, tuple[int, int]] = {"yes": (1, 1), "no": (0, 0), "unsure": (0, 1)}
"""The least and the most that an answer may count as a fault."""


@dataclass(frozen=True)
class Estimate:
    """What is known of a behaviour on one slice.

    Args:
        behaviour: which.
        slice: where.
        n: prompts that both sides answered and on which it counts.
        labelled: of the first of them, how many were labelled or need no label, for both answers are the same.
        rise: the estimate at the last look that was reached; None before the first.
        needed: labelled prompts at which more would be decided; None where none would.
        open: prompts to label until then, in the drawn order.
        rejected: whether the rise is told from none, at its part of the level.
        worse: labelled prompts where only the candidate is at fault.
        better: labelled prompts where only the base is.
        counted: labelled prompts that the estimate rests on, those with the same answer on both sides among them.
        same: of the prompts read or to be read, how many need no label.
    """

    behaviour: Behaviour
    slice: str
    n: int
    labelled: int
    rise: NetRise | None
    needed: int | None
    open: tuple[str, ...]
    rejected: bool
    worse: tuple[str, ...]
    better: tuple[str, ...]
    counted: tuple[str, ...]
    same: int

    @property
    def metric(self) -> Metric:
        """The estimate as a number of the run; unknown before the first look."""
        name, rise = NET_RISE.name, self.rise
        if rise is None:
            why = f"{self.labelled} of {self.needed or self.n} prompts labelled"
            return Metric(
                TRACK, name, self.slice, "difference", None, None, None, self.n, "unknown", why, METHOD
            )
        return Metric(
            TRACK,
            name,
            self.slice,
            "difference",
            rise.value,
            rise.low,
            rise.high,
            rise.labelled,
            "ok",
            "",
            METHOD,
        )


def estimates(given: GateInput, alpha: float) -> dict[tuple[str, str], Estimate]:
    """Every behaviour on every judged slice; the tests among them are Holm's, at a level.

    Args:
        given: the gate input.
        alpha: what all of them together may spend.
    """
    return _estimates(ByIdentity(given), alpha)


@lru_cache(maxsize=8)
def _estimates(one: ByIdentity, alpha: float) -> dict[tuple[str, str], Estimate]:
    given, known = one.given, heard(one.given)
    slices = [ALL, *(one.slice for one in given.slices if one.track == TRACK and one.critical)]
    places = [
        (behaviour, name, population)
        for behaviour in known.behaviours
        for name in slices
        if (population := known.population(behaviour.name, name)) is not None
    ]
    read = [_read(known, behaviour, name, population) for behaviour, name, population in places]
    tested = [index for index, (_, rise) in enumerate(read) if rise is not None]
    p = [rise.p for index in tested if (rise := read[index][1]) is not None]
    rejected = {index for index, told in zip(tested, holm(p, alpha), strict=True) if told}
    share = alpha / max(len(places), 1)
    return {
        (behaviour.name, name): _estimate(
            known, behaviour, name, population, read[index], index in rejected, share
        )
        for index, (behaviour, name, population) in enumerate(places)
    }


def _read(
    known: Heard, behaviour: Behaviour, slice_name: str, population: Population
) -> tuple[list[tuple[int, int] | None], NetRise | None]:
    """The bounds of every named prompt, None where it is not labelled, and the estimate at the last look."""
    bounds = [_bounds(known, ref, behaviour.name) for ref in population.first]
    look = look_at([one is not None for one in bounds], population.n)
    if look is None:
        return bounds, None
    labels = [one for one in bounds[:look] if one is not None]
    moments = LeadMoments(population.n, population.mean, population.variance)
    return bounds, net_rise(labels, population.leads[:look], moments, CONFIDENCE)


def _bounds(known: Heard, ref: str, behaviour: str) -> tuple[int, int] | None:
    """The least and the most by which the candidate's answer is more at fault than the base's."""
    if known.same(ref):
        return 0, 0
    base, candidate = (known.fault(ref, behaviour, side) for side in ("base", "candidate"))
    if base is None or candidate is None:
        return None
    return SPREAD[candidate][0] - SPREAD[base][1], SPREAD[candidate][1] - SPREAD[base][0]


def _estimate(
    known: Heard,
    behaviour: Behaviour,
    slice_name: str,
    population: Population,
    read: tuple[list[tuple[int, int] | None], NetRise | None],
    rejected: bool,
    alpha: float,
) -> Estimate:
    bounds, rise = read
    if rise is None:
        needed = looks(population.n)[0] if _decidable(population.n, behaviour.max_net_rise) else None
    else:
        needed = pairs_needed(rise, behaviour.max_net_rise, alpha)
    counted = population.first[: rise.labelled if rise is not None else 0]
    told = dict(zip(population.first, bounds, strict=True))
    return Estimate(
        behaviour=behaviour,
        slice=slice_name,
        n=population.n,
        labelled=sum(one is not None for one in bounds),
        rise=rise,
        needed=needed,
        open=tuple(ref for ref in population.first[: needed or 0] if told[ref] is None),
        rejected=rejected,
        worse=tuple(ref for ref, one in told.items() if one == (1, 1)),
        better=tuple(ref for ref, one in told.items() if one == (-1, -1)),
        counted=counted,
        same=sum(known.same(ref) for ref in population.first[: max(needed or 0, len(counted))]),
    )


@lru_cache(maxsize=256)
def _decidable(n: int, limit: float) -> bool:
    """Whether so many prompts, all labelled and none different, would exclude a rise."""
    most = min(n, LOOKS[-1])
    return n > 0 and net_rise([(0.0, 0.0)] * most, (), LeadMoments(n), CONFIDENCE).high < limit


def at_like_length(given: GateInput, one: Estimate) -> tuple[float, float, float, int] | None:
    """The net rise among labelled prompts whose answers are of like length, with Tango's interval, and their number.

    None where there is no such prompt. Who was not sure of a prompt leaves it out.
    """
    known = heard(given)
    told = [ref for ref in one.counted if known.matched(ref) and (known.same(ref) or _told(known, ref, one))]
    if not told:
        return None
    worse, better = set(one.worse), set(one.better)
    new, gone = sum(ref in worse for ref in told), sum(ref in better for ref in told)
    low, high = tango_interval(gone, new, len(told), CONFIDENCE)
    return (new - gone) / len(told), low, high, len(told)


def _told(known: Heard, ref: str, one: Estimate) -> bool:
    return all(known.fault(ref, one.behaviour.name, side) in ("yes", "no") for side in SIDES)
