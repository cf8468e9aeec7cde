"""Critical slices in a report: what changed in each, how many controls were inspected, what may be said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.base.gate_records import GateInput
from analysis.plugin.gate import judges_of
from analysis.report.moved_slices import moves

if TYPE_CHECKING:
    from analysis.review.queries import SliceProgress
    from analysis.review.session import ReviewSession


def slice_entry(session: ReviewSession, given: GateInput, one: SliceProgress) -> dict[str, Any]:
    """What a report says of a critical slice; `given` is the gate input with those verdicts alone that count."""
    known, this_slice, future_traffic = session.slice_sentences(one.slice, one.track)
    drawn, inspected = controls_of(given, one.slice)
    return {
        "slice": one.slice,
        "track": one.track,
        "moves": moves(one.n, one.broken, one.fixed),
        "controls": drawn,
        "controls_inspected": inspected,
        "known": known,
        "this_slice": this_slice,
        "future_traffic": future_traffic,
    }


def controls_of(given: GateInput, name: str) -> tuple[int, int]:
    """How many random controls of the queue are in a critical slice, and how many of them were inspected."""
    controls = [entry.ref for entry in given.queue if entry.control and name in entry.critical_slices]
    inspected = sum(judges_of(given.state, ref) >= given.reviewers_required for ref in controls)
    return len(controls), inspected
