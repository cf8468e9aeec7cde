"""A track with its data read and cut into slices, before any model time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.base.records import Slice
    from analysis.data.examples import Examples
    from analysis.models.sides import Sides
    from analysis.plugin.settings import TrackSettings
    from analysis.plugin.stage import Step
    from analysis.plugin.track import Track


@dataclass
class Prepared:
    """A track with its data read, before any model time; `members` are refs by name of their slice or set."""

    track: Track
    settings: TrackSettings
    examples: Examples
    slices: list[Slice]
    members: Mapping[str, Sequence[str]]
    models: Sides

    @property
    def steps(self) -> tuple[Step, ...]:
        """The stages of the track, those that ask models only where there are some."""
        return tuple(step for step in self.track.stages() if self.models or not step.asks_models)

    def forget(self) -> None:
        """Let go of the examples and what belongs to them, once a workbench holds them; the rows left out stay known.

        Of a hundred thousand examples they are as large as all that is found out about them.
        """
        none = self.examples.metadata.slice(0, 0)
        self.examples = replace(self.examples, rows=[], lines={}, memberships={}, payload={}, metadata=none)
        self.members = {}
