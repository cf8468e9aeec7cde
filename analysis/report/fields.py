"""The inspection report's fields, filled from evidence and events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.base.records import DecisionRecord, GateInput, GateResult, Trigger
from analysis.plugin import registry
from analysis.plugin.gate import judgement
from analysis.report.render import NOT_HERE, NOTHING
from analysis.review.gates import allow, evaluate

if TYPE_CHECKING:
    from analysis.review.queries import SliceProgress
    from analysis.review.session import ReviewSession

MODEL = "Model"
CANDIDATE = "Candidate version"
CHANGED = "Changed behavior"
IMPROVED = "Top improved slices"
REGRESSED = "Top regressed slices"
INSPECTED = "Critical examples inspected"
ATTRIBUTION = "Attribution findings"
NEIGHBORHOODS = "Embedding neighborhood findings"
DECISION = "Release decision"

FIELDS = (MODEL, CANDIDATE, CHANGED, IMPROVED, REGRESSED, INSPECTED, ATTRIBUTION, NEIGHBORHOODS, DECISION)
"""The nine fields of an inspection report, in the order in which they are printed."""

TOP = 5
"""Slices named as most improved or most regressed."""


@dataclass(frozen=True)
class Reviewed:
    """One consistent look at a review: everything of a report is written from it."""

    description: Mapping[str, Any]
    given: GateInput
    results: tuple[GateResult, ...]
    triggers: tuple[Trigger, ...]
    slices: tuple[SliceProgress, ...]
    sections: Mapping[str, tuple[str, ...]]
    attributed: frozenset[str]
    decision: DecisionRecord


def look(session: ReviewSession, given: GateInput, decision: DecisionRecord) -> Reviewed:
    """Read everything that a report says from a session, at one point of its events."""
    sections: dict[str, list[str]] = {}
    for name in given.tracks:
        for field, sentences in registry.get(name).report_sections(session.connection, given).items():
            sections.setdefault(field, []).extend(sentences)
    named = sorted({ref for finding in given.state.findings for ref in finding.refs})
    attributed = session.connection.execute(
        "SELECT DISTINCT ref FROM evidence.attribution WHERE ref IN (SELECT unnest(?::VARCHAR[]))", [named]
    ).fetchall()
    return Reviewed(
        description=session.description,
        given=given,
        results=tuple(evaluate(given)),
        triggers=tuple(session.triggers()),
        slices=tuple(session.slices()),
        sections={field: tuple(sentences) for field, sentences in sections.items()},
        attributed=frozenset(row[0] for row in attributed),
        decision=decision,
    )


def skeleton(seen: Reviewed, models: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The nine fields with their sentences; a field that no configured track speaks of says so."""
    review = seen.description["review"]
    own = {
        MODEL: _model(seen, models),
        CANDIDATE: _candidate(review, models),
        CHANGED: _changed(seen),
        IMPROVED: _slices(seen, improved=True),
        REGRESSED: _slices(seen, improved=False),
        INSPECTED: _inspected(seen),
        **({ATTRIBUTION: found} if (found := _attribution_findings(seen)) else {}),
        DECISION: _decision(seen),
    }
    entries = []
    for field in FIELDS:
        told = seen.sections.get(field, ())
        # A track that names its slices knows their intervals; counting is for those that do not.
        counted = [] if told and field in (IMPROVED, REGRESSED) else own.get(field, [])
        sentences = [*told, *counted]
        if not sentences:
            sentences = [NOTHING if field in own or field in seen.sections else NOT_HERE]
        entries.append({"field": field, "sentences": list(dict.fromkeys(sentences))})
    return entries


def further(seen: Reviewed) -> list[dict[str, Any]]:
    """What tracks report beyond the nine fields, such as the findings on responses."""
    return [
        {"field": field, "sentences": list(sentences) or [NOTHING]}
        for field, sentences in seen.sections.items()
        if field not in FIELDS
    ]


def _model(seen: Reviewed, models: Sequence[Mapping[str, Any]]) -> list[str]:
    titles = ", ".join(registry.get(name).title for name in seen.given.tracks)
    review = seen.description["review"]
    owner = f"; owner {seen.given.owner}" if seen.given.owner else ""
    sentences = [f"{review['name']}: {titles}{owner}"]
    for one in models:
        if one["side"] == "base":
            version = review.get("base_version") or one["folder"]
            sentences.append(f"{one['track']} base {version}, folder digest {one['digest']}")
    return sentences


