"""Gates of the retrieval track: pure functions of metrics and review state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analysis.base.records import ALL, GateInput, GateResult, GateVerdict, Metric, Rule, Slice
from analysis.plugin.gate import ALPHA, Gate, Threshold, decided, judgement, metric_of, result
from analysis.stats import mcnemar_one_sided
from analysis.tracks.retrieval.grouping_sentences import attribute_words
from analysis.tracks.retrieval.metric_specs import TRACK, reads

MIN_ITEMS = 100
"""Items that have an attribute from which its grouping may be judged."""
MIN_EXAMPLES = 50
"""Probes or pairs from which numbers alone may judge."""
MIN_SLICE = 20
"""A critical slice with fewer probes than this is inspected whole."""
MEASURES = ("recall", "ndcg")
"""Measures that may fail the probes; the level of their bounds is split between them."""
SHARE = 0.25
"""Share of the track's alpha that the test of hard negatives may spend."""


def declared(given: GateInput) -> Mapping[str, Any]:
    """What the settings name: `group_by`, `must_keep`, `not_by`, and whether there are `probes`, `hard_negatives`."""
    return given.settings.get(TRACK, {})


def enough(metric: Metric | None, least: int) -> bool:
    """Whether a metric has a value that rests on at least so many examples."""
    return metric is not None and metric.value is not None and (metric.n or 0) >= least


def fell(change: Metric | None, limit: float) -> bool:
    """Whether a change is beyond the limit downwards, and clearly a fall."""
    return (
        change is not None
        and change.value is not None
        and change.high is not None
        and change.value < -limit
        and change.high < 0
    )


def rose(change: Metric | None, limit: float) -> bool:
    """Whether a change is beyond the limit upwards, and clearly a rise."""
    return (
        change is not None
        and change.value is not None
        and change.low is not None
        and change.value > limit
        and change.low > 0
    )


def signed(metric: Metric | None) -> str:
    """A change with its interval."""
    if metric is None or metric.value is None:
        return "unknown"
    if metric.low is None or metric.high is None:
        return f"{metric.value:+.3f}"
    return f"{metric.value:+.3f} [{metric.low:+.3f}, {metric.high:+.3f}]"


def _unmeasured(change: Metric | None, measured: str, who: str) -> str | None:
    """Why a change of grouping decides nothing; None where it may."""
    if change is None:
        return f"{measured} was not measured"
    if change.value is None:
        return f"not measurable: {change.why}"
    if not enough(change, MIN_ITEMS):
        return f"{change.n or 0} {who}: {MIN_ITEMS} would decide it"
    return None


def level(metric: Metric | None) -> str:
    """A level without its interval."""
    return "unknown" if metric is None or metric.value is None else f"{metric.value:.2f}"


def lifts(given: GateInput, attribute: str, name: str = "grouping_lift") -> str:
    """The lift of an attribute on both sides, in words."""
    base, candidate = (metric_of(given, TRACK, name, attribute, side) for side in ("base", "candidate"))
    return f"lift {level(base)} to {level(candidate)}"


def _judge_grouping(given: GateInput, rule: Rule) -> list[GateResult]:
    wanted = list(declared(given).get("group_by", ()))
    if not wanted:
        return [result(GROUPING, "n/a", "no attribute is declared in group_by")]
    kept = list(declared(given).get("must_keep", ()))
    return [
        _mean_grouping(given, rule, [name for name in wanted if name not in kept]),
        *(_kept_attribute(given, rule, name) for name in kept),
    ]


