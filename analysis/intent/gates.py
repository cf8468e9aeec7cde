"""Gates of the intent track: pure functions of metrics and review state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.gates import (
    ALPHA,
    Gate,
    Threshold,
    analysed,
    decided,
    judgement,
    metric_of,
    result,
)
from analysis.records import ALL, GateInput, GateResult, GateVerdict, Metric, MetricSide, Rule, Slice
from analysis.stats import TaroneHolm, detectable_loss, holm, mcnemar_one_sided, tarone_holm

TRACK = "intent"
MIN_CLASS = 20
"""A critical slice with fewer examples than this is inspected whole."""
LEAST_TEXTS = {"other": 200, "critical": 40}
"""Least numbers of probed texts on which a relevance gate may judge."""
SHARES = {"critical": 0.50, "slices": 0.40, "accuracy": 0.10}
"""How the track's share of the review's alpha is spent."""


@dataclass(frozen=True)
class Flips:
    """Broken and fixed examples of one slice."""

    slice: str
    n: int
    broken: int
    fixed: int
    accuracy: Metric

    @property
    def net(self) -> float:
        """Net loss as a share of n."""
        return (self.broken - self.fixed) / self.n

    def words(self) -> str:
        return f"of {self.n}, {self.broken} broken, {self.fixed} fixed"


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
    low = flips.accuracy.low
    verdict: GateVerdict
    if p <= _alpha(given, "accuracy") and flips.net > net:
        verdict, why = "fail", f"{flips.words()}; p {p:.4f}"
    elif flips.broken > flips.fixed and (low is None or low < -unseen):
        verdict = "unknown"
        why = f"{flips.words()}; a loss of {unseen:.0%} is not excluded: more examples would decide it"
    else:
        verdict, why = "pass", flips.words()
    refs = given.flagged.get(ACCURACY.name, ())
    return [result(ACCURACY, verdict, why, metric=flips.accuracy, threshold=threshold, refs=refs)]


def _critical(
    given: GateInput, rule: Rule, gate: Gate, one: Slice, flips: Flips | None, rejected: bool, alpha: float
) -> GateResult:
    """The rule of everything critical: fail on evidence, unknown until every broken example is judged."""
    key = one.slice if gate is SLICES else one.slice.partition("=")[2]
    net_limit, confirmed_limit = rule.thresholds["max_net_loss"], rule.thresholds["max_confirmed_loss"]
    refs: Sequence[str] = given.flagged.get(f"{gate.name}[{key}]", ())
    verdict: GateVerdict
    if flips is None:
        verdict, why = "unknown", f"no example in {one.slice!r}: add some, nothing is known of it"
    elif rejected and flips.net > net_limit:
        verdict, why = "fail", f"{flips.words()}: more than chance"
    elif flips.broken > flips.fixed or flips.n < MIN_CLASS:
        missing = [ref for ref in refs if not decided(given.state, ref)]
        confirmed = sum(judgement(given.state, ref) == "unacceptable" for ref in refs)
        if missing:
            what = "example" if flips.n < MIN_CLASS else "broken example"
            verdict, refs = "unknown", missing
            why = f"{flips.words()}; a verdict on each of {len(missing)} {what}(s) would decide it"
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
        metric=flips.accuracy if flips else None,
        threshold=f"p {alpha:.4f} and net loss {net_limit:.3f}; confirmed {confirmed_limit:.3f}",
        refs=refs,
    )


def _judge_critical_recall(given: GateInput, rule: Rule) -> list[GateResult]:
    classes = [one for one in given.slices if one.track == TRACK and one.critical and one.kind == "class"]
    if not classes:
        return [result(CRITICAL_RECALL, "n/a", "no critical class is declared")]
    found = [_flips(given, one.slice) for one in classes]
    tested = [flips for flips in found if flips is not None]
    alpha = _alpha(given, "critical")
    rejected = holm([mcnemar_one_sided(flips.broken, flips.fixed) for flips in tested], alpha)
    failing = {flips.slice for flips, lost in zip(tested, rejected, strict=True) if lost}
    return [
        _critical(given, rule, CRITICAL_RECALL, one, flips, one.slice in failing, alpha / len(classes))
        for one, flips in zip(classes, found, strict=True)
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
            results.append(_critical(given, rule, SLICES, one, flips, rejected, alpha / outcome.k))
        else:
            results.append(_plain_slice(rule, one, flips, outcome, index, alpha))
    return results


def _plain_slice(
    rule: Rule, one: Slice, flips: Flips | None, outcome: TaroneHolm, index: int | None, alpha: float
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
        metric=flips.accuracy if flips else None,
        threshold=f"p {alpha:.4f}/{outcome.k} and net loss {net:.3f}",
    )


def _beyond(metric: Metric | None, limit: float) -> bool:
    """Whether value and lower bound say that the shift is real and larger than the limit."""
    return (
        metric is not None
        and metric.value is not None
        and metric.low is not None
        and metric.value > limit
        and metric.low > 0
    )


def _judge_relevance(given: GateInput, rule: Rule) -> list[GateResult]:
    pairs = given.settings.get(TRACK, {}).get("irrelevant", {})
    results = [_one_cue(given, rule, f"{target}/{cue}") for target, cues in pairs.items() for cue in cues]
    return results or [result(RELEVANCE, "n/a", "no irrelevant tokens are declared")]


def _one_cue(given: GateInput, rule: Rule, key: str) -> GateResult:
    limits = {"other": rule.thresholds["max_shift_other"], "critical": rule.thresholds["max_shift_critical"]}
    own = {group: _shift(given, group, key, "candidate") for group in limits}
    change = {group: _shift(given, group, key, "difference") for group in limits}
    enough = [group for group, least in LEAST_TEXTS.items() if _n(own[group]) >= least]
    beyond = [group for group in enough if _beyond(own[group], limits[group])]
    failing = [group for group in beyond if _beyond(change[group], limits[group])]
    suppressed = [group for group in enough if _suppresses(own[group], rule.thresholds["max_suppression"])]
    refs = given.flagged.get(f"{RELEVANCE.name}[{key}]", ())
    open_refs = [ref for ref in refs if not analysed(given.state, ref)]
    analysis = (
        f"error analysis: {len(refs) - len(open_refs)} of {len(refs)} flagged have a verdict with a cause"
    )
    effects = "; ".join(
        f"{_number(own[group])} on {_n(own[group])} {group} texts, base {_number(_shift(given, group, key, 'base'))}"
        for group in limits
        if own[group] is not None
    )
    verdict: GateVerdict
    if failing:
        verdict, why = "fail", f"naming it changes p(class) by {effects}; {analysis}"
    elif not enough:
        wanted = ", ".join(f"{_n(own[group])} {group} of {least}" for group, least in LEAST_TEXTS.items())
        verdict, why = "unknown", f"too few texts to probe: {wanted}"
    elif beyond:
        verdict = "unknown" if open_refs else "pass"
        why = f"inherited from the base: {effects}; {analysis}"
    elif suppressed:
        verdict, why = "warn", f"suppresses the class: {effects}"
    else:
        verdict, why = "pass", effects
    return result(
        RELEVANCE,
        verdict,
        why,
        slice_name=key,
        metric=own[(failing or beyond or enough or ["other"])[0]],
        threshold=f"{limits['other']:+g} on other texts, {limits['critical']:+g} on critical ones",
        refs=open_refs or refs,
        waiver_blocked=f"{analysis}; the rest comes first" if open_refs else "",
    )


def _shift(given: GateInput, group: str, key: str, side: MetricSide) -> Metric | None:
    return metric_of(given, TRACK, f"relevance_own_{group}", key, side)


def _suppresses(metric: Metric | None, limit: float) -> bool:
    return (
        metric is not None
        and metric.value is not None
        and metric.high is not None
        and metric.value < -limit
        and metric.high < 0
    )


def _n(metric: Metric | None) -> int:
    return metric.n or 0 if metric else 0


def _number(metric: Metric | None) -> str:
    if metric is None or metric.value is None:
        return "–"
    if metric.low is None or metric.high is None:
        return f"{metric.value:+.3f}"
    return f"{metric.value:+.3f} [{metric.low:.3f}, {metric.high:.3f}]"


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
)
CRITICAL_RECALL = Gate(
    "intent.critical_recall",
    "people with a rare and costly need are still recognised",
    {"max_net_loss": _NET, "max_confirmed_loss": _CONFIRMED},
    _judge_critical_recall,
)
SLICES = Gate(
    "intent.slices",
    "no group of messages pays for the average",
    {"max_net_loss": _NET, "max_confirmed_loss": _CONFIRMED},
    _judge_slices,
)
RELEVANCE = Gate(
    "intent.relevance",
    "people are found by what they ask, not by what they read",
    {
        "max_shift_other": Threshold(0.01, "lower", "rise of p(class) on texts of other classes"),
        "max_shift_critical": Threshold(0.05, "lower", "rise of p(class) on texts of the class"),
        "max_suppression": Threshold(
            0.05, "lower", "fall of p(class) from which a cue counts as suppressing"
        ),
    },
    _judge_relevance,
)
GATES: tuple[Gate, ...] = (ACCURACY, CRITICAL_RECALL, RELEVANCE, SLICES)
