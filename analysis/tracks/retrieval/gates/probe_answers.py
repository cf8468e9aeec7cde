"""`retrieval.probes`: queries still find what answers them, over all probes and in each critical slice of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import ALL, Metric, Slice
from analysis.plugin.adjudicated import Counts, adjudicate, tolerance
from analysis.plugin.gate import Gate, Threshold, metric_of, number_row, result
from analysis.plugin.trigger import count
from analysis.tracks.retrieval.changes import at_k, both_levels, declared, fell, signed
from analysis.tracks.retrieval.metric_specs import TRACK, criterion, reads

MIN_PROBES = 50
"""Probes from which numbers alone may judge."""
MIN_SLICE = 20
"""A critical slice with fewer probes than this is inspected whole."""
MEASURES = ("recall", "ndcg")
"""Measures that may fail the probes; the level of their bounds is split between them."""
TITLES = {"recall": "recall", "ndcg": "nDCG"}


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    """All probes, then each critical slice of them, and each declared one that matches nothing."""
    critical = [
        one
        for one in given.slices
        if one.track == TRACK and (one.critical or (one.kind == "declared" and not one.n))
    ]
    if not declared(given).get("probes"):
        return [result(PROBES, "n/a", "no probes are declared")]
    if any(one.track == TRACK and one.name in MEASURES for one in given.metrics):
        whole = _all_probes(given, rule)
    else:
        whole = result(PROBES, "n/a", "no probe names a relevant item")
    return [whole, *(_critical(given, rule, one) for one in critical)]


def _all_probes(given: GateInput, rule: Rule) -> GateResult:
    limit = rule.thresholds["max_fall"]
    recall = metric_of(given, TRACK, "recall", ALL)
    failing = _failing(given, ALL, limit)
    n = (recall.n or 0) if recall is not None else 0
    verdict: GateVerdict
    if n < MIN_PROBES:
        verdict, why = "unknown", f"{n} probes name a relevant item: {MIN_PROBES} would decide it"
    elif failing is not None:
        verdict, why = "fail", f"the answers got worse: {_measures(given, ALL)}"
    else:
        verdict, why = "pass", _measures(given, ALL)
    return result(
        PROBES,
        verdict,
        why,
        metric=failing or recall,
        threshold=f"recall and nDCG change {_fall_limit(limit)}",
        criteria=[_probe_count(n, MIN_PROBES), *_measure_rows(given, ALL, limit, counted=True)],
        refs=given.flagged.get(PROBES.name, ()),
    )


def _critical(given: GateInput, rule: Rule, one: Slice) -> GateResult:
    """Fails on evidence; a small one is unknown while open verdicts can bring its loss beyond the tolerance."""
    limit, confirmed_limit = rule.thresholds["max_fall"], rule.thresholds["max_confirmed_loss"]
    recall = metric_of(given, TRACK, "recall", one.slice)
    failing = _failing(given, one.slice, limit)
    refs: Sequence[str] = given.flagged.get(f"{PROBES.name}[{one.slice}]", ())
    n = (recall.n or 0) if recall is not None else 0
    broken, fixed = (count(given, TRACK, name, one.slice) for name in ("broken", "fixed"))
    counts = (
        f"of {n} probes, {broken} lost relevant items, {fixed} gained some; {_measures(given, one.slice)}"
    )
    rows = [_probe_count(n, 1)]
    open_refs: Sequence[str] = ()
    verdict: GateVerdict
    if not one.n:
        verdict, why = "unknown", f"the declared slice {one.slice!r} matches nothing"
    elif n == 0:
        verdict, why = "unknown", f"no probe in {one.slice!r} names a relevant item: nothing is known of it"
    else:
        rows += _measure_rows(given, one.slice, limit, counted=n >= MIN_SLICE)
        if n >= MIN_SLICE and failing is not None:
            verdict, why = "fail", f"the answers got worse: {counts}"
        elif n >= MIN_SLICE and not (n < MIN_PROBES and broken):
            verdict, why = "pass", counts
        else:
            by_gold = Counts(n, broken, fixed, broken, fixed, broken + fixed)
            found = adjudicate(given, TRACK, "probes", one.slice, by_gold)
            most = tolerance(n, confirmed_limit)
            verdict = found.verdict(most)
            why = f"{counts}; net loss {found.counts.net}, {found.judged} judged"
            if verdict == "unknown":
                open_refs = found.open
                why += f"; {len(open_refs)} open verdicts decide whether more than {most:g} are lost"
            limit_said = f"at most {most:g}"
            rows.append(number_row("net loss in probes", found.counts.net, "change", limit_said, verdict))
    return result(
        PROBES,
        verdict,
        why,
        slice_name=one.slice,
        metric=failing or recall,
        threshold=f"recall and nDCG change {_fall_limit(limit)}; confirmed {confirmed_limit:.3f}, or one",
        criteria=rows,
        refs=dict.fromkeys([*open_refs, *refs]),
        open_refs=open_refs,
    )


def _failing(given: GateInput, slice_name: str, limit: float) -> Metric | None:
    """The measure that fell beyond the limit, the first of them; None where none did."""
    changes = (metric_of(given, TRACK, measure, slice_name) for measure in MEASURES)
    return next((change for change in changes if fell(change, limit)), None)


def _measures(given: GateInput, slice_name: str) -> str:
    """Recall and nDCG of a slice on both sides, with their changes."""
    return "; ".join(
        f"{TITLES[measure]}{at_k(given)} {both_levels(given, measure, slice_name)}, "
        f"change {signed(metric_of(given, TRACK, measure, slice_name))}"
        for measure in MEASURES
    )


def _measure_rows(given: GateInput, slice_name: str, limit: float, *, counted: bool) -> Iterable[Criterion]:
    """The change of each measure; `counted` tells whether there are probes enough to go by numbers."""
    for measure in MEASURES:
        change = metric_of(given, TRACK, measure, slice_name)
        text = _fall_limit(limit)
        verdict: GateVerdict = "fail" if fell(change, limit) else "pass"
        if not counted:
            text, verdict = f"counts from {MIN_SLICE} probes", "n/a"
        elif change is None or change.value is None:
            verdict = "unknown"
        yield criterion(f"change of {TITLES[measure]}{at_k(given)}", change, text, verdict)


def _probe_count(n: int, least: int) -> Criterion:
    verdict: GateVerdict = "pass" if n >= least else "unknown"
    return number_row("probes that name a relevant item", n, "count", f"at least {least}", verdict)


def _fall_limit(limit: float) -> str:
    return f"not under -{limit:.3f} with its upper bound under 0"


PROBES = Gate(
    "retrieval.probes",
    "queries still find what answers them",
    {
        "max_fall": Threshold(0.02, "lower", "mean fall of recall or nDCG that must be exceeded to fail"),
        "max_confirmed_loss": Threshold(
            0.05,
            "lower",
            "largest net loss of a small critical slice that passes, as a share; one probe always does",
        ),
    },
    _judge,
    reads=reads("recall", "ndcg", "broken", "fixed"),
    place=40,
    alpha_weight=1,
    needs="searches must find what was asked for as well as before",
)
GATES = (PROBES,)