def _candidate(review: Mapping[str, Any], models: Sequence[Mapping[str, Any]]) -> list[str]:
    sentences = [
        f"{review.get('candidate_version') or one['folder']}, {one['track']} folder digest {one['digest']}"
        for one in models
        if one["side"] == "candidate"
    ]
    if review.get("training_change"):
        sentences.append(f"trained as: {review['training_change']}")
    return sentences


def _changed(seen: Reviewed) -> list[str]:
    sentences = [trigger.sentence for trigger in seen.triggers if trigger.fired]
    sentences += [
        f"declared change {one.key}: {one.why} ({one.verdict})"
        for one in seen.results
        if one.name == "expected"
    ]
    sentences += [
        f"{finding.severity} finding: {finding.text}"
        for finding in seen.given.state.findings
        if finding.severity != "minor"
    ]
    return sentences


def _attribution_findings(seen: Reviewed) -> list[str]:
    """What reviewers found on examples whose attributions they were shown."""
    return [
        f"{finding.severity} finding by {finding.reviewer}: {finding.text}"
        + (f" ({finding.gate})" if finding.gate else "")
        + f"; evidence: {finding.evidence or 'none named'}"
        for finding in seen.given.state.findings
        if seen.attributed.intersection(finding.refs)
    ]


def _slices(seen: Reviewed, improved: bool) -> list[str]:
    sign = 1 if improved else -1
    moved = [(sign * ((one.fixed or 0) - (one.broken or 0)), one) for one in seen.slices]
    moved = [(gain, one) for gain, one in moved if gain > 0]
    moved.sort(key=lambda pair: (-pair[0], not pair[1].critical, pair[1].slice))
    sentences = []
    for _, one in moved[:TOP]:
        change = ""
        if one.base is not None and one.candidate is not None:
            change = f" {one.metric} {one.base:.3f} to {one.candidate:.3f} ({one.candidate - one.base:+.3f})"
        critical = " (critical)" if one.critical else ""
        sentences.append(f"{one.slice}{critical}{change}: {moves(one)}")
    if len(moved) > TOP:
        sentences.append(f"and {len(moved) - TOP} more slices")
    return sentences


def moves(one: SliceProgress) -> str:
    """How many examples of a slice broke and were fixed, in words."""
    if one.broken is None or one.fixed is None:
        return f"of {one.n}, broken and fixed not counted"
    return f"{one.broken} broken, {one.fixed} fixed of {one.n}"


def _inspected(seen: Reviewed) -> list[str]:
    state, queue = seen.given.state, seen.given.queue
    said = {entry.ref: judgement(state, entry.ref) for entry in queue}
    critical = [entry.ref for entry in queue if entry.critical_slices]
    counts = Counter(verdict for verdict in said.values() if verdict != "none")
    looked = sum(counts.values())
    sentences = [
        f"{sum(1 for ref in critical if said[ref] != 'none')} of {len(critical)} queued examples "
        "in critical slices have a verdict",
        f"{looked} of {len(queue)} queued examples have a verdict"
        + "".join(f", {count} {verdict}" for verdict, count in sorted(counts.items())),
    ]
    unacceptable = [ref for ref in critical if said[ref] == "unacceptable"]
    if unacceptable:
        sentences.append("unacceptable in a critical slice: " + _listed(unacceptable))
    return sentences


def _decision(seen: Reviewed) -> list[str]:
    made = seen.decision
    sentences = [f"{made.decision}, by {made.reviewer} (account {made.actor}) on {made.ts}: {made.reason}"]
    blocking = [one for one in seen.results if one.blocking and not allow([one])]
    if blocking:
        sentences.append(
            f"the gates do not allow promotion: {_listed([f'{one.key} ({one.verdict})' for one in blocking])}"
        )
    else:
        waived = sum(1 for one in seen.results if one.verdict == "waived")
        sentences.append("the gates allow promotion" + (f", {waived} of them waived" if waived else ""))
    return sentences


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:TOP])
    return f"{shown} and {len(names) - TOP} more" if len(names) > TOP else shown