def _mean_grouping(given: GateInput, rule: Rule, others: Iterable[str]) -> GateResult:
    limit = rule.thresholds["max_fall"]
    change = metric_of(given, TRACK, "grouping_wanted_lift", ALL)
    verdict: GateVerdict
    unknown = _unmeasured(change, "grouping", "items")
    if unknown is not None:
        verdict, why = "unknown", unknown
    else:
        words = f"mean {lifts(given, ALL, 'grouping_wanted_lift')}, change {signed(change)}"
        fallen = [name for name in others if _fallen(given, name, limit)]
        if fell(change, limit):
            verdict, why = "fail", f"items group less by what is wanted: {words}"
        elif fallen:
            given_up = ", ".join(
                f"{name} {lifts(given, name)}, change {signed(metric_of(given, TRACK, 'grouping_lift', name))}"
                for name in fallen
            )
            verdict, why = "warn", f"given up, and nobody asked to keep it: {given_up}; {words}"
        else:
            verdict, why = "pass", words
    refs = given.flagged.get(GROUPING.name, ())
    return result(GROUPING, verdict, why, metric=change, threshold=_fall_words(limit), refs=refs)


def _fallen(given: GateInput, attribute: str, limit: float) -> bool:
    change = metric_of(given, TRACK, "grouping_lift", attribute)
    return enough(change, MIN_ITEMS) and fell(change, limit)


def _kept_attribute(given: GateInput, rule: Rule, attribute: str) -> GateResult:
    limit = rule.thresholds["max_fall"]
    change = metric_of(given, TRACK, "grouping_lift", attribute)
    verdict: GateVerdict
    unknown = _unmeasured(change, "its grouping", "items have it")
    if unknown is not None:
        verdict, why = "unknown", unknown
    else:
        verdict = "fail" if fell(change, limit) else "pass"
        why = f"{lifts(given, attribute)}, change {signed(change)}"
    refs = given.flagged.get(f"{GROUPING.name}[{attribute}]", ())
    return result(
        GROUPING, verdict, why, slice_name=attribute, metric=change, threshold=_fall_words(limit), refs=refs
    )


def _fall_words(limit: float) -> str:
    return f"lift change not under -{limit:.2f} with its upper bound under 0"


def _judge_confounds(given: GateInput, rule: Rule) -> list[GateResult]:
    unwanted = list(declared(given).get("not_by", ()))
    if not unwanted:
        return [result(CONFOUNDS, "n/a", "no attribute is declared in not_by")]
    return [_one_confound(given, rule, name, len(unwanted)) for name in unwanted]


def exceeds_wanted(given: GateInput, attribute: str) -> bool:
    """Whether the candidate groups by an unwanted attribute more than, on average, by the wanted ones."""
    own = metric_of(given, TRACK, "grouping_lift", attribute, "candidate")
    wanted = metric_of(given, TRACK, "grouping_wanted_lift", ALL, "candidate")
    if own is None or wanted is None or own.value is None or wanted.value is None:
        return False
    return own.value > wanted.value


def _one_confound(given: GateInput, rule: Rule, attribute: str, tests: int) -> GateResult:
    """Only a rise fails: what the base did already is shown as inherited."""
    most, lesser = rule.thresholds["max_rise"], rule.thresholds["max_rise_beyond_wanted"]
    change = metric_of(given, TRACK, "grouping_conditional_lift", attribute)
    refs = given.flagged.get(f"{CONFOUNDS.name}[{attribute}]", ())
    words = (
        f"conditional {lifts(given, attribute, 'grouping_conditional_lift')}, change {signed(change)}; "
        f"plain {lifts(given, attribute)}"
    )
    verdict: GateVerdict
    unknown = _unmeasured(change, "its grouping", "items have it")
    if unknown is not None:
        verdict, why = "unknown", unknown
    elif rose(change, most):
        verdict, why = "fail", f"items group by it more than before: {words}"
    elif exceeds_wanted(given, attribute) and rose(change, lesser):
        verdict = "fail"
        why = f"items group by it more than before, and more than by what is wanted: {words}"
    elif attribute_words(given.metrics, attribute, wanted=False).word == "inherited":
        verdict, why = "pass", f"inherited: {words}"
    else:
        verdict, why = "pass", words
    return result(
        CONFOUNDS,
        verdict,
        why,
        slice_name=attribute,
        metric=change,
        threshold=(
            f"conditional lift change at most +{most:.2f} (+{lesser:.2f} where it exceeds the wanted), "
            f"bounds at .025 / {tests}"
        ),
        refs=refs,
    )


