"""What people said of a run, as it stands in the report: all of it follows from events and gates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from analysis.base.gate_records import GateInput, GateResult
from analysis.base.people import shown_as
from analysis.base.review_records import ReviewState
from analysis.plugin.alpha import alpha_table
from analysis.plugin.gate import disputed
from analysis.report import canonical
from analysis.report.changes import all_changes
from analysis.review.causes import causes_content, fold
from analysis.review.evaluate import allow, as_heard
from analysis.review.inspection import inspection_of
from analysis.review.reviewers import agreement, reviewer_records


def entries(given: GateInput, results: Sequence[GateResult]) -> dict[str, Any]:
    """The parts of the predicate that can be computed again from rules, metrics and events.

    Returns:
        `changes`, `causes`, `decision`, `gates_allow`, `gates`, `numbers`, `weakened`, `rules`, `alpha`, `waivers`,
        `findings`, `reviewers`, `agreement`, `disagreements`, `coverage` and `record`, as JSON values. Everybody stands
        among the reviewers; agreement, disagreements and coverage are of those alone whose verdicts count.
    """
    state, heard = given.state, as_heard(given, results)
    blocking = {one.key for one in results if one.blocking}
    waived = {one.key for one in results if one.verdict == "waived"}
    rules = [given.rules[name] for name in sorted(given.rules)]
    return dict(
        canonical.plain(
            {
                "changes": all_changes(heard),
                "causes": causes_content(fold(given, results)),
                "decision": state.decision,
                "gates_allow": allow(results),
                "gates": [{**asdict(one), "n_effective": _effective(given, one)} for one in results],
                "numbers": _numbers(given, results),
                "weakened": [rule for rule in rules if rule.off is not None or rule.loosened],
                "rules": rules,
                "alpha": alpha_table(given),
                "waivers": [{**asdict(one), "in_force": one.key in waived} for one in state.waivers],
                "findings": [{**asdict(one), "moves": one.gate in blocking} for one in state.findings],
                "reviewers": reviewer_records(given),
                "agreement": _agreement(heard.state),
                "disagreements": _disagreements(heard.state),
                "coverage": _coverage(heard),
                "record": given.settings["review"]["record"],
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


def _coverage(given: GateInput) -> dict[str, Any]:
    """What must be judged and how much of it is, as `review.coverage` counts it."""
    found = inspection_of(given)
    return {
        "inspected": found.inspected,
        "total": found.total,
        "decides": len(found.deciding),
        "decided": len(found.decided),
        "controls": len(found.controls),
        "controls_inspected": found.controls_inspected,
        "known_answers": sum(entry.known for entry in given.queue),
        "reviewers_required": given.reviewers_required,
    }


def _agreement(state: ReviewState) -> dict[str, Any] | None:
    """How far two or more reviewers agree; None where no example was judged by two."""
    coefficient, examples = agreement(state)
    return None if coefficient is None else {"gwet_ac1": coefficient, "examples": examples}


def _disagreements(state: ReviewState) -> list[dict[str, Any]]:
    """The examples that reviewers say different things of, and those that were settled, with what everybody says."""
    settlers = {one.ref: one for one in state.settlements}
    return [
        {
            "ref": ref,
            "verdicts": [
                {
                    "actor": one.actor,
                    "reviewer": one.reviewer,
                    "right": one.right,
                    "labels": [list(label) for label in one.labels],
                }
                for one in state.said[ref]
            ],
            "settled": settlers[ref].right if ref in settlers else None,
            "settled_labels": [list(label) for label in settlers[ref].labels] if ref in settlers else [],
            "settled_by": shown_as(settlers[ref].actor, settlers[ref].reviewer) if ref in settlers else None,
        }
        for ref in sorted(state.said)
        if ref in settlers or disputed(state, ref)
    ]
