"""Gates of the response track: pure functions of metrics and review state.

A detector is a lead and a person confirms. The detectors stand in one Tarone-Holm family, over all prompts and over
each critical slice, so that alpha is spent once; a hit that people refuted leaves the count of new ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from analysis.base.records import ALL, GateInput, GateResult, GateVerdict, Metric, Rule
from analysis.plugin.gate import ALPHA, Gate, Threshold, decided, judgement, metric_of, result
from analysis.stats import TaroneHolm, detectable_loss, holm, mcnemar_one_sided, tarone_holm
from analysis.tracks.response.detectors import BY_NAME, RATED
from analysis.tracks.response.detectors.contract import Detector
from analysis.tracks.response.judged import Hits, declared, new_hits, sort_hits, span_words
from analysis.tracks.response.metric_specs import HALLUCINATION, TRACK, reads

DETECTORS = tuple(detector.name for detector in RATED)
"""Detectors with a gate, those that a single confirmed hit fails first."""
STRICT = tuple(detector.name for detector in RATED if detector.strict)
MIN_SLICE = 20
"""A critical slice with fewer prompts than this is inspected whole, where the two answers differ."""


@dataclass(frozen=True)
class Counts:
    """Prompts of one slice where only the candidate has a hit (`new`), or only the base (`gone`), of `n`."""

    detector: str
    slice: str
    n: int
    new: int
    gone: int
    change: Metric

    def words(self) -> str:
        return f"of {self.n} answers, {self.new} with a new hit, {self.gone} with one no longer"


@dataclass(frozen=True)
class Family:
    """Every hypothesis of the track with its outcome and what people said of its new hits, by detector and slice."""

    counts: dict[tuple[str, str], Counts]
    hits: dict[tuple[str, str], Hits]
    outcome: TaroneHolm
    rejected: frozenset[tuple[str, str]]
    alpha: float


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


def judged_slices(given: GateInput) -> list[str]:
    """All prompts, then each critical slice: these have keys of their own."""
    return [ALL, *(one.slice for one in given.slices if one.track == TRACK and one.critical)]


def key_of(detector: str, slice_name: str) -> str:
    """Key of a detector's gate on a slice."""
    return f"{TRACK}.{detector}" + ("" if slice_name == ALL else f"[{slice_name}]")


def flagged_for(given: GateInput, detector: str, slice_name: str) -> tuple[str, ...]:
    """Examples that bear on a detector's gate, worst first."""
    return given.flagged.get(key_of(detector, slice_name), ())


def family(given: GateInput) -> Family:
    """Tarone-Holm over detectors, critical slices and hallucination as a whole.

    Which of them can be decided follows from the hits that were found. Refuted ones then leave the new hits, which
    only raises p-values, so that what people say rejects no hypothesis that the counts alone would not.
    """
    return _family(_Input(given))


@lru_cache(maxsize=2)
def _family(asked: _Input) -> Family:
    given = asked.given
    said = span_words(given.state)
    places = [(name, one) for name in DETECTORS for one in judged_slices(given)] + [(HALLUCINATION, ALL)]
    hits = {place: sort_hits(given, place[0], _bearing(given, *place), said) for place in places}
    found = {place: made for place in places if (made := counts(given, *place)) is not None}
    alpha = ALPHA / len(given.tracks)
    outcome = tarone_holm([one.new for one in found.values()], [one.gone for one in found.values()], alpha)
    testable = [place for place, decidable in zip(found, outcome.testable, strict=True) if decidable]
    p = [
        mcnemar_one_sided(max(0, found[place].new - len(hits[place].refuted)), found[place].gone)
        for place in testable
    ]
    rejected = {place for place, lost in zip(testable, holm(p, alpha), strict=True) if lost}
    return Family(found, hits, outcome, frozenset(rejected), alpha)


def _bearing(given: GateInput, detector: str, slice_name: str) -> Sequence[str]:
    """Examples of a hypothesis: those flagged for its gate, and for hallucination, which has none, all new hits."""
    if detector == HALLUCINATION:
        return list(new_hits(given, detector))
    return flagged_for(given, detector, slice_name)


def judge_detector(given: GateInput, rule: Rule, *, detector: str) -> list[GateResult]:
    """The results of one detector: over all prompts, and for each critical slice."""
    gate = _BY_NAME[key_of(detector, ALL)]
    tests = family(given)
    if (detector, ALL) not in tests.counts and not flagged_for(given, detector, ALL):
        return [_nothing(given, gate, detector)]
    results = []
    for slice_name in judged_slices(given):
        empty = any(one.track == TRACK and one.slice == slice_name and not one.n for one in given.slices)
        if empty:
            why = f"the declared slice {slice_name!r} matches nothing"
            results.append(result(gate, "unknown", why, slice_name=slice_name))
        elif (detector, slice_name) in tests.counts or flagged_for(given, detector, slice_name):
            results.append(_judge(given, rule, gate, tests, detector, slice_name))
    return results


