"""How far a stage is, and how long it will still take: by what its shards cost, and inside the one that is run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from analysis.plugin.stage import StageProgress

if TYPE_CHECKING:
    from analysis.plugin.stage import Shard

TELL_EVERY_S = 0.5
"""A shard that is being run is told of no more often than this."""
NEARLY = 0.99
"""Share of a shard that is done at most before it is finished, whatever it says of itself."""


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
    """

    def __init__(
        self,
        stage: str,
        shards: Sequence[Shard],
        tell: Callable[[StageProgress], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stage, self._tell, self._now = stage, tell, now
        self._sizes = [shard.size for shard in shards]
        self._costs = [float(shard.size if shard.cost is None else shard.cost) for shard in shards]
        self._finished: set[int] = set()
        self._running: int | None = None
        self._cached = 0
        self._computed_cost = 0.0
        self._reported = self._planned = 0.0
        self._last: tuple[float, float] | None = None
        self._began = self._told = now()
        self._computing_since: float | None = None

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
        true = self._reported / self._planned if self._planned and self._reported else 1.0
        self._say(min(done / (planned * true), NEARLY))

    def finish(self, number: int, *, cached: bool = False) -> None:
        """A shard is done, here or by another, or was there already."""
        if cached:
            self._cached += self._sizes[number]
        else:
            self._computed_cost += self._costs[number]
        if number == self._running:
            self._running = None
            if self._last is not None:
                self._reported += self._last[0]
                self._planned += self._last[1]
        self._finished.add(number)
        self._say(0.0)

    def _say(self, part: float) -> None:
        """Tell how far the stage is, with that share of the present shard done."""
        now = self._now()
        done = sum(self._sizes[number] for number in self._finished)
        left = sum(cost for number, cost in enumerate(self._costs) if number not in self._finished)
        spent = self._computed_cost
        if part and self._running is not None:
            own = part * self._costs[self._running]
            spent, left = spent + own, left - own
            done += int(part * self._sizes[self._running])
        eta = None
        if spent > 0 and self._computing_since is not None:
            eta = (now - self._computing_since) / spent * left
        self._tell(
            StageProgress(
                self._stage, done, sum(self._sizes), self._cached, now - self._began, eta, len(self._finished)
            )
        )
