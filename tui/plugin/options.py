"""How an example is looked at: room, colours, side, method, and what the keys of its view have chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tui.draw.theme import Colours

if TYPE_CHECKING:
    from analysis.base.gate_records import GateResult
    from analysis.base.records import MetricSpec

SideMode = Literal["both", "base", "candidate", "difference"]
SIDE_MODES: tuple[SideMode, ...] = ("both", "base", "candidate", "difference")


@dataclass(frozen=True)
class ViewOptions:
    """How an example is looked at.

    Args:
        width: cells there are.
        height: rows there are; a tall view shows more.
        colours: depth and background.
        side: which side is drawn.
        method: number of the attribution that is drawn; counts on and on, the view takes it modulo what it has.
        gates: every gate of the review by key, for views that show what decides it.
        specs: what the track says of its metrics, by name, for views that show any.
        agreement: whether the reviewers agree on the example, in a few words and their style; empty where one of them
            is still to judge it.
        chosen: number of the thing in the example that the view's keys are about, such as a span that a detector
            found; the view takes it modulo what it has.
        switched: names of what the view's keys have switched on.
    """

    width: int
    height: int
    colours: Colours
    side: SideMode = "both"
    method: int = 0
    gates: Mapping[str, GateResult] = field(default_factory=dict)
    specs: Mapping[str, MetricSpec] = field(default_factory=dict)
    agreement: tuple[str, str] = ("", "dim")
    chosen: int = 0
    switched: frozenset[str] = frozenset()
