"""Every gate of a review judged: thresholds resolved, rules applied in their order, waivers last.

A gate is a pure function of metrics, review state and waivers. It runs no SQL and loads no model, so that anyone can
compute it again from a report.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from analysis.base.errors import AssayError
from analysis.base.gate_records import ALLOWING, GateInput, GateResult, Rule
from analysis.base.people import same_person, shown_as
from analysis.base.problems import suggest
from analysis.base.records import MetricSpec
from analysis.base.review_records import DecisionRecord, WaiverRecord
from analysis.plugin.gate import Gate, gates_in, result
from analysis.plugin.registry import some_tracks
from analysis.review.reviewers import trusted_state

State = Literal["blocked", "waiting", "promotable", "decided"]

OWN = ("expected", "review")
"""What stands for a track in the names of the gates of the review as a whole, in the order of judgement."""


def gates_of(tracks: Sequence[str]) -> tuple[Gate, ...]:
    """Every gate of some tracks, and the review's own. Raises AssayError for a track that cannot be loaded."""
    return (*(gate for track in some_tracks(tracks) for gate in track.gates()), *own_gates())


def own_gates() -> tuple[Gate, ...]:
    """The gates of the review as a whole."""
    return tuple(gate for name in OWN for gate in gates_in(f"{__package__}.gates", name))


def own_specs() -> dict[str, dict[str, MetricSpec]]:
    """What the numbers are that the review's own gates count themselves, by what stands for the track, and name."""
    specs: dict[str, dict[str, MetricSpec]] = {}
    for gate in own_gates():
        specs.setdefault(gate.track, {}).update((spec.name, spec) for spec in gate.reads)
    return {name: found for name, found in specs.items() if found}


def resolve_rules(overrides: Mapping[str, Mapping[str, Any]], gates: Sequence[Gate]) -> dict[str, Rule]:
    """Thresholds of every gate, defaults and overrides together.

    Tightening is free; loosening a threshold or switching a gate off needs a `reason`.

    Raises:
        AssayError: an unknown gate or threshold (naming the nearest known one), a value that is not a
            finite number, loosening without a reason.
    """
    known = {gate.name: gate for gate in gates}
    for name in overrides:
        if name not in known:
            raise AssayError(f"unknown gate {name!r}", where=f'gates."{name}"', hint=suggest(name, known))
    return {gate.name: _resolve_rule(gate, overrides.get(gate.name, {})) for gate in gates}


