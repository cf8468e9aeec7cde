"""Verdicts of people on the spans that detectors found, and where the new hits stand by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.base.gate_records import GateInput
from analysis.base.review_records import ReviewState
from analysis.base.sql import queries
from analysis.plugin.gate import candidate_wrong, decided
from analysis.tracks.response.hallucination import HALLUCINATION
from analysis.tracks.response.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb


Standing = Literal["confirmed", "refuted", "accepted", "open"]
Place = tuple[str, int, int]
"""A span of the candidate's answer: detector, start, end."""

_NEW_HITS = queries(__package__, "metrics.sql")["new_hits"]


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
    for detector, ref, places in workbench.execute(_NEW_HITS, {"hallucination": HALLUCINATION}).fetchall():
        spans: list[list[object]] = [
            [name, int(start), int(end)] for name, start, end in places if name is not None
        ]
        found.setdefault(detector, {})[ref] = spans
    return found


def verdicts_on_spans(state: ReviewState) -> dict[tuple[str, Place], set[str]]:
    """Verdicts on the spans of candidates' answers, by ref and place."""
    said: dict[tuple[str, Place], set[str]] = defaultdict(set)
    for one in state.spans:
        if one.side == "candidate":
            said[one.ref, (one.detector, one.start, one.end)].add(one.verdict)
    return said


def standing(
    given: GateInput,
    ref: str,
    places: Sequence[Place],
    said: dict[tuple[str, Place], set[str]],
) -> Standing:
    """Where a new hit stands.

    Confirmed, where a reviewer confirmed one of its spans and none refuted that span, or found the
    candidate's answer wrong and left spans of it open. Refuted, where every span is refuted and none
    confirmed. Accepted, where the example has another verdict that counts. A span on which reviewers disagree
    leaves the hit open, unless another one is confirmed.
    """
    verdicts = [said.get((ref, place), set()) for place in places]
    if {"confirmed"} in verdicts:
        return "confirmed"
    if {"confirmed", "refuted"} in verdicts:
        return "open"
    if verdicts and all(one == {"refuted"} for one in verdicts):
        return "refuted"
    verdict = decided(given, ref)
    if verdict is None:
        return "open"
    return "confirmed" if candidate_wrong(verdict) else "accepted"


def sort_hits(
    given: GateInput,
    detector: str,
    refs: Iterable[str],
    said: dict[tuple[str, Place], set[str]] | None = None,
) -> Hits:
    """The new hits of a detector among some refs, by where they stand, in the order of the refs.

    `said` is what `verdicts_on_spans` makes of the state, for who asks often.
    """
    places = new_hits(given, detector)
    said = verdicts_on_spans(given.state) if said is None else said
    found: dict[Standing, list[str]] = {"confirmed": [], "refuted": [], "accepted": [], "open": []}
    for ref in refs:
        if ref in places:
            found[standing(given, ref, places[ref], said)].append(ref)
    return Hits(*(tuple(found[name]) for name in ("confirmed", "refuted", "accepted", "open")))


def new_hits(given: GateInput, detector: str) -> dict[str, list[Place]]:
    """The spans that make a new hit of each ref; `hallucination` is one of the detectors here."""
    found = given.settings.get(TRACK, {}).get("new_hits", {}).get(detector, {})
    return {
        ref: [(str(name), int(start), int(end)) for name, start, end in spans] for ref, spans in found.items()
    }
