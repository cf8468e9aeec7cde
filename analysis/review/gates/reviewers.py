"""`review.reviewers`: whoever judges has shown that they read what they judge."""

from __future__ import annotations

from analysis.base.records import GateInput, GateResult, GateVerdict, Rule
from analysis.plugin.gate import Gate, number_row, result
from analysis.review.reviewers import KnownCount, agreement, known_counts, track_of


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    tracks = list(dict.fromkeys(track_of(entry.ref) for entry in given.queue if entry.known))
    if not tracks:
        return [result(REVIEWERS, "n/a", "the run has no known-answer item: nobody was measured")]
    counts = known_counts(given)
    rows, missing = [], []
    for track in tracks:
        own = [one for one in counts if one.track == track]
        passed = sum(one.passed for one in own)
        enough: GateVerdict = "pass" if passed >= given.reviewers_required else "unknown"
        limit = f"at least {given.reviewers_required}"
        rows.append(number_row(f"reviewers of {track} measured and passed", passed, "count", limit, enough))
        if enough == "unknown":
            missing.append(track)
    told = "; ".join(_told(one) for one in counts) or "nobody has answered a known-answer item"
    value, n = agreement(given.state)
    if value is not None:
        told += f"; agreement of reviewers on {n} examples {value:.2f} (Gwet's AC1)"
    if not missing:
        return [result(REVIEWERS, "pass", told, criteria=rows)]
    why = f"{told}; still to be measured, by one who reads: {', '.join(missing)}"
    done = {(one.ref) for one in given.state.known_answers}
    refs = [entry.ref for entry in given.queue if entry.known and entry.ref not in done]
    return [result(REVIEWERS, "unknown", why, criteria=rows, refs=refs)]


def _told(one: KnownCount) -> str:
    said = f"{one.reviewer} has {one.right} of {one.answered} known answers of {one.track} right"
    if one.failed:
        return f"{said}: too few, so no verdict of theirs counts there"
    return said if one.passed else f"{said}, {one.items - one.answered} to go"


REVIEWERS = Gate(
    "review.reviewers",
    "whoever judges has shown that they read what they judge",
    {},
    _judge,
    place=15,
)
GATES = (REVIEWERS,)
