"""`review.reviewers`: whoever judges has shown that they read what they judge."""

from __future__ import annotations

from collections import Counter

from analysis.base.gate_records import Criterion, GateInput, GateResult, Rule
from analysis.base.people import shown_as
from analysis.base.records import track_of
from analysis.plugin.gate import Gate, number_row, result
from analysis.review.inspection import Inspection, inspection_of
from analysis.review.reviewers import KnownCount, agreement, known_counts, passed_persons


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    tracks = list(dict.fromkeys(track_of(entry.ref) for entry in given.queue if entry.known))
    if not tracks:
        return [result(REVIEWERS, "n/a", "the run has no known-answer item: nobody was measured")]
    counts, required, inspected = known_counts(given), given.reviewers_required, inspection_of(given)
    passed = passed_persons(given)
    rows, missing = [], []
    for track in tracks:
        enough = sum(one == track for one, _ in passed)
        unmeasured = _unmeasured(given, inspected, track, {person for one, person in passed if one == track})
        rows += [
            _row(
                f"reviewers of {track} measured and passed",
                enough,
                f"at least {required}",
                enough >= required,
            ),
            _row(f"examples of {track} that only others judged", unmeasured, "none", unmeasured == 0),
        ]
        if enough < required or unmeasured:
            missing.append(track)
    told = "; ".join(_told(one) for one in counts) or "nobody has answered a known-answer item"
    value, n = agreement(given.state)
    if value is not None:
        told += f"; agreement of reviewers on {n} examples {value:.2f} (Gwet's AC1)"
    if not missing:
        return [result(REVIEWERS, "pass", told, criteria=rows)]
    why = f"{told}; still to be measured, by one who reads: {', '.join(missing)}"
    answered = Counter(one.ref for one in given.state.known_answers)
    refs = [entry.ref for entry in given.queue if entry.known and answered[entry.ref] < required]
    return [result(REVIEWERS, "unknown", why, criteria=rows, refs=refs)]


def _unmeasured(given: GateInput, found: Inspection, track: str, passed: set[str]) -> int:
    """How many examples that count were judged, but not by as many as are required of those who passed.

    Without this, one person could answer the known-answer items, and another everything else.
    """
    counting = {ref for ref in (*found.decided, *found.controls) if track_of(ref) == track}
    state = given.state
    said = [state.persons(one.actor for one in state.said.get(ref, ())) for ref in counting - set(found.open)]
    return sum(len(people & passed) < given.reviewers_required for people in said)


def _row(what: str, count: int, limit: str, enough: bool) -> Criterion:
    return number_row(what, count, "count", limit, "pass" if enough else "unknown")


def _told(one: KnownCount) -> str:
    who, left = shown_as(one.actor, one.reviewer), f"{one.items - one.answered} to go"
    if not one.answered:
        return f"{who} has answered no known-answer item of {one.track}, {left}"
    said = f"{who} has {one.right} of {one.answered} known answers of {one.track} right"
    if one.failed:
        return f"{said}: too few, so no verdict of theirs counts there"
    return said if one.passed else f"{said}, {left}"


REVIEWERS = Gate(
    "review.reviewers",
    "whoever judges has shown that they read what they judge",
    {},
    _judge,
    place=15,
)
GATES = (REVIEWERS,)
