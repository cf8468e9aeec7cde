"""`intent.relevance`: what must not matter for a class does not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import Metric
from analysis.plugin.gate import Gate, Threshold, analysed, number_row, result
from analysis.tracks.intent.cue_evidence import (
    LEAST_TEXTS,
    CueEvidence,
    beyond,
    correlation_sentence,
    count_of,
    cue_evidence,
    direction,
    newly_moves,
    shift_limits,
    terms_sentence,
)
from analysis.tracks.intent.enrichment_sentences import enrichment_sentence, number
from analysis.tracks.intent.gates.counts import number_of
from analysis.tracks.intent.gates.found import found_results
from analysis.tracks.intent.metric_specs import TRACK, criterion, reads
from analysis.tracks.intent.names import RELEVANCE as NAME

LEAST_HELD = 20
"""Texts that hold a cue by themselves from which its removal may be said to suppress."""
WIDE = 20.0
"""Widths of an interval, in limits, from which it tells nothing: half of it is ten times what may be."""
_TEXTS = {"other": "texts of other classes", "critical": "texts of the class"}


@dataclass(frozen=True)
class _Cue:
    """One class and one cue, held against the limits.

    `beyond` are the populations where inserting the cue moves p(class) beyond its limit, `failing` those where it
    does so by a change from the base, `untold` those whose interval is too wide to tell; `leaning` the methods whose
    attributions lean on it more than the base's, `unmatched` those that lean on it where the base's may not be read.
    """

    found: CueEvidence
    limits: dict[str, float]
    rule: dict[str, float]
    beyond: list[str]
    failing: list[str]
    untold: list[str]
    leaning: list[str]
    unmatched: list[str]

    @property
    def asks_for_analysis(self) -> bool:
        """Whether somebody must find out why, before it can pass."""
        return bool(self.beyond or self.leaning or self.unmatched)


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    settings = given.settings.get(TRACK, {})
    if settings.get("no_model"):
        return [result(RELEVANCE, "n/a", settings["no_model"])]
    pairs = settings.get("irrelevant", {})
    results = [_one_cue(given, rule, target, cue) for target, cues in pairs.items() for cue in cues]
    results += found_results(given, RELEVANCE)
    return results or [result(RELEVANCE, "n/a", "no irrelevant tokens are declared")]


def _held_against(found: CueEvidence, rule: dict[str, float]) -> _Cue:
    limits = shift_limits(rule)
    heavy = [
        (method, change)
        for method, own, change in found.enrichment
        if (own.value or 0.0) >= rule["max_enrichment"]
    ]
    return _Cue(
        found,
        limits,
        rule,
        beyond=[group for group in found.enough if beyond(found.own[group], limits[group])],
        failing=[
            group
            for group in found.enough
            if newly_moves(found.own[group], found.base[group], found.change[group], limits[group])
        ],
        untold=[group for group in found.enough if _width(found.own[group]) > WIDE * limits[group]],
        leaning=[method for method, change in heavy if (change.low or 0.0) > rule["max_enrichment_change"]],
        unmatched=[method for method, change in heavy if change.value is None],
    )


def _width(metric: Metric | None) -> float:
    """Of the interval; infinite where the data bound nothing, as in one cluster of texts."""
    if metric is None or metric.low is None or metric.high is None:
        return math.inf
    return metric.high - metric.low


def _one_cue(given: GateInput, rule: Rule, target: str, cue: str) -> GateResult:
    """Causal evidence leads: insertion fails, then what is inherited, then attribution; the rest warns."""
    key = f"{target}/{cue}"
    one = _held_against(cue_evidence(given, target, cue), rule.thresholds)
    found = one.found
    refs = given.flagged.get(f"{NAME}[{key}]", ())
    open_refs = [ref for ref in refs if not analysed(given.state, ref)]
    analysis = (
        f"error analysis: {len(refs) - len(open_refs)} of {len(refs)} flagged have a verdict with a cause"
    )
    # Where nothing was flagged nobody has looked: what asks for a person waits for one all the same.
    unread = bool(open_refs) or not refs
    effects = _effects(found)
    # Causes settle what was measured; they make no texts where there are too few.
    settles = False
    verdict: GateVerdict
    if one.failing:
        verdict, why = "fail", f"naming it changes p(class) by {effects}; {analysis}"
    elif found.not_numbers:
        verdict, why = "unknown", f"not measurable: {found.not_numbers}"
    elif not found.enough:
        verdict, why = "unknown", _too_few(found)
    elif one.untold and not one.beyond:
        verdict, why = "unknown", f"too uncertain to tell, add texts and terms: {effects}"
    elif one.beyond:
        settles = unread
        verdict = "unknown" if unread else "pass"
        why = f"{_inherited(one)}: {effects}; {analysis}"
    elif (one.leaning or one.unmatched) and unread:
        settles = True
        verdict, why = "unknown", f"{'; '.join(_leaning(one))}; {effects}; {analysis}"
    else:
        # Error analysis explains what was measured, and never turns it into a pass.
        warnings = [*_leaning(one), *_suppression(one), *_risen(one)]
        verdict = "warn" if warnings else "pass"
        why = "; ".join([*warnings, effects])
        if one.asks_for_analysis:
            why += f"; {analysis}"
    notes = [sentence(given, target, cue) for sentence in _NOTES]
    return result(
        RELEVANCE,
        verdict,
        "; ".join([why, *(note for note in notes if note)]),
        slice_name=key,
        metric=found.own[(one.failing or one.beyond or found.enough or ["other"])[0]],
        threshold=f"±{one.limits['other']:g} on other texts, ±{one.limits['critical']:g} on critical ones",
        criteria=[
            *_shift_rows(one),
            *_analysis_row(one, refs, open_refs),
            *_weight_rows(one),
            *_held_rows(one),
        ],
        refs=open_refs or refs,
        open_refs=open_refs if settles else (),
        waiver_blocked=f"{analysis}; the rest comes first" if open_refs else "",
    )


_NOTES = (terms_sentence, enrichment_sentence, correlation_sentence)


def _inherited(one: _Cue) -> str:
    """Whether the base does alike what is beyond the limit, or does less of it."""
    alike = all(
        direction(one.found.base[group], one.limits[group])
        == direction(one.found.own[group], one.limits[group])
        for group in one.beyond
    )
    return "inherited from the base" if alike else "beyond the limit, the change from the base is not"


def _leaning(one: _Cue) -> Iterator[str]:
    """Methods whose attributions lean on the cue, beside the base's or where those may not be read."""
    if one.leaning:
        yield f"{', '.join(one.leaning)} leans on it more than the base's"
    if one.unmatched:
        yield f"{', '.join(one.unmatched)} leans on it, and whether the base's does is not known"