def _judge_negatives(given: GateInput, rule: Rule) -> list[GateResult]:
    if not declared(given).get("hard_negatives"):
        return [result(NEGATIVES, "n/a", "no hard negatives are declared")]
    net_limit, alpha = rule.thresholds["max_net_loss"], ALPHA / len(given.tracks) * SHARE
    change = metric_of(given, TRACK, "violations", ALL)
    broken, fixed = (metric_of(given, TRACK, f"pairs_{name}", ALL) for name in ("broken", "fixed"))
    verdict: GateVerdict
    if change is None or change.value is None or not change.n or broken is None or fixed is None:
        verdict, why = "unknown", "the run holds no hard negative"
    else:
        lost, won = int(broken.value or 0), int(fixed.value or 0)
        net, p = (lost - won) / change.n, mcnemar_one_sided(lost, won)
        words = f"of {change.n} pairs, {lost} newly violated, {won} no longer; {_sides(given, 'violations')}"
        if change.n < MIN_EXAMPLES:
            verdict, why = "unknown", f"{words}; {MIN_EXAMPLES} pairs would decide it"
        elif p <= alpha and net > net_limit:
            verdict, why = "fail", f"{words}; p {p:.4f}"
        else:
            verdict, why = "pass", words
    refs = given.flagged.get(NEGATIVES.name, ())
    threshold = f"p {alpha:.4f} and net loss {net_limit:.3f}"
    return [result(NEGATIVES, verdict, why, metric=change, threshold=threshold, refs=refs)]


def _sides(given: GateInput, name: str, slice_name: str = ALL) -> str:
    base, candidate = (metric_of(given, TRACK, name, slice_name, side) for side in ("base", "candidate"))
    return f"{level(base)} to {level(candidate)}"


def _judge_probes(given: GateInput, rule: Rule) -> list[GateResult]:
    """All probes, then each critical slice of them, and each declared one that matches nothing."""
    critical = [
        one
        for one in given.slices
        if one.track == TRACK and (one.critical or (one.kind == "declared" and not one.n))
    ]
    if not declared(given).get("probes"):
        return [result(PROBES, "n/a", "no probes are declared")]
    if not any(one.track == TRACK and one.name in MEASURES for one in given.metrics):
        whole = result(PROBES, "n/a", "no probe names a relevant item")
        return [whole, *(_critical(given, rule, one) for one in critical)]
    limit = rule.thresholds["max_fall"]
    recall = metric_of(given, TRACK, "recall", ALL)
    failing = _failing(given, ALL, limit)
    n = (recall.n or 0) if recall is not None else 0
    verdict: GateVerdict
    if n < MIN_EXAMPLES:
        verdict, why = "unknown", f"{n} probes name a relevant item: {MIN_EXAMPLES} would decide it"
    elif failing is not None:
        verdict, why = "fail", f"the answers got worse: {measure_words(given, ALL)}"
    else:
        verdict, why = "pass", measure_words(given, ALL)
    refs = given.flagged.get(PROBES.name, ())
    whole = result(PROBES, verdict, why, metric=failing or recall, threshold=_probe_words(limit), refs=refs)
    return [whole, *(_critical(given, rule, one) for one in critical)]


def _failing(given: GateInput, slice_name: str, limit: float) -> Metric | None:
    """The measure that fell beyond the limit, the first of them; None where none did."""
    changes = (metric_of(given, TRACK, measure, slice_name) for measure in MEASURES)
    return next((change for change in changes if fell(change, limit)), None)


def measure_words(given: GateInput, slice_name: str) -> str:
    """Recall and nDCG of a slice on both sides, with their changes."""
    k = declared(given).get("k")
    said = [
        f"{name}{f'@{k}' if k else ''} {_sides(given, measure, slice_name)}, "
        f"change {signed(metric_of(given, TRACK, measure, slice_name))}"
        for measure, name in zip(MEASURES, ("recall", "nDCG"), strict=True)
    ]
    return "; ".join(said)


