"""Gates: pure functions from metrics, review state and waivers to verdicts.

A gate runs no SQL and loads no model, so that anyone can compute it again from a report. This module
holds what all gates share (rules, waivers, the order of judgement) and the gates of the review as a
whole; the gates of a track live with the track.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.base.records import (
    ALLOWING,
    GateInput,
    GateResult,
    GateVerdict,
    Metric,
    Rule,
    WaiverRecord,
)
from analysis.plugin.gate import Gate, judgement, result
from analysis.plugin.registry import some_tracks

REVIEW = "review"
"""The `track` of gates that belong to the review as a whole."""


def gates_of(tracks: Sequence[str]) -> tuple[Gate, ...]:
    """Every gate of some tracks, and the review's own. Raises AssayError for a track that cannot be loaded."""
    return tuple(gate for track in some_tracks(tracks) for gate in track.gates()) + REVIEW_GATES


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
    """Judge every gate of the configured tracks, then apply the waivers.

    Args:
        given: everything the gates may read.
        gates: the gates to judge; those of the configured tracks and of the review by default.
    """
    if gates is None:
        gates = gates_of(given.tracks)
    results: list[GateResult] = []
    for gate in gates:
        rule = given.rules[gate.name]
        if rule.off is not None:
            results.append(result(gate, "off", rule.off))
        else:
            results.extend(_waived(given, one) for one in gate.judge(given, rule))
    return results


def allow(results: Iterable[GateResult]) -> bool:
    """Whether every blocking gate lets the candidate through."""
    return all(one.verdict in ALLOWING for one in results if one.blocking)


def same_person(actor: str, owner: str) -> bool:
    """Whether an actor (`uid:1001/account`, `account` or `account@host`) is the review file's owner."""
    account = actor.rpartition("/")[2].casefold()
    return owner.casefold() in (account, account.split("@", maxsplit=1)[0])


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
                why=f"{one.verdict}, waived by {waiver.reviewer} until {waiver.expires}: {waiver.reason}",
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
    if same_person(waiver.actor, given.owner) or same_person(waiver.reviewer, given.owner):
        return "the owner of the candidate cannot be the only one to waive"
    return ""


def _judge_coverage(given: GateInput, rule: Rule) -> list[GateResult]:
    reviewers: dict[str, set[str]] = {}
    for record in given.state.verdicts:
        reviewers.setdefault(record.ref, set()).add(record.actor)
    open_refs = [
        entry.ref for entry in given.queue if len(reviewers.get(entry.ref, ())) < given.reviewers_required
    ]
    total, inspected = len(given.queue), len(given.queue) - len(open_refs)
    metric = Metric(REVIEW, "inspected", "all", "difference", inspected, None, None, total, "ok", "", "count")
    by = "" if given.reviewers_required == 1 else f" by {given.reviewers_required} reviewers each"
    why = f"{inspected} of {total} queued examples inspected{by}"
    verdict: GateVerdict = "unknown" if open_refs else "pass"
    return [result(COVERAGE, verdict, why, metric=metric, threshold=f"all {total}", refs=open_refs)]


def _judge_findings(given: GateInput, rule: Rule) -> list[GateResult]:
    critical = {
        record.ref: record.critical_slices for record in given.state.verdicts if record.critical_slices
    }
    by_judgement: dict[str, list[str]] = {}
    for ref in critical:
        by_judgement.setdefault(judgement(given.state, ref), []).append(ref)
    unacceptable = by_judgement.get("unacceptable", [])
    open_refs = by_judgement.get("unsure", []) + by_judgement.get("disagreement", [])
    blockers = [finding for finding in given.state.findings if finding.severity == "blocker"]
    if unacceptable or blockers:
        parts = []
        if blockers:
            parts.append(f"{len(blockers)} finding(s) of severity blocker")
        if unacceptable:
            parts.append(f"{len(unacceptable)} unacceptable example(s) in a critical slice")
        refs = [*unacceptable, *(ref for finding in blockers for ref in finding.refs)]
        return [result(FINDINGS, "fail", "; ".join(parts), refs=dict.fromkeys(refs))]
    if open_refs:
        why = f"{len(open_refs)} unsure or disputed example(s) in a critical slice; decide or settle them"
        return [result(FINDINGS, "unknown", why, refs=open_refs)]
    minor = len(given.state.findings)
    return [result(FINDINGS, "pass", f"no blocker and nothing open in a critical slice; {minor} finding(s)")]


def _judge_expected(given: GateInput, rule: Rule) -> list[GateResult]:
    results = []
    for declared in given.expected:
        name, slice_name, limit = declared["metric"], declared["slice"], float(declared["limit"])
        sign = 1.0 if declared["direction"] == "up" else -1.0
        label = f"{name}@{slice_name}"
        metric = next(
            (
                m
                for m in given.metrics
                if (m.name, m.slice, m.side) == (name, slice_name, "difference") and m.value is not None
            ),
            None,
        )
        threshold = f"{declared['direction']} by at most {limit:g}"
        if metric is None or metric.value is None:
            known = sorted({m.name for m in given.metrics if m.side == "difference"})
            why = f"the run has no metric {name!r} on slice {slice_name!r}; known metrics: {', '.join(known)}"
            verdict: GateVerdict = "unknown"
        else:
            change = sign * metric.value
            if change <= 0:
                verdict, why = "fail", f"declared {declared['direction']}, and it did not happen"
            elif change > limit:
                verdict, why = "fail", "beyond its declared limit"
            elif metric.low is not None and metric.high is not None and metric.low <= 0 <= metric.high:
                verdict, why = "warn", "as declared, but it cannot be told from noise"
            else:
                verdict, why = "pass", "as declared"
        results.append(
            result(EXPECTED, verdict, why, key=f"expected[{label}]", metric=metric, threshold=threshold)
        )
    return results


COVERAGE = Gate(
    "review.coverage",
    "nobody signs for examples that nobody looked at",
    {},
    _judge_coverage,
)
FINDINGS = Gate(
    "review.findings",
    "what a reviewer found unacceptable stands until it is settled",
    {},
    _judge_findings,
)
EXPECTED = Gate(
    "expected",
    "a change that was announced happens, and no further than announced",
    {},
    _judge_expected,
)
REVIEW_GATES = (EXPECTED, COVERAGE, FINDINGS)