def _effects(found: CueEvidence) -> str:
    return "; ".join(
        f"{number(own)} on {count_of(own)} {group} texts, base {number(found.base[group])}"
        for group, own in found.own.items()
        if own is not None
    )


def _too_few(found: CueEvidence) -> str:
    wanted = ", ".join(
        f"{count_of(found.own[group])} {group} of {least}" for group, least in LEAST_TEXTS.items()
    )
    removed = [
        f"removing it from {count_of(one)} {group} texts takes {number(one)}"
        for group, one in found.removed.items()
        if one is not None
    ]
    return "; ".join([f"too few texts to probe, add some without it: {wanted}", *removed])


def _suppresses(metric: Metric | None, limit: float) -> bool:
    """Whether value and upper bound say that p(class) falls, by more than the limit."""
    return direction(metric, limit) < 0


def _suppression(one: _Cue) -> Iterator[str]:
    """Where the cue lowers p(class) in texts that hold it by themselves, of which none was made to compare."""
    for group, metric in one.found.removed.items():
        if count_of(metric) >= LEAST_HELD and _suppresses(metric, one.limits["critical"]):
            texts = f"{count_of(metric)} {group} texts"
            yield f"suppresses the class where it stands: {number(metric)} on {texts}"


def _risen(one: _Cue) -> Iterator[str]:
    for method, _, change in one.found.enrichment:
        if (change.value or 0.0) > one.rule["warn_enrichment_change"]:
            yield f"{method} puts more weight on it than the base's"


