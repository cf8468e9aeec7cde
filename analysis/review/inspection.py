"""Which examples must be judged, and which of them are: counted and worded once, for screens, gate, status and report.

Known-answer items are none of them: they measure who judges, and the gate `review.reviewers` counts them.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.base.gate_records import GateInput
from analysis.plugin.gate import judges_of


@dataclass(frozen=True)
class Inspection:
    """What must be judged by as many accounts as are required.

    Args:
        deciding: examples whose verdict can still change a gate.
        decided: examples that were judged and count in a gate: on a critical slice, or with labels of their answers.
        controls: random controls.
        open: those of all these that are still to be judged.
    """

    deciding: tuple[str, ...]
    decided: tuple[str, ...]
    controls: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def needed(self) -> frozenset[str]:
        """Those that must be judged; what decides may be a control, too."""
        return frozenset((*self.deciding, *self.decided, *self.controls))

    @property
    def total(self) -> int:
        """How many must be judged."""
        return len(self.needed)

    @property
    def inspected(self) -> int:
        """How many of them are."""
        return self.total - len(self.open)

    @property
    def controls_inspected(self) -> int:
        """How many of the random controls are."""
        return len(set(self.controls) - set(self.open))


def judged_words(inspected: int, total: int, required: int = 1) -> str:
    """How many of the examples that must be judged are, as every screen, gate and report says it.

    Args:
        inspected: those that are judged.
        total: those that must be.
        required: how many reviewers must judge each.
    """
    by = "" if required == 1 else f" by {required} reviewers each"
    return f"{inspected:,} of {total:,} examples that must be judged are judged{by}"


def inspection_of(given: GateInput) -> Inspection:
    """What must be judged and what is.

    Args:
        given: as the gates of the review hear it (`analysis.review.evaluate.as_heard`).
    """

    def missing(ref: str) -> bool:
        return judges_of(given.state, ref) < given.reviewers_required

    # An example that was judged decides no longer: it is counted on, so that no verdict shortens what was to be done.
    critical = {(one.track, one.slice) for one in given.slices if one.critical}
    contested = dict.fromkeys(
        one.ref
        for one in given.contested
        if (one.track, one.slice) in critical and one.ref in given.state.said
    )
    labelled = dict.fromkeys(one.ref for one in given.state.verdicts if one.labels)
    decided = tuple(ref for ref in (contested | labelled) if not missing(ref))
    controls = tuple(entry.ref for entry in given.queue if entry.control)
    needed = dict.fromkeys([*given.deciding, *decided, *controls])
    return Inspection(tuple(given.deciding), decided, controls, tuple(ref for ref in needed if missing(ref)))
