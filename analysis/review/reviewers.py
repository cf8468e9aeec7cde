"""Who judged, and how well: known answers, agreement with oneself and with others, time, share blind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from analysis.base.gate_records import GateInput
from analysis.base.records import track_of
from analysis.base.review_records import (
    FindingRecord,
    KnownAnswerRecord,
    ReviewState,
    SettlementRecord,
    SpanRecord,
    VerdictRecord,
    WaiverRecord,
)
from analysis.plugin.gate import differing_labels
from analysis.stats.agreement import gwet_ac1

ITEMS_PER_MISS = 6
"""A reviewer who counts may miss one of so many known-answer items, two of the twelve that a track has by default.

Who presses one key gets half of them right and stays within two misses of twelve in .019 (binomial), somebody who reads
and errs in 3 % misses more in .005. With eight items and one miss these were .035 and .022.
"""


@dataclass(frozen=True)
class KnownCount:
    """How a reviewer did on the known-answer items of a track: `right` of `answered`, of `items` in all."""

    track: str
    actor: str
    reviewer: str
    right: int
    answered: int
    items: int

    @property
    def failed(self) -> bool:
        """Whether more were missed than may be, whatever is still to be answered."""
        return (self.answered - self.right) * ITEMS_PER_MISS > self.items

    @property
    def passed(self) -> bool:
        """Whether all were answered, and as many right as must be."""
        return self.answered == self.items and not self.failed


def known_counts(given: GateInput) -> list[KnownCount]:
    """For each track with known-answer items and each reviewer who said anything in it: how they did."""
    items: dict[str, set[str]] = {}
    for entry in given.queue:
        if entry.known:
            items.setdefault(track_of(entry.ref), set()).add(entry.ref)
    people: dict[tuple[str, str], str] = {}
    said: Sequence[VerdictRecord | KnownAnswerRecord] = (*given.state.verdicts, *given.state.known_answers)
    for one in said:
        people[track_of(one.ref), one.actor] = one.reviewer
    found = []
    for (track, actor), reviewer in sorted(people.items()):
        if track not in items:
            continue
        own = [one for one in given.state.known_answers if one.actor == actor and one.ref in items[track]]
        right = sum(one.given == "true" for one in own)
        found.append(KnownCount(track, actor, reviewer, right, len(own), len(items[track])))
    return found


def trusted_state(given: GateInput) -> ReviewState:
    """What people said, without what those said of a track who failed its known-answer items.

    Their verdicts and their words on spans are left out, what they settled, and what others settled where nobody else
    disagreed. Findings and waivers stay: those are a person's sentence, for everybody to read.
    """
    state = given.state
    out = failed_persons(given)
    if not out:
        return state

    def heard(one: VerdictRecord | SpanRecord) -> bool:
        return (track_of(one.ref), state.person(one.actor)) not in out

    settlements = tuple(one for one in state.settlements if _stands(one, out, state))
    return replace(
        state,
        verdicts=tuple(filter(heard, state.verdicts)),
        spans=tuple(filter(heard, state.spans)),
        settlements=settlements,
        settled={one.ref: one.right for one in settlements},
    )


def failed_persons(given: GateInput) -> set[tuple[str, str]]:
    """Track and person of all who failed its known-answer items with any of their accounts: nobody tries twice."""
    return {(one.track, given.state.person(one.actor)) for one in known_counts(given) if one.failed}


def passed_persons(given: GateInput) -> set[tuple[str, str]]:
    """Track and person of all who answered its known-answer items, and well enough."""
    found = {(one.track, given.state.person(one.actor)) for one in known_counts(given) if one.passed}
    return found - failed_persons(given)


def _stands(one: SettlementRecord, out: set[tuple[str, str]], state: ReviewState) -> bool:
    """Whether there was something to settle, and someone to settle it, without those who do not count."""
    track = track_of(one.ref)
    heard = [
        (right, labels)
        for actor, right, labels in zip(one.actors, one.said, one.said_labels, strict=True)
        if (track, state.person(actor)) not in out
    ]
    apart = len({right for right, _ in heard}) > 1 or differing_labels(labels for _, labels in heard)
    return (track, state.person(one.actor)) not in out and bool(apart)


def agreement(state: ReviewState) -> tuple[float | None, int]:
    """Gwet's AC1 over the examples that two or more have judged, and how many these are; None where there are none."""
    judged = [[one.right for one in said] for said in state.said.values() if len(said) > 1]
    return (gwet_ac1(judged), len(judged)) if judged else (None, 0)


def reviewer_records(given: GateInput) -> list[dict[str, Any]]:
    """One row for each account that said anything of a run, as plain data.

    Returns:
        `actor`, `reviewer`, `verdicts`, `findings`, `waivers`, `blind` (share), `seconds` (median), `known_right`,
        `known_answered`, `known_items` over all tracks, `known` (the same by `track`, and whether it `failed`), `again`
        (examples shown again) and `again_same`.
    """
    state = given.state
    counts = known_counts(given)
    rows = []
    said: Sequence[VerdictRecord | KnownAnswerRecord | FindingRecord | WaiverRecord] = (
        *state.verdicts,
        *state.known_answers,
        *state.findings,
        *state.waivers,
    )
    for actor in sorted({one.actor for one in said}):
        own = [one for one in state.verdicts if one.actor == actor]
        known = [one for one in counts if one.actor == actor]
        again = [one for one in state.repeats if one.actor == actor]
        names = dict.fromkeys(one.reviewer for one in said if one.actor == actor)
        seconds = [one.seconds for one in own if one.seconds is not None]
        rows.append(
            {
                "actor": actor,
                "reviewer": ", ".join(names),
                "verdicts": len(own),
                "findings": sum(one.actor == actor for one in state.findings),
                "waivers": sum(one.actor == actor for one in state.waivers),
                "blind": sum(one.blind for one in own) / len(own) if own else None,
                "seconds": median(seconds) if seconds else None,
                "known_right": sum(one.right for one in known),
                "known_answered": sum(one.answered for one in known),
                "known_items": sum(one.items for one in known),
                "known": [
                    {
                        "track": one.track,
                        "right": one.right,
                        "answered": one.answered,
                        "items": one.items,
                        "failed": one.failed,
                    }
                    for one in known
                ],
                "again": len(again),
                "again_same": sum(one.before == one.after for one in again),
            }
        )
    return rows