def _nothing(given: GateInput, gate: Gate, detector: str) -> GateResult:
    """No pair of answers that the detector applies to: not applicable, unless its input was declared."""
    needed = BY_NAME[detector].needs
    if not needed:
        return result(gate, "n/a", "the detector applies to no prompt")
    if not declared(given).get(needed):
        return result(gate, "n/a", f"no {needed} is declared")
    return result(gate, "unknown", f"a {needed} is declared, and no pair of answers can be held against it")


def _judge(
    given: GateInput, rule: Rule, gate: Gate, tests: Family, detector: str, slice_name: str
) -> GateResult:
    net_limit = rule.thresholds["max_net_rise"]
    one = tests.counts.get((detector, slice_name))
    hits = tests.hits[detector, slice_name]
    flagged = flagged_for(given, detector, slice_name)
    known = new_hits(given, detector)
    asked = [ref for ref in flagged if ref not in known]
    confirmed = list(hits.confirmed)
    if slice_name == ALL:
        # An answer that is not there. What is unacceptable in a critical slice for another reason than a hit of this
        # detector fails `review.findings`.
        confirmed += [ref for ref in asked if judgement(given.state, ref) == "unacceptable"]
    missing = [*hits.open, *(ref for ref in asked if not decided(given.state, ref))]
    words = one.words() if one else "no pair of answers"
    said = _said(hits, confirmed)
    standing = one.new - len(hits.refuted) if one else 0
    refs: Sequence[str] = flagged
    verdict: GateVerdict
    strict = rule.thresholds.get("max_confirmed")
    if strict is not None and len(hits.confirmed) > strict:
        verdict, refs = "fail", hits.confirmed
        why = f"{words}; {said}"
    elif one and (detector, slice_name) in tests.rejected and (standing - one.gone) / one.n > net_limit:
        verdict, why = "fail", f"{words}: more than chance{_tail(said)}"
    elif missing and ((one and one.new > one.gone) or any(ref in asked for ref in missing)):
        verdict, refs = "unknown", missing
        why = f"{words}{_tail(said)}; a verdict or a word on the spans would decide it: {len(missing)} to go"
    elif one and (len(confirmed) - one.gone) / one.n > rule.thresholds["max_confirmed_rise"]:
        verdict, refs = "fail", confirmed
        why = f"{words}; {said}, net {(len(confirmed) - one.gone) / one.n:+.3f}"
    else:
        verdict, why = "pass", f"{words}{_tail(said)}{_missed(one, tests, (detector, slice_name))}"
    return result(
        gate,
        verdict,
        why,
        slice_name=None if slice_name == ALL else slice_name,
        metric=one.change if one else None,
        threshold=_threshold(rule, tests),
        refs=refs,
    )


def _threshold(rule: Rule, tests: Family) -> str:
    strict = rule.thresholds.get("max_confirmed")
    limits = [f"p {tests.alpha:.4f}/{tests.outcome.k} and net rise {rule.thresholds['max_net_rise']:.3f}"]
    if strict is not None:
        limits.append(f"confirmed new hits {strict:g}")
    return "; ".join([*limits, f"confirmed net rise {rule.thresholds['max_confirmed_rise']:.3f}"])


def _said(hits: Hits, confirmed: Sequence[str]) -> str:
    numbers = {
        "confirmed by a person": len(confirmed),
        "refuted": len(hits.refuted),
        "accepted": len(hits.accepted),
    }
    return ", ".join(f"{count} {what}" for what, count in numbers.items() if count)


def _tail(said: str) -> str:
    return f"; {said}" if said else ""


def _missed(one: Counts | None, tests: Family, place: tuple[str, str]) -> str:
    """Beside a pass, the rise that would go unseen."""
    if one is None:
        return ""
    missed = _detectable(one.n, tests.alpha / tests.outcome.k)
    if missed > 1:
        return "; too few to find any rise by counting"
    return f"; a rise of {missed:.0%} would be missed half the time"


@lru_cache(maxsize=256)
def _detectable(n: int, alpha: float) -> float:
    """Many keys ask the same, each time that anything is recorded."""
    return detectable_loss(n, alpha)


