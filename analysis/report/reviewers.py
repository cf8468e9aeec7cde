"""What people said of a run, as it stands in the report: all of it follows from events and gates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from analysis.base.records import (
    FindingRecord,
    GateInput,
    GateResult,
    ReviewState,
    VerdictRecord,
    WaiverRecord,
)
from analysis.plugin.alpha import alpha_table
from analysis.report import canonical
from analysis.review.evaluate import allow


def entries(given: GateInput, results: Sequence[GateResult]) -> dict[str, Any]:
    """The parts of the predicate that can be computed again from rules, metrics and events.

    Returns:
        `decision`, `gates_allow`, `gates`, `numbers`, `weakened`, `rules`, `alpha`, `waivers`, `findings`,
        `reviewers` and `disagreements`, as JSON values.
    """
    state = given.state
    blocking = {one.key for one in results if one.blocking}
    waived = {one.key for one in results if one.verdict == "waived"}
    rules = [given.rules[name] for name in sorted(given.rules)]
    return dict(
        canonical.plain(
            {
                "decision": state.decision,
                "gates_allow": allow(results),
                "gates": [{**asdict(one), "n_effective": _effective(given, one)} for one in results],
                "numbers": _numbers(given, results),
                "weakened": [rule for rule in rules if rule.off is not None or rule.loosened],
                "rules": rules,
                "alpha": alpha_table(given),
                "waivers": [{**asdict(one), "in_force": one.key in waived} for one in state.waivers],
                "findings": [{**asdict(one), "moves": one.gate in blocking} for one in state.findings],
                "reviewers": _reviewers(state),
                "disagreements": _disagreements(state),
            }
        )
    )


def _effective(given: GateInput, one: GateResult) -> int | None:
    """How many independent examples the `n` of a gate tell as much as, where its metric says so."""
    metric = given.metric_at.get((one.metric_track or "", one.metric or "", one.metric_slice, "difference"))
    return metric.n_effective if metric is not None and metric.value == one.value else None


def _numbers(given: GateInput, results: Sequence[GateResult]) -> list[dict[str, Any]]:
    """What the metrics are that the gates' values are of, each once."""
    named = {(one.metric_track, one.metric) for one in results if one.metric_track and one.metric}
    return [
        {"track": track, **asdict(spec)}
        for track, specs in sorted(given.specs.items())
        for name, spec in sorted(specs.items())
        if (track, name) in named
    ]


def _reviewers(state: ReviewState) -> list[dict[str, Any]]:
    said: tuple[VerdictRecord | FindingRecord | WaiverRecord, ...] = (
        *state.verdicts,
        *state.findings,
        *state.waivers,
    )
    found = []
    for actor, reviewer in sorted({(one.actor, one.reviewer) for one in said}):
        own = [one for one in said if (one.actor, one.reviewer) == (actor, reviewer)]
        found.append(
            {
                "actor": actor,
                "reviewer": reviewer,
                "verdicts": Counter(one.right for one in own if isinstance(one, VerdictRecord)),
                "findings": sum(isinstance(one, FindingRecord) for one in own),
                "waivers": sum(isinstance(one, WaiverRecord) for one in own),
            }
        )
    return found


def _disagreements(state: ReviewState) -> list[dict[str, Any]]:
    by_ref: dict[str, list[dict[str, str]]] = {}
    for one in state.verdicts:
        by_ref.setdefault(one.ref, []).append(
            {"actor": one.actor, "reviewer": one.reviewer, "right": one.right}
        )
    return [
        {"ref": ref, "verdicts": said, "settled": state.settled.get(ref)}
        for ref, said in sorted(by_ref.items())
        if len({one["right"] for one in said}) > 1
    ]
