"""`intent.slices`: every slice that was fixed before the run."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import Slice
from analysis.plugin.gate import Gate, Threshold, number_row, result
from analysis.stats import TaroneHolm, tarone_holm
from analysis.tracks.intent.gates.counts import (
    Flips,
    alpha_of,
    change_row,
    evidence_rows,
    flips_of,
    number_of,
)
from analysis.tracks.intent.gates.critical_rule import Critical, declared_margin, judge_critical, thresholds
from analysis.tracks.intent.gates.destinations import destination
from analysis.tracks.intent.metric_specs import TRACK, reads


def _testable(given: GateInput) -> list[Slice]:
    """Slices fixed before the run; critical classes have a gate of their own, confusion pairs are outcomes."""
    return [
        one
        for one in given.slices
        if one.track == TRACK
        and one.kind in ("class", "declared", "metadata", "length")
        and not (one.critical and one.kind == "class")
    ]


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    slices = _testable(given)
    if not slices:
        return [result(SLICES, "n/a", "no slice is declared")]
    found = {one.slice: flips_of(given, one.slice) for one in slices}
    tested = {name: flips for name, flips in found.items() if flips is not None}
    alpha = alpha_of(given, "slices")
    outcome = tarone_holm(
        [one.counts.worse_clusters for one in tested.values()],
        [one.counts.better_clusters for one in tested.values()],
        alpha,
    )
    place = {name: index for index, name in enumerate(tested)}
    level = f"{alpha / outcome.k:.4f}, by Tarone-Holm"
    results = []
    for one in slices:
        flips, index = found[one.slice], place.get(one.slice)
        if one.critical:
            critical = Critical(
                key=one.slice,
                slice=one.slice,
                flips=flips,
                rejected=index is not None and outcome.rejected[index],
                alpha=alpha / outcome.k,
                level=level,
                absent=f"no example in {one.slice!r}: add some, nothing is known of it",
                margin=declared_margin(given, one.slice),
            )
            results.append(judge_critical(given, rule, SLICES, critical))
        else:
            threshold = f"p {alpha:.4f}/{outcome.k} and net loss {rule.thresholds['max_net_loss']:.3f}"
            results.append(_plain_slice(given, rule, one, flips, outcome, index, level, threshold))
    return results


def _plain_slice(
    given: GateInput,
    rule: Rule,
    one: Slice,
    flips: Flips | None,
    outcome: TaroneHolm,
    index: int | None,
    level: str,
    threshold: str,
) -> GateResult:
    """A slice that is not critical: it fails on evidence, or on a large loss that people confirm."""
    net = rule.thresholds["max_net_loss"]
    open_refs: Sequence[str] = ()
    verdict: GateVerdict = "pass"
    rows: list[Criterion]
    if flips is None or index is None:
        verdict, why = "unknown", f"the declared slice {one.slice!r} matches nothing"
        rows = [number_of("labelled examples in it", 0, 1)]
    else:
        rows, why = _counted_rows(flips, outcome, index, level, net), flips.sentence()
        collapsed, open_refs = _collapse(rule, flips)
        rows.append(collapsed)
        if outcome.rejected[index] and flips.net > net:
            verdict, why, open_refs = "fail", f"{why}: more than chance", ()
        elif collapsed.verdict == "fail":
            verdict, why = "fail", f"{why}: people confirmed the loss"
        elif collapsed.verdict == "unknown":
            verdict, why = (
                "unknown",
                f"{why}; {len(open_refs)} open verdicts decide whether it lost that much",
            )
        elif not outcome.testable[index]:
            verdict = "undecided"
            why = f"too few changed to tell: {why}; needs {outcome.flips_needed} one-way flips"
        if one.kind == "class" and verdict in ("fail", "unknown") and (went := destination(given, one.slice)):
            why += f"; {went}"
    return result(
        SLICES,
        verdict,
        why,
        slice_name=one.slice,
        metric=flips.change if flips else None,
        threshold=threshold,
        criteria=rows,
        refs=open_refs,
        open_refs=open_refs,
    )


def _counted_rows(flips: Flips, outcome: TaroneHolm, index: int, level: str, net: float) -> list[Criterion]:
    if outcome.testable[index]:
        return evidence_rows(flips, level, net, rejected=outcome.rejected[index])
    changed = flips.counts.worse_clusters + flips.counts.better_clusters
    few: GateVerdict = "pass" if changed >= outcome.flips_needed else "undecided"
    limit = f"at least {outcome.flips_needed}"
    return [number_row("examples broken or fixed", changed, "count", limit, few), change_row(flips, net)]


def _collapse(rule: Rule, flips: Flips) -> tuple[Criterion, Sequence[str]]:
    """A loss so large that people are asked, although the test over all slices does not see it; and whom they judge."""
    least, doubt, confirmed = (rule.thresholds[name] for name in ("min_collapse", "doubt_p", "confirmed_p"))
    found = flips.adjudicated
    large = flips.net >= least and flips.p <= doubt
    verdict: GateVerdict = "pass"
    open_refs: Sequence[str] = ()
    if large and found.open:
        verdict, open_refs = "unknown", found.open
    elif large and flips.net > least and flips.p <= confirmed:
        verdict = "fail"
    limit = f"under {least:.2f}, or p above {doubt:g}; judged, p above {confirmed:g}"
    return number_row("net loss as a share of the slice", flips.net, "change", limit, verdict), open_refs


SLICES = Gate(
    "intent.slices",
    "no group of messages pays for the average",
    {
        **thresholds(0.05, "the slice"),
        "min_collapse": Threshold(
            0.10, "lower", "net loss from which people are asked although the test is silent"
        ),
        "doubt_p": Threshold(0.05, "higher", "p from which downwards such a loss is asked about"),
        "confirmed_p": Threshold(
            0.01, "higher", "p from which downwards such a loss fails once it is judged"
        ),
    },
    _judge,
    reads=reads("accuracy", "broken", "fixed", "mcnemar_p"),
    place=70,
    alpha_weight=20,
    needs="it must answer the messages of {slice} as well as the base does",
)
GATES = (SLICES,)