def _shift_rows(one: _Cue) -> Iterator[Criterion]:
    """Own effect and its change, which fail together, of each population that has enough texts."""
    for group, least in LEAST_TEXTS.items():
        own, change, limit = one.found.own[group], one.found.change[group], one.limits[group]
        yield number_of(f"{_TEXTS[group]} that it is inserted into", count_of(own), least)
        if own is None:
            continue
        judged = group in one.found.enough
        above: GateVerdict = "fail" if group in one.failing else "warn"
        verdict: GateVerdict = "pass"
        if not judged or own.value is None:
            verdict = "unknown"
        elif group in one.beyond:
            verdict = above
        elif group in one.untold:
            verdict = "unknown"
        within = f"within ±{limit:g}, or not clear of 0"
        yield criterion(f"change of p(class) by inserting it, {_TEXTS[group]}", own, within, verdict)
        if judged:
            verdict = "pass"
            if change is None or change.value is None:
                verdict = "unknown"
            elif beyond(change, limit):
                verdict = above
            what = f"the same over the base's, {_TEXTS[group]}"
            yield criterion(what, change, within, verdict)


def _analysis_row(one: _Cue, refs: Sequence[str], open_refs: Sequence[str]) -> Iterator[Criterion]:
    """Error analysis, where something asks for it."""
    if not one.asks_for_analysis:
        return
    what, done = "flagged examples with a verdict and its cause", len(refs) - len(open_refs)
    if not refs:
        yield number_of(what, 0, 1)
    else:
        verdict: GateVerdict = "unknown" if open_refs else "pass"
        yield number_row(what, done, "count", f"all {len(refs)}", verdict)


def _weight_rows(one: _Cue) -> Iterator[Criterion]:
    """The cue's weight in licensed explanations, and how much it rose: neither fails by itself."""
    least, clear, said = (
        one.rule[name] for name in ("max_enrichment", "max_enrichment_change", "warn_enrichment_change")
    )
    for method, own, change in one.found.enrichment:
        name = method.replace("_", " ")
        heavy = (own.value or 0.0) >= least
        yield criterion(f"weight of it by {name}", own, f"below {least:g}", "warn" if heavy else "pass")
        verdict: GateVerdict = "unknown" if change.value is None else "pass"
        if (change.value or 0.0) > said or method in one.leaning:
            verdict = "warn"
        limit = f"at most {said:+g}; with a weight of {least:g}, lower bound at most {clear:+g}"
        yield criterion(f"rise of that over the base's, by {name}", change, limit, verdict)


def _held_rows(one: _Cue) -> Iterator[Criterion]:
    """What the cue does where it stands by itself."""
    limit = one.limits["critical"]
    for group, metric in one.found.removed.items():
        if count_of(metric) >= LEAST_HELD:
            verdict: GateVerdict = "warn" if _suppresses(metric, limit) else "pass"
            if metric is None or metric.value is None:
                verdict = "unknown"
            what = f"change of p(class) by it where it stands, {_TEXTS[group]}"
            yield criterion(what, metric, f"at least {-limit:+g}, or not clear of 0", verdict)


RELEVANCE = Gate(
    NAME,
    "people are found by what they ask, not by what they read",
    {
        "max_shift_other": Threshold(
            0.01, "lower", "change of p(class), up or down, on texts of other classes"
        ),
        "max_shift_critical": Threshold(
            0.05, "lower", "change of p(class), up or down, on texts of the class"
        ),
        "max_enrichment": Threshold(
            0.8, "lower", "licensed enrichment from which attribution counts as leaning on the cue"
        ),
        "max_enrichment_change": Threshold(0.2, "lower", "change of it that its lower bound must exceed"),
        "warn_enrichment_change": Threshold(0.1, "lower", "change of it that is said"),
    },
    _judge,
    reads=reads(
        "relevance_own_other",
        "relevance_own_critical",
        "relevance_removed_other",
        "relevance_removed_critical",
        "enrichment",
        "cue_share_critical",
        "cue_share_other",
        "relevance_found_other",
        "relevance_found_critical",
    ),
    place=40,
    alpha_weight=15,
    needs="whether a message holds {what} must not decide whether it is sent to {of}",
)
GATES = (RELEVANCE,)
