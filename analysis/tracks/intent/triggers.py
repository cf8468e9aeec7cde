"""The occasions on which a review of an intent classifier matters, each with its number and examples."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.base.gate_records import GateInput, Trigger
from analysis.base.records import ALL, OUT_OF_SCOPE, SIDES, Metric
from analysis.plugin.gate import metric_of
from analysis.plugin.trigger import clear, count, fired_first, flagged, trigger
from analysis.tracks.intent.classes import class_of, critical_classes
from analysis.tracks.intent.cue_evidence import beyond, shift_limits
from analysis.tracks.intent.found_sentences import found_sentence
from analysis.tracks.intent.gates.found import found_metrics
from analysis.tracks.intent.gates.overconfidence import gap_widened, surer_outside
from analysis.tracks.intent.metric_specs import TRACK
from analysis.tracks.intent.names import OVERCONFIDENCE, RELEVANCE, SIGNALS


def triggers(given: GateInput) -> list[Trigger]:
    """Better overall but broke examples; rare classes; confidence; routing; dependence on a cue."""
    found = [
        _better_but_broke(given),
        *_rare_classes(given),
        *_routing(given),
        *_cues(given),
        *_found(given),
        *_signals(given),
        *_overconfident(given),
    ]
    return fired_first(found)


def _better_but_broke(given: GateInput) -> Trigger | None:
    base, candidate, change = (
        metric_of(given, TRACK, "accuracy", ALL, side) for side in ("base", "candidate", "difference")
    )
    if base is None or candidate is None or change is None:
        return None
    broken, fixed = count(given, TRACK, "broken", ALL), count(given, TRACK, "fixed", ALL)
    # The accuracies themselves stand beside it wherever it is told.
    sentence = f"better overall, and {broken} that the base had right are broken ({fixed} fixed)"
    fired = (change.value or 0.0) > 0 and broken > 0
    return trigger(
        TRACK,
        "better overall, but broke examples",
        sentence,
        fired,
        change,
        flagged(given, "intent.accuracy"),
    )


def _rare_classes(given: GateInput) -> list[Trigger]:
    found = []
    for one in critical_classes(given):
        base, candidate, change = (
            metric_of(given, TRACK, "recall", one.slice, side) for side in ("base", "candidate", "difference")
        )
        if base is None or candidate is None or change is None:
            continue
        name = class_of(one)
        sentence = (
            f"recall of {name} {_share(base.value)} → {_share(candidate.value)}: "
            f"{count(given, TRACK, 'fixed', one.slice)} fixed, "
            f"{count(given, TRACK, 'broken', one.slice)} broken of {change.n}"
        )
        refs = flagged(given, f"intent.critical_recall[{name}]")
        worse = (change.value or 0.0) < 0
        found.append(
            trigger(
                TRACK, "a rare class's recall changed", sentence, clear(change), change, refs, worse=worse
            )
        )
    return found


def _routing(given: GateInput) -> list[Trigger]:
    found = []
    for one in critical_classes(given):
        change = metric_of(given, TRACK, "false_positive_rate", one.slice)
        if change is None:
            continue
        name = class_of(one)
        sides = (metric_of(given, TRACK, "false_positives", one.slice, side) for side in SIDES)
        base, candidate = (int(side.value or 0) if side else 0 for side in sides)
        sentence = f"wrongly sent to {name}: {base} → {candidate} of {change.n}"
        fired = clear(change) and candidate > base
        refs = flagged(given, f"intent.critical_routing[{name}]")
        found.append(trigger(TRACK, "routing regressed", sentence, fired, change, refs))
    return found


def _cues(given: GateInput) -> list[Trigger]:
    """Each declared cue, on the population where its effect is beyond the limit, or on the other texts."""
    found = []
    limits = shift_limits(given.rules[RELEVANCE].thresholds)
    for target, cues in given.settings.get(TRACK, {}).get("irrelevant", {}).items():
        for cue in cues:
            key = f"{target}/{cue}"
            shown: tuple[bool, str, Metric, Metric] | None = None
            for group, limit in limits.items():
                own = metric_of(given, TRACK, f"relevance_own_{group}", key, "candidate")
                base = metric_of(given, TRACK, f"relevance_own_{group}", key, "base")
                if own is None or base is None or own.value is None or base.value is None:
                    continue
                fired = beyond(own, limit)
                if shown is None or (fired and not shown[0]):
                    shown = (fired, group, own, base)
            if shown is not None:
                fired, group, own, base = shown
                texts = "" if group == "other" else f" on {group} texts"
                sentence = f"inserting {cue} changes p({target}) by {own.value:+z.2f}{texts}; base {base.value:+z.2f}"
                refs = flagged(given, f"{RELEVANCE}[{key}]")
                found.append(trigger(TRACK, "leans on an irrelevant cue", sentence, fired, own, refs))
    return found


def _found(given: GateInput) -> list[Trigger]:
    """Each group of cues that nobody declared, on the texts that confirmed it."""
    found = []
    for key, one in given.settings.get(TRACK, {}).get("found", {}).items():
        effects = found_metrics(given, key, one["direction"])
        own, base = effects["candidate"], effects["base"]
        if own is not None and base is not None and own.value is not None and base.value is not None:
            sentence = f"{found_sentence(one)}: p {own.value:+z.2f}; base {base.value:+z.2f}"
            refs = flagged(given, f"{RELEVANCE}[{key}]")
            found.append(trigger(TRACK, "leans on an undeclared cue", sentence, True, own, refs))
    return found


def _signals(given: GateInput) -> list[Trigger]:
    """Expected signals of a class whose effect clearly fell to less than the gate's share of the base's."""
    found = []
    share = given.rules[SIGNALS].thresholds["min_share_of_base"]
    for target in given.settings.get(TRACK, {}).get("signals", {}):
        base, candidate, change = (
            metric_of(given, TRACK, "signal_effect", target, side)
            for side in ("base", "candidate", "difference")
        )
        if base is None or candidate is None or change is None:
            continue
        if base.value is None or candidate.value is None or base.low is None or base.low <= 0:
            continue
        fired = candidate.value < share * base.value and change.high is not None and change.high < 0
        sentence = (
            f"deleting the expected signals takes {candidate.value:+z.2f} from the log-odds of {target}; "
            f"base {base.value:+z.2f}"
        )
        refs = flagged(given, f"{SIGNALS}[{target}]")
        found.append(trigger(TRACK, "an expected signal lost its effect", sentence, fired, change, refs))
    return found


def _overconfident(given: GateInput) -> Iterator[Trigger]:
    """Surer than right, on the evaluation set and on texts that belong to no class."""
    # A run that is older than the gate has no rule of it.
    rule = given.rules.get(OVERCONFIDENCE)
    if rule is None:
        return
    limits = rule.thresholds
    name = "became overconfident"
    gap = metric_of(given, TRACK, "signed_gap", ALL, "candidate")
    change = metric_of(given, TRACK, "signed_gap", ALL)
    if gap is not None and change is not None and gap.value is not None and change.value is not None:
        sentence = f"mean confidence minus accuracy {gap.value:+z.3f}, change {change.value:+z.3f}"
        refs = flagged(given, OVERCONFIDENCE)
        yield trigger(TRACK, name, sentence, gap_widened(gap, change, limits), change, refs)
    outside = metric_of(given, TRACK, "confidence", OUT_OF_SCOPE)
    sides = [metric_of(given, TRACK, "confidence", OUT_OF_SCOPE, side) for side in SIDES]
    if outside is not None and outside.value is not None:
        base, candidate = (_share(one.value if one else None) for one in sides)
        sentence = f"mean confidence on {outside.n} texts out of scope {base} → {candidate}"
        yield trigger(TRACK, name, sentence, surer_outside(outside, limits), outside, ())


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
