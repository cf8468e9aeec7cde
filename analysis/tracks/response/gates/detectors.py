"""A gate for each detector that has a rate: over all prompts, and over each critical slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import ALL
from analysis.plugin.adjudicated import tolerance
from analysis.plugin.gate import Gate, Threshold, candidate_wrong, decided, metric_of, number_row, result
from analysis.stats import detectable_loss
from analysis.tracks.response.detectors.contract import Detector
from analysis.tracks.response.gate_keys import detectors_of, flagged_for, judged_slices, key_of
from analysis.tracks.response.gates.family import Counts, Family, family
from analysis.tracks.response.known_detectors import RATED
from analysis.tracks.response.metric_specs import TRACK, criterion, reads
from analysis.tracks.response.span_verdicts import Hits, new_hits

NET_RISE = Threshold(0.02, "lower", "net rise, as a share of the answers, that the test must exceed to fail")
_CONFIRMED_MEANING = (
    "largest net rise confirmed by people that passes, as a share of the answers; one always does"
)
_CONFIRMED_RISE = Threshold(0.05, "lower", _CONFIRMED_MEANING)
_STRICT_RISE = Threshold(0.02, "lower", _CONFIRMED_MEANING)


@dataclass(frozen=True)
class _Case:
    """One key with all that its rule looks at.

    `confirmed` are the refs of confirmed new hits and, over all prompts, of flagged answers without a hit that people
    found wrong; `open` are those that nobody decided; `unread` counts the answers in a language that the detector does
    not read.
    """

    detector: Detector
    slice: str
    rule: Rule
    tests: Family
    counts: Counts | None
    hits: Hits
    flagged: tuple[str, ...]
    asked: tuple[str, ...]
    confirmed: tuple[str, ...]
    open: tuple[str, ...]
    unread: int

    @property
    def rose(self) -> bool:
        """Whether the counts alone say that the rate rose."""
        limit = self.rule.thresholds["max_net_rise"]
        return self.tests.rose((self.detector.name, self.slice), limit)

    @property
    def awaited(self) -> bool:
        """Whether what nobody decided can still bring the confirmed rise beyond its tolerance."""
        return not self.too_much_confirmed and self.confirmed_net + len(self.open) > self.tolerance

    @property
    def confirmed_net(self) -> int:
        """Confirmed new hits less those that are gone."""
        return len(self.confirmed) - (self.counts.gone if self.counts else 0)

    @property
    def confirmed_rise(self) -> float:
        """The same as a share of the answers; 0 without any."""
        return self.confirmed_net / self.counts.n if self.counts else 0.0

    @property
    def tolerance(self) -> float:
        """The largest confirmed net rise that passes, in answers."""
        return tolerance(self.counts.n if self.counts else 0, self.rule.thresholds["max_confirmed_rise"])

    @property
    def too_much_confirmed(self) -> bool:
        return self.confirmed_net > self.tolerance


def judge(given: GateInput, rule: Rule, *, detector: Detector) -> list[GateResult]:
    """The results of one detector: over all prompts, and for each critical slice."""
    gate = _BY_DETECTOR[detector.name]
    if detector not in detectors_of(given):
        return [result(gate, "n/a", "this run was made without the detector")]
    tests = family(given)
    if (detector.name, ALL) not in tests.counts and not flagged_for(given, detector.name, ALL):
        return [_nothing(given, gate, detector)]
    results = []
    for slice_name in judged_slices(given):
        if any(one.track == TRACK and one.slice == slice_name and not one.n for one in given.slices):
            why = f"the declared slice {slice_name!r} matches nothing"
            row = number_row("prompts in the slice", 0, "count", "at least 1", "unknown")
            results.append(result(gate, "unknown", why, slice_name=slice_name, criteria=[row]))
        elif (detector.name, slice_name) in tests.counts or flagged_for(given, detector.name, slice_name):
            results.append(_judge(gate, _case(given, rule, tests, detector, slice_name)))
    return results


def _nothing(given: GateInput, gate: Gate, detector: Detector) -> GateResult:
    """No pair of answers that the detector applies to: not applicable, unless its input was declared."""
    needed = detector.needs
    if not needed:
        return result(gate, "n/a", "the detector applies to no prompt")
    if not given.settings.get(TRACK, {}).get(needed):
        return result(gate, "n/a", f"no {needed} is declared")
    why = f"a {needed} is declared, and no pair of answers can be held against it"
    row = number_row(f"pairs of answers that the {needed} speaks of", 0, "count", "at least 1", "unknown")
    return result(gate, "unknown", why, criteria=[row])


def _case(given: GateInput, rule: Rule, tests: Family, detector: Detector, slice_name: str) -> _Case:
    hits = tests.hits[detector.name, slice_name]
    flagged = flagged_for(given, detector.name, slice_name)
    known = new_hits(given, detector.name)
    asked = tuple(ref for ref in flagged if ref not in known)
    confirmed = hits.confirmed
    if slice_name == ALL:
        # An answer that is not there.
        confirmed += tuple(ref for ref in asked if candidate_wrong(decided(given, ref)))
    missing = (*hits.open, *(ref for ref in asked if decided(given, ref) is None))
    counts = tests.counts.get((detector.name, slice_name))
    unread = metric_of(given, TRACK, f"{detector.name}_unread", slice_name, "candidate")
    return _Case(
        detector,
        slice_name,
        rule,
        tests,
        counts,
        hits,
        flagged,
        asked,
        confirmed,
        missing,
        int(unread.value or 0) if unread else 0,
    )


def _judge(gate: Gate, case: _Case) -> GateResult:
    counted = case.counts.sentence() if case.counts else "no pair of answers that it reads"
    if case.unread:
        counted += f"; {case.unread} in a language that it does not read"
    said = _said(case)
    refs: Sequence[str] = case.flagged
    verdict: GateVerdict
    open_refs: Sequence[str] = ()
    if case.rose:
        verdict, why = "fail", f"{counted}: more than chance{_tail(said)}"
    elif case.awaited:
        open_refs = case.open
        verdict, refs = "unknown", case.open
        why = f"{counted}{_tail(said)}; a verdict or a word on the spans would decide it: {len(refs)} to go"
    elif case.too_much_confirmed:
        verdict, refs = "fail", case.confirmed
        why = f"{counted}; {said}, net {case.confirmed_rise:+.3f}"
    else:
        verdict, why = "pass", f"{counted}{_tail(said)}{_missed(case)}"
    return result(
        gate,
        verdict,
        why,
        slice_name=None if case.slice == ALL else case.slice,
        metric=case.counts.change if case.counts else None,
        threshold=_threshold(case),
        criteria=_criteria(case),
        refs=refs,
        open_refs=open_refs,
    )


def _criteria(case: _Case) -> list[Criterion]:
    """A row for each thing that the rule looks at.

    A rise and its p fail only together, so that either alone is a warning; what people confirmed cannot be told
    before the rest is judged.
    """
    place, limits = (case.detector.name, case.slice), case.rule.thresholds
    net, tests = limits["max_net_rise"], case.tests
    together: GateVerdict = "fail" if case.rose else "warn"
    beyond = tests.net_rise(place) > net
    rows = [
        criterion(
            "change of the rate, candidate minus base",
            case.counts.change if case.counts else None,
            f"a rise of at most {net:.3f} where it is more than chance",
            together if beyond else "pass",
        )
    ]
    if case.hits.refuted:
        rise = tests.net_rise(place)
        what = f"net rise without the {len(case.hits.refuted)} that people refuted"
        rows.append(number_row(what, rise, "change", f"at most {net:.3f}", together if beyond else "pass"))
    p = tests.p.get(place)
    level = f"above {tests.alpha / tests.outcome.k:.4f}, or a later step of Holm's"
    rows.append(
        number_row(
            "p, more new hits than gone ones",
            p,
            "p",
            level if p is not None else f"too few hits for a p of {tests.alpha / tests.outcome.k:.4f}",
            together if place in tests.rejected else "pass",
        )
    )
    if case.unread:
        what = "answers in a language that the detector does not read"
        limit = "0, or people judge them"
        rows.append(number_row(what, case.unread, "count", limit, "unknown" if case.awaited else "warn"))
    rows.append(
        number_row(
            "examples still to be judged",
            len(case.open),
            "count",
            "0 where they can change the result",
            "unknown" if case.awaited else "pass",
        )
    )
    confirmed: GateVerdict = "fail" if case.too_much_confirmed else "unknown" if case.awaited else "pass"
    rows.append(
        number_row(
            "net rise that people confirmed",
            case.confirmed_rise,
            "change",
            f"at most {limits['max_confirmed_rise']:.3f}, or one",
            confirmed,
        )
    )
    return rows


def _threshold(case: _Case) -> str:
    limits, tests = case.rule.thresholds, case.tests
    counted = f"p {tests.alpha:.4f}/{tests.outcome.k} and net rise {limits['max_net_rise']:.3f}"
    return f"{counted}; confirmed net rise {limits['max_confirmed_rise']:.3f}, or one"


def _said(case: _Case) -> str:
    numbers = {
        "confirmed by a person": len(case.confirmed),
        "refuted": len(case.hits.refuted),
        "accepted": len(case.hits.accepted),
    }
    return ", ".join(f"{count} {what}" for what, count in numbers.items() if count)


def _tail(said: str) -> str:
    return f"; {said}" if said else ""


def _missed(case: _Case) -> str:
    """Beside a pass, the rise that would go unseen."""
    if case.counts is None:
        return ""
    missed = _detectable(case.counts.n, case.tests.alpha / case.tests.outcome.k)
    if missed > 1:
        return "; too few to find any rise by counting"
    return f"; a rise of {missed:.0%} would be missed half the time"


@lru_cache(maxsize=256)
def _detectable(n: int, alpha: float) -> float:
    """Many keys ask the same, each time that anything is recorded."""
    return detectable_loss(n, alpha)


_READ = ("rate", "broken", "fixed", "p", "rate_matched", "unread")


def _gate(detector: Detector) -> Gate:
    confirmed = _STRICT_RISE if detector.strict else _CONFIRMED_RISE
    thresholds = {"max_net_rise": NET_RISE, "max_confirmed_rise": confirmed}
    name = detector.name
    return Gate(
        key_of(name, ALL),
        detector.protects,
        thresholds,
        partial(judge, detector=detector),
        reads=reads(*(f"{name}_{one}" for one in _READ)),
        place=detector.place,
        alpha_weight=1,
    )


_BY_DETECTOR = {detector.name: _gate(detector) for detector in RATED}
GATES: tuple[Gate, ...] = tuple(_BY_DETECTOR.values())
