"""`intent.slices`: every slice that was fixed before the run."""

from __future__ import annotations

from analysis.base.records import Criterion, GateInput, GateResult, GateVerdict, Rule, Slice
from analysis.plugin.gate import Gate, result
from analysis.stats import TaroneHolm, tarone_holm
from analysis.tracks.intent.gates.counts import (
    Flips,
    alpha_of,
    change_row,
    evidence_rows,
    flips_of,
    number_of,
)
from analysis.tracks.intent.gates.critical_rule import THRESHOLDS, Critical, judge_critical
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
        [one.broken for one in tested.values()], [one.fixed for one in tested.values()], alpha
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
            )
            results.append(judge_critical(given, rule, SLICES, critical))
        else:
            threshold = f"p {alpha:.4f}/{outcome.k} and net loss {rule.thresholds['max_net_loss']:.3f}"
            results.append(_plain_slice(rule, one, flips, outcome, index, level, threshold))
    return results


def _plain_slice(
    rule: Rule,
    one: Slice,
    flips: Flips | None,
    outcome: TaroneHolm,
    index: int | None,
    level: str,
    threshold: str,
) -> GateResult:
    """A slice that is not critical: it fails on evidence, and otherwise only says what can be known."""
    net = rule.thresholds["max_net_loss"]
    verdict: GateVerdict = "pass"
    rows: list[Criterion]
    if flips is None or index is None:
        verdict, why = "unknown", f"the declared slice {one.slice!r} matches nothing"
        rows = [number_of("labelled examples in it", 0, 1)]
    elif outcome.testable[index]:
        rows = evidence_rows(flips, level, net, rejected=outcome.rejected[index])
        why = flips.sentence()
        if outcome.rejected[index] and flips.net > net:
            verdict, why = "fail", f"{why}: more than chance"
    else:
        why = (
            f"cannot be decided: {flips.broken} broken, {flips.fixed} fixed; "
            f"needs {outcome.flips_needed} one-way flips"
        )
        changed = flips.broken + flips.fixed
        rows = [
            number_of("examples broken or fixed", changed, outcome.flips_needed),
            change_row(flips, net),
        ]
    return result(
        SLICES,
        verdict,
        why,
        slice_name=one.slice,
        metric=flips.change if flips else None,
        threshold=threshold,
        criteria=rows,
    )


SLICES = Gate(
    "intent.slices",
    "no group of messages pays for the average",
    THRESHOLDS,
    _judge,
    reads=reads("accuracy", "broken", "fixed", "mcnemar_p"),
    place=70,
    alpha_weight=20,
)
GATES = (SLICES,)
