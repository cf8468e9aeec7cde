"""`intent.overconfidence`: the candidate does not claim more than it knows.

The *signed* gap is judged and no calibration error: measured, overconfident candidates had the lower one.
"""

from __future__ import annotations

from collections.abc import Mapping

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import ALL, OUT_OF_SCOPE, Metric
from analysis.plugin.gate import Gate, Threshold, metric_of, number_row, result
from analysis.tracks.intent.cue_evidence import count_of
from analysis.tracks.intent.enrichment_sentences import number
from analysis.tracks.intent.metric_specs import TRACK, criterion, reads
from analysis.tracks.intent.names import OVERCONFIDENCE as NAME

LEAST_ROWS = 500
"""Labelled messages from which the gap between confidence and accuracy may be judged."""
LEAST_OUTSIDE = 20
"""Texts out of scope from which their mean confidence may be judged."""


def gap_widened(gap: Metric | None, change: Metric | None, limits: Mapping[str, float]) -> bool:
    """Whether the candidate is overconfident, and clearly more so than the base.

    Args:
        gap: confidence minus accuracy of the candidate.
        change: its paired change.
        limits: thresholds of this gate.
    """
    return _above(gap, 0.0, 0.0) and _above(change, limits["max_gap_change"], 0.0)


def surer_outside(change: Metric | None, limits: Mapping[str, float]) -> bool:
    """Whether the candidate is clearly surer of texts that belong to no class."""
    return _above(change, limits["max_outside_change"], limits["clear_outside_change"])


def _above(metric: Metric | None, limit: float, clear: float) -> bool:
    """Whether a value is above its limit, and its lower bound above what must be clear."""
    return (
        metric is not None
        and metric.value is not None
        and metric.low is not None
        and metric.value > limit
        and metric.low > clear
    )


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    unknown = given.settings.get(TRACK, {}).get("no_probabilities")
    if unknown:
        return [result(OVERCONFIDENCE, "n/a", unknown)]
    limits = rule.thresholds
    gap = metric_of(given, TRACK, "signed_gap", ALL, "candidate")
    change = metric_of(given, TRACK, "signed_gap", ALL)
    outside = metric_of(given, TRACK, "confidence", OUT_OF_SCOPE)
    enough, enough_outside = count_of(change) >= LEAST_ROWS, count_of(outside) >= LEAST_OUTSIDE
    widened = enough and gap_widened(gap, change, limits)
    surer = enough_outside and surer_outside(outside, limits)
    verdict: GateVerdict
    said = f"confidence minus accuracy {number(gap)}, change {number(change)}"
    beside = "" if outside is None else f"; on {count_of(outside)} texts out of scope {number(outside)}"
    if widened or surer:
        verdict, why = "fail", f"surer, and not righter: {said}{beside}"
    elif change is None or not enough:
        verdict = "undecided"
        why = f"{count_of(change)} labelled messages, {LEAST_ROWS} would decide it: {said}{beside}"
    elif change.value is None:
        verdict, why = "unknown", f"not measurable: {change.why}"
    else:
        verdict, why = "pass", f"{said}{beside}"
    rows = _gap_rows(gap, change, limits, enough=enough, widened=widened)
    if outside is not None:
        rows += _outside_rows(outside, limits, enough=enough_outside, surer=surer)
    # The value is that of the rule that failed.
    by_outside = surer and not widened
    return [
        result(
            OVERCONFIDENCE,
            verdict,
            why,
            metric_slice=OUT_OF_SCOPE if by_outside else ALL,
            metric=outside if by_outside else change,
            threshold=f"{limits['max_gap_change']:+g} of the gap; {limits['max_outside_change']:+g} out of scope",
            criteria=rows,
            refs=given.flagged.get(NAME, ()),
        )
    ]


def _gap_rows(
    gap: Metric | None, change: Metric | None, limits: Mapping[str, float], *, enough: bool, widened: bool
) -> list[Criterion]:
    """Enough messages, and the gap and its change, which fail together: one that is beyond its limit alone warns."""
    beyond: GateVerdict = "fail" if widened else "warn"
    missing: GateVerdict = "unknown" if enough else "undecided"
    rows = [_enough("labelled messages", count_of(change), LEAST_ROWS, "pass" if enough else missing)]
    for what, metric, limit, above in (
        ("confidence minus accuracy, candidate", gap, "not clear above 0", _above(gap, 0.0, 0.0)),
        (
            "change of that from the base",
            change,
            f"at most {limits['max_gap_change']:+g}, or not clear of 0",
            _above(change, limits["max_gap_change"], 0.0),
        ),
    ):
        known = metric is not None and metric.value is not None
        verdict: GateVerdict = (beyond if above else "pass") if known and enough else missing
        rows.append(criterion(what, metric, limit, verdict))
    return rows


def _outside_rows(
    outside: Metric, limits: Mapping[str, float], *, enough: bool, surer: bool
) -> list[Criterion]:
    """Enough texts out of scope, and the change of confidence in them."""
    few: GateVerdict = "pass" if enough else "undecided"
    verdict: GateVerdict = "fail" if surer else "pass"
    limit = f"at most {limits['max_outside_change']:+g}, or lower bound at most {limits['clear_outside_change']:+g}"
    return [
        _enough("texts out of scope", count_of(outside), LEAST_OUTSIDE, few),
        criterion("change of confidence in them", outside, limit, verdict if enough else "undecided"),
    ]


def _enough(what: str, n: int, least: int, verdict: GateVerdict) -> Criterion:
    return number_row(what, n, "count", f"at least {least}", verdict)


OVERCONFIDENCE = Gate(
    NAME,
    "the assistant is not surer than it is right",
    {
        "max_gap_change": Threshold(
            0.02, "lower", "rise of confidence minus accuracy that must be exceeded to fail"
        ),
        "max_outside_change": Threshold(
            0.10, "lower", "rise of confidence out of scope that must be exceeded to fail"
        ),
        "clear_outside_change": Threshold(0.05, "lower", "the same, for its lower bound"),
    },
    _judge,
    reads=reads("signed_gap", "confidence"),
    place=15,
    needs="it must not be surer of its answers, for how often they are right, than the base is",
)
GATES = (OVERCONFIDENCE,)