def _resolve_rule(gate: Gate, override: Mapping[str, Any]) -> Rule:
    where = f'gates."{gate.name}"'
    thresholds = {name: threshold.default for name, threshold in gate.thresholds.items()}
    off, reason = override.get("off"), override.get("reason")
    for key, text in (("off", off), ("reason", reason)):
        if text is not None and (not isinstance(text, str) or not text.strip()):
            raise AssayError(f"{key} must be a text that says why", where=f"{where}.{key}")
    loosened = []
    for key, value in override.items():
        if key in ("off", "reason"):
            continue
        if key not in thresholds:
            raise AssayError(
                f"{gate.name} has no threshold {key!r}",
                where=f"{where}.{key}",
                hint=suggest(key, [*thresholds, "off", "reason"]),
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise AssayError(f"{value!r} is not a number", where=f"{where}.{key}")
        spec = gate.thresholds[key]
        looser = value > spec.default if spec.tighter == "lower" else value < spec.default
        if looser:
            loosened.append(f"{key} {spec.default:g} -> {value:g}")
        thresholds[key] = float(value)
    if loosened and not reason:
        raise AssayError(
            f"looser than the default: {', '.join(loosened)}",
            where=where,
            hint='add reason = "..." beside it; the report prints it first',
        )
    return Rule(gate.name, thresholds, off, tuple(loosened), reason)


def evaluate(given: GateInput, gates: Sequence[Gate] | None = None) -> list[GateResult]:
    """Judge every gate that the run has a rule for, then apply the waivers.

    Verdicts of a reviewer who failed the known-answer items of a track do not count in it.

    A gate that came after the run has no say in it. A rule whose gate is not here, because the package that brings it
    is not installed or is broken, leaves its gate unknown: nobody can say what it protects against.

    Args:
        given: everything the gates may read.
        gates: the gates to judge; those of the configured tracks and of the review by default.
    """
    if gates is None:
        gates = gates_of(given.tracks)
    heard = replace(given, state=trusted_state(given))
    results: list[GateResult] = []
    for gate in gates:
        rule = given.rules.get(gate.name)
        if rule is None:
            continue
        if gate.track in OWN:
            heard = replace(heard, deciding=deciding_refs(results))
        if rule.off is not None:
            results.append(result(gate, "off", rule.off))
        else:
            results.extend(_waived(given, one) for one in gate.judge(heard, rule))
    here = {gate.name for gate in gates}
    return [*results, *(_waived(given, _absent(name)) for name in given.rules if name not in here)]


def _absent(name: str) -> GateResult:
    gate = Gate(name, "what the package that brings this gate says", {}, lambda given, rule: [])
    why = "no package here brings this gate; `assay doctor` lists what is installed, and its faults"
    return result(gate, "unknown", why)


def deciding_refs(results: Iterable[GateResult]) -> tuple[str, ...]:
    """The examples whose verdict could still change a gate that waits for it, most urgent first."""
    waiting = (one for one in results if one.blocking and one.verdict == "unknown")
    return tuple(dict.fromkeys(ref for one in waiting for ref in one.open))


def as_heard(given: GateInput, results: Iterable[GateResult]) -> GateInput:
    """What the gates of the review as a whole judge by: who may be heard, and what the tracks' gates wait for.

    Args:
        given: everything that is known.
        results: of the tracks' gates; others among them change nothing.
    """
    return replace(given, state=trusted_state(given), deciding=deciding_refs(results))


def state_of(results: Sequence[GateResult], decision: DecisionRecord | None) -> State:
    """What may be said of a review in one word.

    `decided` on hold or reject; else `blocked` where a gate fails, `promotable` where the gates allow what was decided,
    and `waiting` for people or data.
    """
    if decision is not None and decision.decision != "promote":
        return "decided"
    against = blocking(results)
    if any(one.verdict == "fail" for one in against):
        return "blocked"
    return "promotable" if decision is not None and not against else "waiting"


def allow(results: Iterable[GateResult]) -> bool:
    """Whether every blocking gate lets the candidate through."""
    return not blocking(results)


def blocking(results: Iterable[GateResult]) -> list[GateResult]:
    """The gates that keep the candidate back."""
    return [one for one in results if one.blocking and one.verdict not in ALLOWING]


def _waived(given: GateInput, one: GateResult) -> GateResult:
    """Apply the waivers that bind this key at this value and threshold in this run."""
    if one.verdict not in ("fail", "unknown"):
        return one
    binding = [waiver for waiver in given.state.waivers if waiver.key == one.key]
    refusals = []
    for waiver in binding:
        refusal = _refusal(given, one, waiver)
        if not refusal:
            return replace(
                one,
                verdict="waived",
                why=f"{one.verdict}, waived by {shown_as(waiver.actor, waiver.reviewer)} until {waiver.expires}: "
                f"{waiver.reason}",
            )
        refusals.append(refusal)
    return replace(one, why=f"{one.why} (a waiver does not count: {refusals[0]})") if refusals else one


def _refusal(given: GateInput, one: GateResult, waiver: WaiverRecord) -> str:
    """Why this waiver does not count; empty where it does."""
    if waiver.run != given.run:
        return f"it was given for run {waiver.run}"
    if waiver.value != one.value or waiver.threshold != one.threshold:
        return "it was given at another value or threshold"
    if waiver.expires < given.today:
        return f"it expired on {waiver.expires}"
    if one.waiver_blocked:
        return one.waiver_blocked
    if any(same_person(one, given.owner, given.aliases) for one in (waiver.actor, waiver.reviewer)):
        return "the owner of the candidate cannot be the only one to waive"
    return ""
