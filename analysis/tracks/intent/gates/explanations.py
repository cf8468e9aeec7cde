"""`intent.explanations`: what critical slices rest on may be believed, or was looked at."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import Metric, Slice
from analysis.plugin.gate import Gate, Threshold, metric_of, number_row, result
from analysis.tracks.intent.cue_evidence import by_method, count_of
from analysis.tracks.intent.gates.counts import number_of
from analysis.tracks.intent.metric_specs import TRACK, criterion, reads

LEAST_DECIDABLE = 20
"""Attributed texts of a slice from which its share of licensed ones may be judged."""


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    no_model = given.settings.get(TRACK, {}).get("no_model")
    if no_model:
        return [result(EXPLANATIONS, "n/a", no_model)]
    critical = [one for one in given.slices if one.track == TRACK and one.critical]
    if not critical:
        return [result(EXPLANATIONS, "n/a", "no critical slice is declared")]
    if not any(one.track == TRACK and one.name == "licence_share" for one in given.metrics):
        return [result(EXPLANATIONS, "n/a", "the run holds no licence of any attribution")]
    return [_one_slice(given, rule, one) for one in critical]


def _one_slice(given: GateInput, rule: Rule, one: Slice) -> GateResult:
    """The method that is licensed most often on the candidate stands for the slice: one believed one is enough."""
    least = rule.thresholds["min_licensed"]
    base = dict(by_method(given, "licence_share", one.slice, "base"))
    ranked = sorted(
        by_method(given, "licence_share", one.slice, "candidate"),
        key=lambda pair: (count_of(pair[1]) < LEAST_DECIDABLE, -(pair[1].value or 0.0), pair[0]),
    )
    best = ranked[0] if ranked else None
    shares = "; ".join(
        f"{method} licensed {_share(share)} of {count_of(share)} decidable, base {_share(base.get(method))}"
        for method, share in ranked
    )
    flips = metric_of(given, TRACK, "flips", one.slice)
    queued = [entry.ref for entry in given.queue if one.slice in entry.critical_slices and not entry.known]
    seen = {record.ref for record in given.state.verdicts}
    missing = [ref for ref in queued if ref not in seen]
    believed = best is not None and count_of(best[1]) >= LEAST_DECIDABLE and (best[1].value or 0.0) >= least
    verdict: GateVerdict
    if flips is None:
        verdict, why = "unknown", f"no example in {one.slice!r}: add some, nothing is known of it"
    elif believed:
        verdict, why = "pass", shares
    elif flips.value == 0:
        verdict, why = (
            "pass",
            f"no prediction changed in it: nothing to explain; {shares or 'not attributed'}",
        )
    else:
        verdict = "unknown" if missing or not queued else "pass"
        todo = f"{len(missing)} of {len(queued)} queued examples to inspect" if missing else "all inspected"
        state = todo if queued else "none of its examples is queued"
        why = f"explanations cannot carry it: {shares or 'not attributed'}; {state}"
    return result(
        EXPLANATIONS,
        verdict,
        why,
        slice_name=one.slice,
        metric=best[1] if best else None,
        threshold=f"{least:.0%} of at least {LEAST_DECIDABLE} decidable",
        criteria=_rows(flips, best, least, (queued, missing), believed=believed, verdict=verdict),
        refs=missing or queued,
        open_refs=missing if verdict == "unknown" else (),
    )


def _rows(
    flips: Metric | None,
    best: tuple[str, Metric] | None,
    least: float,
    inspection: tuple[Sequence[str], Sequence[str]],
    *,
    believed: bool,
    verdict: GateVerdict,
) -> list[Criterion]:
    """Licensed, or nothing to explain, or all inspected: each is enough, and what misses its limit only warns then."""
    queued, missing = inspection
    missed: GateVerdict = "unknown" if verdict == "unknown" else "warn"
    rows = [] if flips is not None else [number_of("labelled examples in it", 0, 1)]
    if best is None:
        rows.append(number_row("attributions licensed", None, "count", f"at least {least:.0%}", missed))
    else:
        method, share = best[0].replace("_", " "), best[1]
        licensed: GateVerdict = "pass" if (share.value or 0.0) >= least else missed
        rows.append(
            criterion(f"attributions licensed, by {method}", share, f"at least {least:.0%}", licensed)
        )
        enough: GateVerdict = "pass" if count_of(share) >= LEAST_DECIDABLE else missed
        limit = f"at least {LEAST_DECIDABLE}"
        rows.append(number_row("attributions long enough to decide", count_of(share), "count", limit, enough))
    if flips is None or believed:
        return rows
    unchanged: GateVerdict = "pass" if flips.value == 0 else missed
    rows.append(criterion("predictions that changed in it", flips, "0", unchanged))
    if flips.value != 0:
        limit = f"all {len(queued)}" if queued else "at least 1"
        seen = len(queued) - len(missing)
        rows.append(number_row("queued examples of it inspected", seen, "count", limit, verdict))
    return rows


def _share(metric: Metric | None) -> str:
    return "–" if metric is None or metric.value is None else f"{metric.value:.0%}"


EXPLANATIONS = Gate(
    "intent.explanations",
    "nobody relies on an explanation that cannot be told from chance",
    {"min_licensed": Threshold(0.6, "higher", "share of the decidable attributions that are licensed")},
    _judge,
    reads=reads("licence_share", "flips"),
    place=60,
)
GATES = (EXPLANATIONS,)
