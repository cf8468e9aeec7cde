"""`intent.signals`: what ought to support a class still does."""

from __future__ import annotations

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import Metric
from analysis.plugin.gate import Gate, Threshold, metric_of, number_row, result
from analysis.tracks.intent.cue_evidence import count_of
from analysis.tracks.intent.enrichment_sentences import number
from analysis.tracks.intent.metric_specs import TRACK, criterion, reads
from analysis.tracks.intent.names import SIGNALS as NAME

LEAST_TEXTS = 20
"""Texts of a class that hold an expected signal from which its gate may judge."""


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    settings = given.settings.get(TRACK, {})
    if settings.get("no_model"):
        return [result(SIGNALS, "n/a", settings["no_model"])]
    results = [_one_class(given, rule, target) for target in settings.get("signals", {})]
    return results or [result(SIGNALS, "n/a", "no expected signals are declared")]


def _one_class(given: GateInput, rule: Rule, target: str) -> GateResult:
    base, candidate, change = (
        metric_of(given, TRACK, "signal_effect", target, side) for side in ("base", "candidate", "difference")
    )
    share = rule.thresholds["min_share_of_base"]
    verdict: GateVerdict
    effects = (
        f"deleting it takes {number(candidate)} from the log-odds on {count_of(candidate)} texts, "
        f"base {number(base)}"
    )
    if base is None or candidate is None or change is None:
        verdict, why = "unknown", "its deletion was not measured"
    elif base.value is None or candidate.value is None or change.value is None:
        # A phrase that no text of the class holds is a declared input that is missing, not too few data.
        verdict, why = "unknown", f"not measurable: {base.why or candidate.why or change.why}"
    elif count_of(candidate) < LEAST_TEXTS:
        verdict = "undecided"
        why = (
            f"{count_of(candidate)} texts of the class hold an expected signal: {LEAST_TEXTS} would decide it"
        )
    elif base.low is None or base.low <= 0:
        verdict, why = "unknown", f"the base itself does not clearly rest on it: {effects}"
    elif _weaker(base, candidate, share) and _fell(change):
        verdict, why = "fail", f"less than {share:.0%} of what it was: {effects}"
    else:
        verdict, why = "pass", effects
    return result(
        SIGNALS,
        verdict,
        why,
        slice_name=target,
        metric=change,
        threshold=f"at least {share:.0%} of the base's effect, where the change is clear",
        criteria=_rows(base, candidate, change, share, failed=verdict == "fail"),
        refs=given.flagged.get(f"{NAME}[{target}]", ()),
    )


def _weaker(base: Metric | None, candidate: Metric | None, share: float) -> bool:
    """Whether the candidate's effect is less than that share of the base's."""
    if base is None or candidate is None or base.value is None or candidate.value is None:
        return False
    return candidate.value < share * base.value


def _fell(change: Metric | None) -> bool:
    """Whether the effect clearly fell."""
    return change is not None and change.high is not None and change.high < 0


def _rows(
    base: Metric | None, candidate: Metric | None, change: Metric | None, share: float, *, failed: bool
) -> list[Criterion]:
    """Enough texts, an effect on the base, and the two that fail together: less than its share, and clearly so."""

    measured = all(one is not None and one.value is not None for one in (base, candidate, change))
    few: GateVerdict = "undecided" if measured and count_of(candidate) < LEAST_TEXTS else "unknown"

    def row(what: str, metric: Metric | None, limit: str, missed: GateVerdict | None) -> Criterion:
        known = metric is not None and metric.value is not None
        return criterion(what, metric, limit, (missed or "pass") if known else few)

    worse: GateVerdict = "fail" if failed else "warn"
    clear = base is not None and base.low is not None and base.low > 0
    enough: GateVerdict = "pass" if count_of(candidate) >= LEAST_TEXTS else few
    texts, least = count_of(candidate), f"at least {LEAST_TEXTS}"
    return [
        number_row("texts of the class that hold an expected signal", texts, "count", least, enough),
        row("effect of deleting it, base", base, "clear above 0", None if clear else few),
        row(
            "effect of deleting it, candidate",
            candidate,
            f"at least {share:.0%} of the base's",
            worse if _weaker(base, candidate, share) else None,
        ),
        row("change of that effect", change, "not clear below 0", worse if _fell(change) else None),
    ]


SIGNALS = Gate(
    NAME,
    "what people say to be understood still counts",
    {
        "min_share_of_base": Threshold(
            0.5, "higher", "effect of deleting the signals, as a share of the base's"
        )
    },
    _judge,
    reads=reads("signal_effect"),
    place=50,
    alpha_weight=5,
    needs="what people say to be sent to {slice} must count for at least half of what it did in the base",
)
GATES = (SIGNALS,)