def _critical(given: GateInput, rule: Rule, one: Slice) -> GateResult:
    """Fails on evidence; a small one is unknown until every probe that lost a relevant item has a verdict."""
    limit, confirmed_limit = rule.thresholds["max_fall"], rule.thresholds["max_confirmed_loss"]
    recall = metric_of(given, TRACK, "recall", one.slice)
    failing = _failing(given, one.slice, limit)
    refs: Sequence[str] = given.flagged.get(f"{PROBES.name}[{one.slice}]", ())
    n = (recall.n or 0) if recall is not None else 0
    broken, fixed = (
        int(found.value or 0) if (found := metric_of(given, TRACK, name, one.slice)) is not None else 0
        for name in ("broken", "fixed")
    )
    words = (
        f"of {n} probes, {broken} lost relevant items, {fixed} gained some; {measure_words(given, one.slice)}"
    )
    verdict: GateVerdict
    if not one.n:
        verdict, why = "unknown", f"the declared slice {one.slice!r} matches nothing"
    elif n == 0:
        verdict, why = "unknown", f"no probe in {one.slice!r} names a relevant item: nothing is known of it"
    elif n >= MIN_SLICE and failing is not None:
        verdict, why = "fail", f"the answers got worse: {words}"
    elif n < MIN_SLICE or (n < MIN_EXAMPLES and broken):
        missing = [ref for ref in refs if not decided(given.state, ref)]
        if missing:
            what = "probe" if n < MIN_SLICE else "probe that got worse"
            verdict, refs = "unknown", missing
            why = f"{words}; a verdict on each {what} would decide it: {len(missing)} to go"
        else:
            confirmed = sum(judgement(given.state, ref) == "unacceptable" for ref in refs)
            net = (confirmed - fixed) / n
            verdict = "pass" if net <= confirmed_limit else "fail"
            why = f"{words}; {confirmed} confirmed by reviewers, net loss {net:+.3f}"
    else:
        verdict, why = "pass", words
    return result(
        PROBES,
        verdict,
        why,
        slice_name=one.slice,
        metric=failing or recall,
        threshold=f"{_probe_words(limit)}; confirmed {confirmed_limit:.3f}",
        refs=refs,
    )


def _probe_words(limit: float) -> str:
    return f"recall and nDCG change not under -{limit:.3f} with its upper bound under 0"


GROUPING = Gate(
    "retrieval.grouping",
    "items are still found beside what shoppers mean by them",
    {"max_fall": Threshold(0.10, "lower", "fall of the lift over chance that must be exceeded to fail")},
    _judge_grouping,
    reads=reads("grouping_wanted_lift", "grouping_lift"),
)
CONFOUNDS = Gate(
    "retrieval.confounds",
    "items are not put together for who published or how they are worded",
    {
        "max_rise": Threshold(
            0.10, "lower", "rise of the conditional lift over chance that must be exceeded to fail"
        ),
        "max_rise_beyond_wanted": Threshold(
            0.05, "lower", "the same where the candidate groups by it more than by the wanted attributes"
        ),
    },
    _judge_confounds,
    reads=reads("grouping_conditional_lift", "grouping_lift", "grouping_wanted_lift"),
)
NEGATIVES = Gate(
    "retrieval.hard_negatives",
    "titles that are easily confused are still told apart",
    {
        "max_net_loss": Threshold(
            0.02, "lower", "net loss, as a share of the pairs, that the test must exceed"
        )
    },
    _judge_negatives,
    reads=reads("violations", "pairs_broken", "pairs_fixed", "pairs_mcnemar_p"),
)
PROBES = Gate(
    "retrieval.probes",
    "queries still find what answers them",
    {
        "max_fall": Threshold(0.02, "lower", "mean fall of recall or nDCG that must be exceeded to fail"),
        "max_confirmed_loss": Threshold(
            0.05, "lower", "largest net loss confirmed by reviewers that passes, in a small critical slice"
        ),
    },
    _judge_probes,
    reads=reads("recall", "broken", "fixed", "ndcg", "mrr"),
)
GATES: tuple[Gate, ...] = (GROUPING, CONFOUNDS, NEGATIVES, PROBES)
"""The gates of the track, in the order in which they are read."""
