"""`intent.critical_recall` and `intent.critical_routing`: each critical class, in both directions."""

from __future__ import annotations

from analysis.base.gate_records import GateInput, GateResult, Rule
from analysis.base.records import Slice
from analysis.plugin.gate import Gate, result
from analysis.stats import holm
from analysis.tracks.intent.classes import class_of, critical_classes
from analysis.tracks.intent.gates.counts import Flips, alpha_of, flips_of, routed
from analysis.tracks.intent.gates.critical_rule import (
    Critical,
    declared_margin,
    judge_critical,
    thresholds,
)
from analysis.tracks.intent.gates.destinations import destination
from analysis.tracks.intent.metric_specs import reads

FEW_SENT = 3.0
"""Messages newly sent to a class by mistake, net, that chance brings to the smallest classes among many others."""


def _judge_recall(given: GateInput, rule: Rule) -> list[GateResult]:
    return _judge_classes(given, rule, CRITICAL_RECALL)


def _judge_routing(given: GateInput, rule: Rule) -> list[GateResult]:
    return _judge_classes(given, rule, ROUTING)


def _judge_classes(given: GateInput, rule: Rule, gate: Gate) -> list[GateResult]:
    """Recall or routing of each critical class; both stand in one Holm family, so that alpha is spent once."""
    classes = critical_classes(given)
    if not classes:
        return [result(gate, "n/a", "no critical class is declared")]
    counted: dict[tuple[str, str], Flips | None] = {}
    for one in classes:
        counted[CRITICAL_RECALL.name, one.slice] = flips_of(given, one.slice, "recall")
        counted[ROUTING.name, one.slice] = routed(given, one.slice, one.n)
    family = {key: flips for key, flips in counted.items() if flips is not None}
    alpha = alpha_of(given, "critical")
    rejected = holm([flips.p for flips in family.values()], alpha)
    failing = {key for key, lost in zip(family, rejected, strict=True) if lost}
    level = alpha / max(1, len(family))
    return [
        judge_critical(
            given,
            rule,
            gate,
            Critical(
                key=class_of(one),
                slice=one.slice,
                flips=counted[gate.name, one.slice],
                rejected=(gate.name, one.slice) in failing,
                alpha=level,
                level=f"{level:.4f}, by Holm",
                absent=_absent(gate, one),
                margin=declared_margin(given, class_of(one)) if gate is CRITICAL_RECALL else None,
                least=1.0 if gate is CRITICAL_RECALL else FEW_SENT,
                went=destination(given, one.slice) if gate is CRITICAL_RECALL else "",
            ),
        )
        for one in classes
    ]


def _absent(gate: Gate, one: Slice) -> str:
    if gate is ROUTING:
        return f"no message of another class than {class_of(one)!r}: nothing is known of its false positives"
    return f"no example in {one.slice!r}: add some, nothing is known of it"


CRITICAL_RECALL = Gate(
    "intent.critical_recall",
    "people with a rare and costly need are still recognised",
    thresholds(0.05, "the class"),
    _judge_recall,
    reads=reads("recall", "broken", "fixed", "mcnemar_p"),
    place=20,
    alpha_weight=20,
    needs="it must recognise the messages of {slice} as well as the base does",
)
ROUTING = Gate(
    "intent.critical_routing",
    "people with a rare and costly need are not crowded out by messages sent to them by mistake",
    thresholds(0.10, "the class's size", "three messages"),
    _judge_routing,
    reads=reads("false_positive_rate", "routed_gained", "routed_lost", "false_positives"),
    place=30,
    alpha_weight=20,
    needs="it must send no more messages of other kinds to {slice} by mistake than the base does",
)
GATES = (CRITICAL_RECALL, ROUTING)
