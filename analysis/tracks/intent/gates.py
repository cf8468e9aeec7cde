"""Gates of the intent track: pure functions of metrics and review state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.base.records import ALL, GateInput, GateResult, GateVerdict, Metric, Rule, Slice
from analysis.plugin.gate import ALPHA, Gate, Threshold, decided, judgement, metric_of, result
from analysis.stats import TaroneHolm, detectable_loss, holm, mcnemar_one_sided, tarone_holm
from analysis.tracks.intent.metric_specs import TRACK, reads
from analysis.tracks.intent.relevance_gates import EXPLANATIONS, RELEVANCE, SIGNALS

MIN_CLASS = 20
"""A critical slice with fewer examples than this is inspected whole."""
SHARES = {"critical": 0.50, "slices": 0.40, "accuracy": 0.10}
"""How the track's share of the review's alpha is spent."""


@dataclass(frozen=True)
class Flips:
    """Examples of one slice that changed for the worse and for the better; `change` is the net change.

    For routing the slice is what does not belong to the class: newly sent to it, and sent no longer.
    """

    slice: str
    n: int
    broken: int
    fixed: int
    change: Metric
    verbs: tuple[str, str] = ("broken", "fixed")

    @property
    def net(self) -> float:
        """Net loss as a share of n."""
        return (self.broken - self.fixed) / self.n

    def words(self) -> str:
        return f"of {self.n}, {self.broken} {self.verbs[0]}, {self.fixed} {self.verbs[1]}"


def _alpha(given: GateInput, family: str) -> float:
    return ALPHA / len(given.tracks) * SHARES[family]


def _flips(given: GateInput, slice_name: str) -> Flips | None:
    broken = metric_of(given, TRACK, "broken", slice_name)
    fixed = metric_of(given, TRACK, "fixed", slice_name)
    accuracy = metric_of(given, TRACK, "accuracy", slice_name)
    if broken is None or fixed is None or accuracy is None or not broken.n:
        return None
    return Flips(slice_name, broken.n, int(broken.value or 0), int(fixed.value or 0), accuracy)


def _judge_accuracy(given: GateInput, rule: Rule) -> list[GateResult]:
    net, unseen = rule.thresholds["max_net_loss"], rule.thresholds["max_unseen_loss"]
    threshold = f"p {_alpha(given, 'accuracy'):.4f} and net loss {net:.3f}"
    flips = _flips(given, ALL)
    if flips is None:
        return [result(ACCURACY, "unknown", "the run holds no labelled example", threshold=threshold)]
    p = mcnemar_one_sided(flips.broken, flips.fixed)
    low = flips.change.low
    verdict: GateVerdict
    if p <= _alpha(given, "accuracy") and flips.net > net:
        verdict, why = "fail", f"{flips.words()}; p {p:.4f}"
    elif flips.broken > flips.fixed and (low is None or low < -unseen):
        verdict = "unknown"
        why = f"{flips.words()}; a loss of {unseen:.0%} is not excluded: more examples would decide it"
    else:
        verdict, why = "pass", flips.words()
    refs = given.flagged.get(ACCURACY.name, ())
    return [result(ACCURACY, verdict, why, metric=flips.change, threshold=threshold, refs=refs)]


def _routed(given: GateInput, slice_name: str) -> Flips | None:
    """Messages of other classes that the candidate alone sends to the class, and those that it alone does not."""
    gained = metric_of(given, TRACK, "routed_gained", slice_name)
    lost = metric_of(given, TRACK, "routed_lost", slice_name)
    rate = metric_of(given, TRACK, "false_positive_rate", slice_name)
    if gained is None or lost is None or rate is None or not gained.n:
        return None
    verbs = ("newly sent to it", "no longer")
    return Flips(slice_name, gained.n, int(gained.value or 0), int(lost.value or 0), rate, verbs)


def _critical(
    given: GateInput, rule: Rule, gate: Gate, one: Slice, flips: Flips | None, *, rejected: bool, alpha: float
) -> GateResult:
    """The rule of everything critical: fail on evidence, unknown until every broken example is judged."""
    key = one.slice if gate is SLICES else one.slice.partition("=")[2]
    net_limit, confirmed_limit = rule.thresholds["max_net_loss"], rule.thresholds["max_confirmed_loss"]
    refs: Sequence[str] = given.flagged.get(f"{gate.name}[{key}]", ())
    verdict: GateVerdict
    if flips is None:
        verdict, why = "unknown", f"no example in {one.slice!r}: add some, nothing is known of it"
        if gate is ROUTING:
            why = f"no message of another class than {key!r}: nothing is known of its false positives"
    elif rejected and flips.net > net_limit:
        verdict, why = "fail", f"{flips.words()}: more than chance"
    elif flips.broken > flips.fixed or flips.n < MIN_CLASS:
        missing = [ref for ref in refs if not decided(given.state, ref)]
        confirmed = sum(judgement(given.state, ref) == "unacceptable" for ref in refs)
        if missing:
            what = "example" if flips.n < MIN_CLASS else f"example {flips.verbs[0]}"
            verdict, refs = "unknown", missing
            why = f"{flips.words()}; a verdict on each {what} would decide it: {len(missing)} to go"
        else:
            net = (confirmed - flips.fixed) / flips.n
            verdict = "pass" if net <= confirmed_limit else "fail"
            why = f"{flips.words()}; {confirmed} confirmed by reviewers, net loss {net:+.3f}"
    else:
        missed = detectable_loss(flips.n, alpha)
        verdict = "pass"
        why = f"{flips.words()}; " + (
            f"a loss of {missed:.0%} would be missed half the time"
            if missed <= 1
            else "too few to find any loss by counting"
        )
    return result(
        gate,
        verdict,
        why,
        slice_name=key,
        metric=flips.change if flips else None,
        threshold=f"p {alpha:.4f} and net loss {net_limit:.3f}; confirmed {confirmed_limit:.3f}",
        refs=refs,
    )


def _judge_critical_recall(given: GateInput, rule: Rule) -> list[GateResult]:
    return _judge_critical_classes(given, rule, CRITICAL_RECALL)


def _judge_routing(given: GateInput, rule: Rule) -> list[GateResult]:
    return _judge_critical_classes(given, rule, ROUTING)


def _judge_critical_classes(given: GateInput, rule: Rule, gate: Gate) -> list[GateResult]:
    """Recall or routing of each critical class; both stand in one Holm family, so that alpha is spent once."""
    classes = [one for one in given.slices if one.track == TRACK and one.critical and one.kind == "class"]
    if not classes:
        return [result(gate, "n/a", "no critical class is declared")]
    family = {
        (kind.name, one.slice): flips
        for kind, count in ((CRITICAL_RECALL, _flips), (ROUTING, _routed))
        for one in classes
        if (flips := count(given, one.slice)) is not None
    }
    alpha = _alpha(given, "critical")
    rejected = holm([mcnemar_one_sided(flips.broken, flips.fixed) for flips in family.values()], alpha)
    failing = {key for key, lost in zip(family, rejected, strict=True) if lost}
    return [
        _critical(
            given,
            rule,
            gate,
            one,
            family.get((gate.name, one.slice)),
            rejected=(gate.name, one.slice) in failing,
            alpha=alpha / max(1, len(family)),
        )
        for one in classes
    ]


def _testable_slices(given: GateInput) -> list[Slice]:
    """Slices fixed before the run; critical classes have a gate of their own, confusion pairs are outcomes."""
    return [
        one
        for one in given.slices
        if one.track == TRACK
        and one.kind in ("class", "declared", "metadata", "length")
        and not (one.critical and one.kind == "class")
    ]


def _judge_slices(given: GateInput, rule: Rule) -> list[GateResult]:
    slices = _testable_slices(given)
    if not slices:
        return [result(SLICES, "n/a", "no slice is declared")]
    found = {one.slice: _flips(given, one.slice) for one in slices}
    tested = [flips for flips in found.values() if flips is not None]
    alpha = _alpha(given, "slices")
    outcome = tarone_holm([one.broken for one in tested], [one.fixed for one in tested], alpha)
    place = {one.slice: index for index, one in enumerate(tested)}
    results = []
    for one in slices:
        flips, index = found[one.slice], place.get(one.slice)
        if one.critical:
            rejected = index is not None and outcome.rejected[index]
            results.append(
                _critical(given, rule, SLICES, one, flips, rejected=rejected, alpha=alpha / outcome.k)
            )
        else:
            results.append(_plain_slice(rule, one, flips, outcome, index, alpha=alpha))
    return results


def _plain_slice(
    rule: Rule, one: Slice, flips: Flips | None, outcome: TaroneHolm, index: int | None, *, alpha: float
) -> GateResult:
    """A slice that is not critical: it fails on evidence, and otherwise only says what can be known."""
    net = rule.thresholds["max_net_loss"]
    verdict: GateVerdict = "pass"
    if flips is None or index is None:
        verdict, why = "unknown", f"the declared slice {one.slice!r} matches nothing"
    elif outcome.rejected[index] and flips.net > net:
        verdict, why = "fail", f"{flips.words()}: more than chance"
    elif outcome.testable[index]:
        why = flips.words()
    else:
        why = (
            f"cannot be decided: {flips.broken} broken, {flips.fixed} fixed; "
            f"needs {outcome.flips_needed} one-way flips"
        )
    return result(
        SLICES,
        verdict,
        why,
        slice_name=one.slice,
        metric=flips.change if flips else None,
        threshold=f"p {alpha:.4f}/{outcome.k} and net loss {net:.3f}",
    )


_NET = Threshold(0.02, "lower", "net loss, as a share of the slice, that the test must exceed to fail")
_CONFIRMED = Threshold(0.05, "lower", "largest net loss confirmed by reviewers that passes")

ACCURACY = Gate(
    "intent.accuracy",
    "the candidate is not worse overall",
    {
        "max_net_loss": Threshold(0.01, "lower", "net loss that the test must exceed to fail"),
        "max_unseen_loss": Threshold(
            0.02, "lower", "loss that must be excluded where more broke than was fixed"
        ),
    },
    _judge_accuracy,
    reads=reads("accuracy", "broken", "fixed", "mcnemar_p"),
)
CRITICAL_RECALL = Gate(
    "intent.critical_recall",
    "people with a rare and costly need are still recognised",
    {"max_net_loss": _NET, "max_confirmed_loss": _CONFIRMED},
    _judge_critical_recall,
    reads=reads("recall", "accuracy", "broken", "fixed", "mcnemar_p"),
)
SLICES = Gate(
    "intent.slices",
    "no group of messages pays for the average",
    {"max_net_loss": _NET, "max_confirmed_loss": _CONFIRMED},
    _judge_slices,
    reads=reads("accuracy", "broken", "fixed", "mcnemar_p"),
)
ROUTING = Gate(
    "intent.critical_routing",
    "people with a rare and costly need are not crowded out by messages sent to them by mistake",
    {"max_net_loss": _NET, "max_confirmed_loss": _CONFIRMED},
    _judge_routing,
    reads=reads("false_positive_rate", "routed_gained", "routed_lost", "false_positives"),
)
GATES: tuple[Gate, ...] = (ACCURACY, CRITICAL_RECALL, ROUTING, RELEVANCE, SIGNALS, EXPLANATIONS, SLICES)
