"""What people said of the hits of the detectors, as the gates count it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from analysis.base.records import GateInput, ReviewState
from analysis.plugin.gate import decided, judgement
from analysis.tracks.response.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb


Standing = Literal["confirmed", "refuted", "accepted", "open"]
Place = tuple[str, int, int]
"""A span of the candidate's answer: detector, start, end."""

_NEW_HITS = """
SELECT p.detector, p.ref, list([h.detector, h.start::VARCHAR, h."end"::VARCHAR] ORDER BY h.start, h."end", h.detector)
FROM response_pair p
LEFT JOIN response_hit h ON h.ref = p.ref AND h.side = 'candidate'
     AND (h.detector = p.detector
          OR p.detector = 'hallucination' AND (h.detector IN ('facts', 'promises')
                                               OR h.detector = 'citations' AND h.label = 'cites what does not exist'))
WHERE p.candidate_hit AND NOT p.base_hit GROUP BY p.detector, p.ref ORDER BY p.detector, p.ref
"""


@dataclass(frozen=True)
class Hits:
    """New hits of one detector by where they stand; hits that only the candidate has are new."""

    confirmed: tuple[str, ...]
    refuted: tuple[str, ...]
    accepted: tuple[str, ...]
    open: tuple[str, ...]


def new_hit_spans(workbench: duckdb.DuckDBPyConnection) -> dict[str, dict[str, list[list[object]]]]:
    """The spans of each new hit, by detector and ref, as plain data for the gates.

    They are those that count, each as [detector, start, end] in the candidate's answer.
    """
    found: dict[str, dict[str, list[list[object]]]] = {}
    for detector, ref, places in workbench.execute(_NEW_HITS).fetchall():
        spans: list[list[object]] = [
            [name, int(start), int(end)] for name, start, end in places if name is not None
        ]
        found.setdefault(detector, {})[ref] = spans
    return found


def declared(given: GateInput) -> dict[str, Any]:
    """What the track said to the gates of this run's settings and hits."""
    return given.settings.get(TRACK, {})


def span_words(state: ReviewState) -> dict[tuple[str, Place], set[str]]:
    """Verdicts on the spans of candidates' answers, by ref and place."""
    said: dict[tuple[str, Place], set[str]] = defaultdict(set)
    for one in state.spans:
        if one.side == "candidate":
            said[one.ref, (one.detector, one.start, one.end)].add(one.verdict)
    return said


def standing(
    state: ReviewState,
    ref: str,
    places: Sequence[Place],
    said: dict[tuple[str, Place], set[str]],
) -> Standing:
    """Where a new hit stands.

    Confirmed, where a reviewer confirmed one of its spans and none refuted that span, or found the example
    unacceptable and left spans of it open. Refuted, where every span is refuted and none confirmed. Accepted,
    where the example has another verdict that counts. A span on which reviewers disagree leaves the hit open,
    unless another one is confirmed.
    """
    verdicts = [said.get((ref, place), set()) for place in places]
    if {"confirmed"} in verdicts:
        return "confirmed"
    if {"confirmed", "refuted"} in verdicts:
        return "open"
    if verdicts and all(one == {"refuted"} for one in verdicts):
        return "refuted"
    if not decided(state, ref):
        return "open"
    return "confirmed" if judgement(state, ref) == "unacceptable" else "accepted"


def sort_hits(
    given: GateInput,
    detector: str,
    refs: Iterable[str],
    said: dict[tuple[str, Place], set[str]] | None = None,
) -> Hits:
    """The new hits of a detector among some refs, by where they stand, in the order of the refs.

    `said` is what `span_words` makes of the state, for who asks often.
    """
    places = new_hits(given, detector)
    said = span_words(given.state) if said is None else said
    found: dict[Standing, list[str]] = {"confirmed": [], "refuted": [], "accepted": [], "open": []}
    for ref in refs:
        if ref in places:
            found[standing(given.state, ref, places[ref], said)].append(ref)
    return Hits(*(tuple(found[name]) for name in ("confirmed", "refuted", "accepted", "open")))


def new_hits(given: GateInput, detector: str) -> dict[str, list[Place]]:
    """The spans that make a new hit of each ref; `hallucination` is one of the detectors here."""
    found = declared(given).get("new_hits", {}).get(detector, {})
    return {
        ref: [(str(name), int(start), int(end)) for name, start, end in spans] for ref, spans in found.items()
    }
