"""Gates on reasons: what must not matter does not, what ought to matter does, and explanations may be believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.base.records import GateInput, GateResult, GateVerdict, Metric, MetricSide, Rule, Slice
from analysis.plugin.gate import Gate, Threshold, analysed, metric_of, result
from analysis.tracks.intent.enrichment_sentences import by_method, enrichment_words, number
from analysis.tracks.intent.metric_specs import TRACK, reads

LEAST_TEXTS = {"other": 200, "critical": 40}
"""Least numbers of probed texts on which a relevance gate may judge."""
LEAST_HELD = 20
"""Texts that hold a cue by themselves from which its removal may be said to suppress."""
LEAST_SIGNAL_TEXTS = 20
"""Texts of a class that hold an expected signal from which its gate may judge."""
LEAST_DECIDABLE = 20
"""Attributed texts of a slice from which its share of licensed ones may be judged."""
MUCH_MORE = 2.0
"""A cue counts as correlated with a class from this many times its share elsewhere, with intervals apart."""


@dataclass(frozen=True)
class CueEvidence:
    """What is known of one class and one cue: causal effects by population, and attribution by method."""

    own: dict[str, Metric | None]
    base: dict[str, Metric | None]
    change: dict[str, Metric | None]
    removed: dict[str, Metric | None]
    enrichment: tuple[tuple[str, Metric, Metric], ...]

    @property
    def enough(self) -> list[str]:
        """Populations with enough probed texts to judge."""
        return [group for group, least in LEAST_TEXTS.items() if _n(self.own[group]) >= least]

    @property
    def not_numbers(self) -> str:
        """Why an effect of a population that could be judged is not known; empty where all are."""
        known = (
            one for group in self.enough for one in (self.own[group], self.base[group], self.change[group])
        )
        return next((one.why for one in known if one is not None and one.value is None), "")


def cue_evidence(given: GateInput, target: str, cue: str) -> CueEvidence:
    """The metrics of one class and one cue."""
    key = f"{target}/{cue}"

    def effects(name: str, side: MetricSide) -> dict[str, Metric | None]:
        return {group: metric_of(given, TRACK, f"{name}_{group}", key, side) for group in LEAST_TEXTS}

    sides = {side: dict(by_method(given, "enrichment", key, side)) for side in ("candidate", "difference")}
    pairs = [
        (method, one, sides["difference"][method])
        for method, one in sides["candidate"].items()
        if method in sides["difference"]
    ]
    known = tuple(pair for pair in pairs if pair[1].value is not None)
    return CueEvidence(
        own=effects("relevance_own", "candidate"),
        base=effects("relevance_own", "base"),
        change=effects("relevance_own", "difference"),
        removed=effects("relevance_removed", "candidate"),
        enrichment=known,
    )


def correlation_words(given: GateInput, target: str, cue: str) -> str:
    """Says that the evaluation set correlates although the model does not depend on it; empty where it is not so."""
    rule = given.rules[RELEVANCE.name]
    found = cue_evidence(given, target, cue)
    limits = _limits(rule)
    shares = {
        group: metric_of(given, TRACK, f"cue_share_{group}", f"{target}/{cue}") for group in LEAST_TEXTS
    }
    here, elsewhere = shares["critical"], shares["other"]
    if here is None or elsewhere is None or not found.enough or found.not_numbers:
        return ""
    if here.value is None or elsewhere.value is None or here.low is None or elsewhere.high is None:
        return ""
    correlated = here.value >= MUCH_MORE * elsewhere.value and here.low > elsewhere.high
    if not correlated or any(_beyond(found.own[group], limits[group]) for group in found.enough):
        return ""
    return (
        f"{cue} are in {here.value:.0%} of the {target} texts and {elsewhere.value:.1%} of the others, "
        "and the candidate does not depend on it"
    )


def _judge_relevance(given: GateInput, rule: Rule) -> list[GateResult]:
    pairs = given.settings.get(TRACK, {}).get("irrelevant", {})
    results = [_one_cue(given, rule, target, cue) for target, cues in pairs.items() for cue in cues]
    return results or [result(RELEVANCE, "n/a", "no irrelevant tokens are declared")]


def _one_cue(given: GateInput, rule: Rule, target: str, cue: str) -> GateResult:
    """Causal evidence leads: insertion fails, then what is inherited, then attribution, then suppression."""
    key = f"{target}/{cue}"
    found, limits = cue_evidence(given, target, cue), _limits(rule)
    enough = found.enough
    beyond = [group for group in enough if _beyond(found.own[group], limits[group])]
    failing = [group for group in beyond if _beyond(found.change[group], limits[group])]
    refs = given.flagged.get(f"{RELEVANCE.name}[{key}]", ())
    open_refs = [ref for ref in refs if not analysed(given.state, ref)]
    analysis = (
        f"error analysis: {len(refs) - len(open_refs)} of {len(refs)} flagged have a verdict with a cause"
    )
    effects = _effects(found)
    leaning = [
        method
        for method, own, change in found.enrichment
        if (own.value or 0.0) >= rule.thresholds["max_enrichment"]
        and (change.low or 0.0) > rule.thresholds["max_enrichment_change"]
    ]
    verdict: GateVerdict
    if failing:
        verdict, why = "fail", f"naming it changes p(class) by {effects}; {analysis}"
    elif found.not_numbers:
        verdict, why = "unknown", f"not measurable: {found.not_numbers}"
    elif not enough:
        verdict, why = "unknown", _too_few(found)
    elif beyond:
        # Where nothing was flagged nobody has looked: inherited dependence waits for a person all the same.
        verdict = "unknown" if open_refs or not refs else "pass"
        inherited = all(_beyond(found.base[group], limits[group]) for group in beyond)
        state = (
            "inherited from the base" if inherited else "beyond the limit, the change from the base is not"
        )
        why = f"{state}: {effects}; {analysis}"
    elif leaning and open_refs:
        verdict, why = (
            "unknown",
            f"{', '.join(leaning)} leans on it more than the base's; {effects}; {analysis}",
        )
    else:
        warnings = [*_suppression(found, rule), *_risen(found, rule)]
        verdict = "warn" if warnings else "pass"
        why = "; ".join([*warnings, effects])
        if leaning:
            why += f"; {analysis}"
    notes = [enrichment_words(given, target, cue), correlation_words(given, target, cue)]
    return result(
        RELEVANCE,
        verdict,
        "; ".join([why, *(note for note in notes if note)]),
        slice_name=key,
        metric=found.own[(failing or beyond or enough or ["other"])[0]],
        threshold=f"{limits['other']:+g} on other texts, {limits['critical']:+g} on critical ones",
        refs=open_refs or refs,
        waiver_blocked=f"{analysis}; the rest comes first" if open_refs else "",
    )


def _limits(rule: Rule) -> dict[str, float]:
    return {"other": rule.thresholds["max_shift_other"], "critical": rule.thresholds["max_shift_critical"]}


def _effects(found: CueEvidence) -> str:
    return "; ".join(
        f"{number(own)} on {_n(own)} {group} texts, base {number(found.base[group])}"
        for group, own in found.own.items()
        if own is not None
    )


def _too_few(found: CueEvidence) -> str:
    wanted = ", ".join(f"{_n(found.own[group])} {group} of {least}" for group, least in LEAST_TEXTS.items())
    removed = [
        f"removing it from {_n(one)} {group} texts takes {number(one)}"
        for group, one in found.removed.items()
        if one is not None
    ]
    return "; ".join([f"too few texts to probe, add some without it: {wanted}", *removed])


def _suppression(found: CueEvidence, rule: Rule) -> Iterator[str]:
    """Where the cue lowers p(class): inserted into texts without it, or standing in texts that hold it."""
    limit = rule.thresholds["max_suppression"]
    inserted = [("inserted", group, found.own[group]) for group in found.enough]
    standing = [
        ("where it stands", group, one) for group, one in found.removed.items() if _n(one) >= LEAST_HELD
    ]
    for words, group, one in (*inserted, *standing):
        if one is None or one.value is None or one.high is None:
            continue
        if one.value < -limit and one.high < 0:
            yield f"suppresses the class {words}: {number(one)} on {_n(one)} {group} texts"


def _risen(found: CueEvidence, rule: Rule) -> Iterator[str]:
    for method, _, change in found.enrichment:
        if (change.value or 0.0) > rule.thresholds["warn_enrichment_change"]:
            yield f"{method} leans on it more than the base's"


def _judge_signals(given: GateInput, rule: Rule) -> list[GateResult]:
    declared = given.settings.get(TRACK, {}).get("signals", {})
    results = [_one_signal(given, rule, target) for target in declared]
    return results or [result(SIGNALS, "n/a", "no expected signals are declared")]


def _one_signal(given: GateInput, rule: Rule, target: str) -> GateResult:
    base, candidate, change = (
        metric_of(given, TRACK, "signal_effect", target, side) for side in ("base", "candidate", "difference")
    )
    share = rule.thresholds["min_share_of_base"]
    verdict: GateVerdict
    words = f"deleting it takes {number(candidate)} from the log-odds on {_n(candidate)} texts, base {number(base)}"
    if base is None or candidate is None or change is None:
        verdict, why = "unknown", "its deletion was not measured"
    elif _n(candidate) < LEAST_SIGNAL_TEXTS:
        verdict = "unknown"
        why = f"{_n(candidate)} texts of the class hold an expected signal: {LEAST_SIGNAL_TEXTS} would decide it"
    elif base.value is None or candidate.value is None or change.value is None:
        verdict, why = "unknown", f"not measurable: {base.why or candidate.why or change.why}"
    elif base.low is None or base.low <= 0:
        verdict, why = "unknown", f"the base itself does not clearly rest on it: {words}"
    elif candidate.value < share * base.value and change.high is not None and change.high < 0:
        verdict, why = "fail", f"less than {share:.0%} of what it was: {words}"
    else:
        verdict, why = "pass", words
    return result(
        SIGNALS,
        verdict,
        why,
        slice_name=target,
        metric=change,
        threshold=f"at least {share:.0%} of the base's effect, where the change is clear",
        refs=given.flagged.get(f"{SIGNALS.name}[{target}]", ()),
    )


def _judge_explanations(given: GateInput, rule: Rule) -> list[GateResult]:
    critical = [one for one in given.slices if one.track == TRACK and one.critical]
    if not critical:
        return [result(EXPLANATIONS, "n/a", "no critical slice is declared")]
    if not any(one.track == TRACK and one.name == "licence_share" for one in given.metrics):
        return [result(EXPLANATIONS, "n/a", "the run holds no licence of any attribution")]
    return [_one_explanation(given, rule, one) for one in critical]


def _one_explanation(given: GateInput, rule: Rule, one: Slice) -> GateResult:
    """The method that is licensed most often on the candidate stands for the slice: one believed one is enough."""
    least = rule.thresholds["min_licensed"]
    found = dict(by_method(given, "licence_share", one.slice, "candidate"))
    base = dict(by_method(given, "licence_share", one.slice, "base"))
    ranked = sorted(
        found.items(), key=lambda pair: (_n(pair[1]) < LEAST_DECIDABLE, -(pair[1].value or 0.0), pair[0])
    )
    best = ranked[0][1] if ranked else None
    words = "; ".join(
        f"{method} licensed {_share(share)} of {_n(share)} decidable, base {_share(base.get(method))}"
        for method, share in ranked
    )
    flips = metric_of(given, TRACK, "flips", one.slice)
    queued = [entry.ref for entry in given.queue if one.slice in entry.critical_slices]
    seen = {record.ref for record in given.state.verdicts}
    missing = [ref for ref in queued if ref not in seen]
    verdict: GateVerdict
    if flips is None:
        verdict, why = "unknown", f"no example in {one.slice!r}: add some, nothing is known of it"
    elif best is not None and _n(best) >= LEAST_DECIDABLE and (best.value or 0.0) >= least:
        verdict, why = "pass", words
    elif flips.value == 0:
        verdict, why = "pass", f"no prediction changed in it: nothing to explain; {words or 'not attributed'}"
    else:
        verdict = "unknown" if missing or not queued else "pass"
        todo = f"{len(missing)} of {len(queued)} queued examples to inspect" if missing else "all inspected"
        state = todo if queued else "none of its examples is queued"
        why = f"explanations cannot carry it: {words or 'not attributed'}; {state}"
    return result(
        EXPLANATIONS,
        verdict,
        why,
        slice_name=one.slice,
        metric=best,
        threshold=f"{least:.0%} of at least {LEAST_DECIDABLE} decidable",
        refs=missing or queued,
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


def _n(metric: Metric | None) -> int:
    return metric.n or 0 if metric else 0


def _share(metric: Metric | None) -> str:
    return "–" if metric is None or metric.value is None else f"{metric.value:.0%}"


RELEVANCE = Gate(
    "intent.relevance",
    "people are found by what they ask, not by what they read",
    {
        "max_shift_other": Threshold(0.01, "lower", "rise of p(class) on texts of other classes"),
        "max_shift_critical": Threshold(0.05, "lower", "rise of p(class) on texts of the class"),
        "max_suppression": Threshold(
            0.05, "lower", "fall of p(class) from which a cue counts as suppressing"
        ),
        "max_enrichment": Threshold(
            0.8, "lower", "licensed enrichment from which attribution counts as leaning on the cue"
        ),
        "max_enrichment_change": Threshold(0.2, "lower", "change of it that its lower bound must exceed"),
        "warn_enrichment_change": Threshold(0.1, "lower", "change of it that is said"),
    },
    _judge_relevance,
    reads=reads(
        "relevance_own_other",
        "relevance_own_critical",
        "relevance_removed_other",
        "relevance_removed_critical",
        "enrichment",
        "cue_share_critical",
        "cue_share_other",
    ),
)
SIGNALS = Gate(
    "intent.signals",
    "what people say to be understood still counts",
    {
        "min_share_of_base": Threshold(
            0.5, "higher", "effect of deleting the signals, as a share of the base's"
        )
    },
    _judge_signals,
    reads=reads("signal_effect"),
)
EXPLANATIONS = Gate(
    "intent.explanations",
    "nobody relies on an explanation that cannot be told from chance",
    {"min_licensed": Threshold(0.6, "higher", "share of the decidable attributions that are licensed")},
    _judge_explanations,
    reads=reads("licence_share", "licence", "flips_explained"),
)