def judge_tradeoff(given: GateInput, rule: Rule) -> list[GateResult]:
    """Reject what wins on style and raises spoilers or hallucination.

    It reads what the gates of spoilers, facts and promises find before any waiver: waiving one of them does not
    waive this. A gate that is switched off is left out.
    """
    threshold = f"win rate lower bound {rule.thresholds['min_preferred']:.2f}"
    rate = metric_of(given, TRACK, "win_rate", ALL, "candidate")
    if not declared(given).get("preferences"):
        return [result(TRADEOFF, "n/a", "no preferences are declared", threshold=threshold)]
    if rate is None or rate.value is None or rate.low is None:
        why = "preferences are declared, and no prompt of the run has a vote"
        return [result(TRADEOFF, "unknown", why, metric=rate, threshold=threshold)]
    found = [
        one
        for gate in (_OF_DETECTORS[name] for name in STRICT)
        if given.rules[gate.name].off is None
        for one in gate.judge(given, given.rules[gate.name])
    ]
    failing = [one for one in found if one.verdict == "fail"]
    open_ones = [one for one in found if one.verdict == "unknown"]
    hallucination = _hallucination(given)
    costs = [one.key for one in failing] + ([HALLUCINATION] if hallucination else [])
    bounds = f"preferred in {rate.value:.0%} [{rate.low:.0%}, {rate.high:.0%}] of {rate.n} prompts"
    verdict: GateVerdict
    refs: list[str] = []
    if rate.low <= rule.thresholds["min_preferred"]:
        verdict, why = "pass", f"{bounds}: no clear preference for the candidate"
    elif costs:
        verdict, why = "fail", f"{bounds}, and it pays for that with {', '.join(costs)}"
        refs = [ref for one in failing for ref in one.refs] or list(hallucination)
    elif open_ones:
        verdict, why = "unknown", f"{bounds}; open: {', '.join(one.key for one in open_ones)}"
        refs = [ref for one in open_ones for ref in one.refs]
    else:
        verdict, why = "pass", f"{bounds}, and neither spoilers nor hallucination rose"
    return [result(TRADEOFF, verdict, why, metric=rate, threshold=threshold, refs=dict.fromkeys(refs))]


def _hallucination(given: GateInput) -> tuple[str, ...]:
    """The new ones where facts, promises and invented citations together rose by more than chance; else none."""
    place = (HALLUCINATION, ALL)
    tests = family(given)
    if place not in tests.rejected:
        return ()
    one, hits = tests.counts[place], tests.hits[place]
    if (one.new - len(hits.refuted) - one.gone) / one.n <= _NET.default:
        return ()
    return (*hits.confirmed, *hits.open, *hits.accepted)


def judge_length(given: GateInput, rule: Rule) -> list[GateResult]:
    """Advisory: whether the answers became clearly longer or shorter."""
    limit = rule.thresholds["max_change"]
    threshold = f"change of the mean {limit:.0%}"
    base, change = (metric_of(given, TRACK, "length", ALL, side) for side in ("base", "difference"))
    refs = given.flagged.get(LENGTH.name, ())
    if base is None or change is None or not base.value or change.value is None:
        return [result(LENGTH, "n/a", "no pair of answers with words", threshold=threshold)]
    share = change.value / base.value
    clear = change.low is not None and change.high is not None and not change.low <= 0 <= change.high
    verdict: GateVerdict = "warn" if clear and abs(share) > limit else "pass"
    why = f"mean length {base.value:.0f} words in the base, {share:+.0%} in the candidate"
    return [result(LENGTH, verdict, why, metric=change, threshold=threshold, refs=refs)]


_NET = Threshold(0.02, "lower", "net rise, as a share of the answers, that the test must exceed to fail")
_RISE = Threshold(0.05, "lower", "largest net rise confirmed by people that passes")
_CONFIRMED = Threshold(0, "lower", "new hits confirmed by a person that pass")


def _gate(detector: Detector) -> Gate:
    thresholds = {"max_net_rise": _NET, "max_confirmed_rise": _RISE}
    if detector.strict:
        thresholds["max_confirmed"] = _CONFIRMED
    name = detector.name
    return Gate(
        key_of(name, ALL),
        detector.protects,
        thresholds,
        partial(judge_detector, detector=name),
        reads=reads(f"{name}_rate", f"{name}_broken", f"{name}_fixed", f"{name}_p", f"{name}_rate_matched"),
    )


_OF_DETECTORS = {detector.name: _gate(detector) for detector in RATED}
TRADEOFF = Gate(
    "response.tradeoff",
    "style does not buy spoilers or inventions",
    {
        "min_preferred": Threshold(
            0.5, "lower", "lower bound of the win rate from which the candidate is preferred"
        )
    },
    judge_tradeoff,
    reads=reads("win_rate", "win_rate_length_controlled", "hallucination_rate"),
)
LENGTH = Gate(
    "response.length",
    "a change of length is known when rates are read",
    {
        "max_change": Threshold(
            0.25, "lower", "change of the mean length, as a share of the base's, that passes"
        )
    },
    judge_length,
    blocking=False,
    reads=reads("length", "length_p50", "length_p90"),
)
GATES: tuple[Gate, ...] = (*_OF_DETECTORS.values(), TRADEOFF, LENGTH)
_BY_NAME = {gate.name: gate for gate in GATES}
