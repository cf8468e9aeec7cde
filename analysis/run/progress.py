"""How far a stage is, and how long it will still take: by what its shards cost, and inside the one that is run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.plugin.stage import Learned, StageProgress

if TYPE_CHECKING:
    from analysis.plugin.stage import Shard

TELL_EVERY_S = 0.5
"""A shard that is being run is told of no more often than this."""
NEARLY = 0.99
"""Share of a shard that is done at most before it is finished, whatever it says of itself."""


@dataclass
class Pace:
    """What the shards of one stage took in this process, whenever it was run: what is still to come goes by it.

    Args:
        cost: of the shards that were computed, by whomever, in the unit of `Shard.cost`.
        seconds: in which they were.
        reported: what shards of this process did of their plans.
        planned: those plans.
        learned: what `RunContext.learned` holds.
    """

    cost: float = 0.0
    seconds: float = 0.0
    reported: float = 0.0
    planned: float = 0.0
    learned: Learned = field(default_factory=dict)

    @property
    def seconds_each(self) -> float | None:
        """Of one unit of cost; None where nothing was computed yet."""
        return self.seconds / self.cost if self.cost > 0 else None


class StageClock:
    """Counts the shards of one stage, in whatever order they are finished, here or by others.

    A stage says of its shards what they cost beside each other, and while one is run how much of its plan is done. What
    shards really did of their plans corrects the plans of those to come. Others work at the same time, so the time left
    goes by what all of them have done since this process began to compute.

    Args:
        stage: its name.
        shards: all of them.
        tell: is told how far it is.
        now: seconds of a clock that never goes back.
        pace: what the stage took when it was run before, for other shards.

    Attributes:
        spent: cost of what was computed, with the part that is done of the present shard.
        pace: as it was before.
    """

    def __init__(
        self,
        stage: str,
        shards: Sequence[Shard],
        tell: Callable[[StageProgress], None],
        now: Callable[[], float] = time.monotonic,
        pace: Pace | None = None,
    ) -> None:
        self._stage, self._tell, self._now = stage, tell, now
        self.pace = pace or Pace()
        self._sizes = [shard.size for shard in shards]
        self._costs = [float(shard.size if shard.cost is None else shard.cost) for shard in shards]
        self._finished: set[int] = set()
        self._running: int | None = None
        self._cached: set[int] = set()
        self._computed_cost = self.spent = 0.0
        self._last: tuple[float, float] | None = None
        self._began = self._told = now()
        self._computing_since: float | None = None
        self._computed_until = self._began

    @property
    def to_compute(self) -> float:
        """Cost of all shards that were not there already."""
        return sum(cost for number, cost in enumerate(self._costs) if number not in self._cached)

    @property
    def shards_to_compute(self) -> int:
        """How many were not there already."""
        return len(self._costs) - len(self._cached)

    @property
    def seconds(self) -> float:
        """Since this process began to compute, until the last shard was done."""
        if self._computing_since is None:
            return 0.0
        done = len(self._finished) == len(self._costs)
        return (self._computed_until if done else self._now()) - self._computing_since

    def start(self, number: int) -> None:
        """A shard is taken up in this process."""
        self._running = number
        self._told = self._now()
        self._last = None
        if self._computing_since is None:
            self._computing_since = self._told

    def hear(self, done: float, planned: float) -> None:
        """The shard has done that much of its plan; of a plan of 0, that it is at work is all that is told."""
        if planned > 0:
            self._last = (done, planned)
        if self._now() - self._told < TELL_EVERY_S:
            return
        self._told = self._now()
        if planned <= 0:
            self._say(0.0)
            return
        reported, planned_before = self.pace.reported, self.pace.planned
        true = reported / planned_before if planned_before and reported else 1.0
        self._say(min(done / (planned * true), NEARLY))

    def finish(self, number: int, *, cached: bool = False) -> None:
        """A shard is done, here or by another, or was there already."""
        if cached:
            self._cached.add(number)
        else:
            self._computed_cost += self._costs[number]
        if number == self._running:
            self._running = None
            if self._last is not None:
                self.pace.reported += self._last[0]
                self.pace.planned += self._last[1]
        self._finished.add(number)
        self._computed_until = self._now()
        self._say(0.0)
        if len(self._finished) == len(self._costs):
            self.pace.cost += self._computed_cost
            self.pace.seconds += self.seconds

    def _say(self, part: float) -> None:
        """Tell how far the stage is, with that share of the present shard done."""
        now = self._now()
        done = sum(self._sizes[number] for number in self._finished)
        left = sum(cost for number, cost in enumerate(self._costs) if number not in self._finished)
        self.spent = self._computed_cost
        if part and self._running is not None:
            own = part * self._costs[self._running]
            self.spent, left = self.spent + own, left - own
            done += int(part * self._sizes[self._running])
        spent, seconds = self.pace.cost + self.spent, self.pace.seconds + self.seconds
        eta = seconds / spent * left if spent > 0 and seconds > 0 else None
        cached = sum(self._sizes[number] for number in self._cached)
        self._tell(
            StageProgress(
                self._stage, done, sum(self._sizes), cached, now - self._began, eta, len(self._finished)
            )
        )
