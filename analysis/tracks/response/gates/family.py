"""The family of hypotheses that the gates of the response track share: every detector on every judged slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, Metric
from analysis.plugin.alpha import share_of_track
from analysis.plugin.gate import metric_of
from analysis.stats import TaroneHolm, holm, mcnemar_one_sided, tarone_holm
from analysis.tracks.response.gate_keys import detectors_of, flagged_for, judged_slices
from analysis.tracks.response.hallucination import HALLUCINATION
from analysis.tracks.response.metric_specs import TRACK
from analysis.tracks.response.span_verdicts import Hits, new_hits, sort_hits, verdicts_on_spans

Hypothesis = tuple[str, str]
"""A detector, or hallucination, and a slice."""


@dataclass(frozen=True)
class Counts:
    """Prompts of one slice where only the candidate has a hit (`new`), or only the base (`gone`), of `n`."""

    detector: str
    slice: str
    n: int
    new: int
    gone: int
    change: Metric

    def sentence(self) -> str:
        return f"of {self.n} answers, {self.new} with a new hit, {self.gone} with one no longer"


@dataclass(frozen=True)
class Family:
    """Every hypothesis of the track: its counts, what people said of its new hits, and what follows.

    `p` has those that the counts can decide, without the hits that people refuted; `rejected` are those that Holm
    rejects at `alpha`.
    """

    counts: dict[Hypothesis, Counts]
    hits: dict[Hypothesis, Hits]
    outcome: TaroneHolm
    p: dict[Hypothesis, float]
    rejected: frozenset[Hypothesis]
    alpha: float

    def net_rise(self, one: Hypothesis) -> float:
        """New hits that nobody refuted less those that are gone, as a share of the answers; 0 without any."""
        counts = self.counts.get(one)
        if counts is None:
            return 0.0
        return (counts.new - len(self.hits[one].refuted) - counts.gone) / counts.n

    def rose(self, one: Hypothesis, limit: float) -> bool:
        """Whether a rate rose by more than chance and by more than a limit."""
        return one in self.rejected and self.net_rise(one) > limit


@dataclass(frozen=True, eq=False)
class _Input:
    """A gate input that is compared by identity: all gates ask for the same family of it."""

    given: GateInput

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Input) and self.given is other.given

    def __hash__(self) -> int:
        return id(self.given)


def counts(given: GateInput, detector: str, slice_name: str) -> Counts | None:
    """New and gone hits of a detector on a slice; None where it applies to no pair of answers there."""
    new, gone, change = (
        metric_of(given, TRACK, f"{detector}_{name}", slice_name) for name in ("broken", "fixed", "rate")
    )
    if new is None or gone is None or change is None or not new.n:
        return None
    return Counts(detector, slice_name, new.n, int(new.value or 0), int(gone.value or 0), change)


def family(given: GateInput) -> Family:
    """Tarone-Holm over detectors, critical slices and hallucination as a whole.

    Which of them can be decided follows from the hits that were found. Refuted ones then leave the new hits, which
    only raises p-values, so that what people say rejects no hypothesis that the counts alone would not.
    """
    return _family(_Input(given))


@lru_cache(maxsize=2)
def _family(asked: _Input) -> Family:
    given = asked.given
    said = verdicts_on_spans(given.state)
    places = [(one.name, name) for one in detectors_of(given) for name in judged_slices(given)]
    places.append((HALLUCINATION, ALL))
    hits = {place: sort_hits(given, place[0], _bearing(given, *place), said) for place in places}
    found = {place: made for place in places if (made := counts(given, *place)) is not None}
    alpha = share_of_track(given, TRACK)
    outcome = tarone_holm([one.new for one in found.values()], [one.gone for one in found.values()], alpha)
    p = {
        place: mcnemar_one_sided(max(0, one.new - len(hits[place].refuted)), one.gone)
        for (place, one), decidable in zip(found.items(), outcome.testable, strict=True)
        if decidable
    }
    rejected = {place for place, lost in zip(p, holm(list(p.values()), alpha), strict=True) if lost}
    return Family(found, hits, outcome, p, frozenset(rejected), alpha)


def _bearing(given: GateInput, detector: str, slice_name: str) -> Sequence[str]:
    """Examples of a hypothesis: those flagged for its gate, and for hallucination, which has none, all new hits."""
    if detector == HALLUCINATION:
        return list(new_hits(given, detector))
    return flagged_for(given, detector, slice_name)
