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
    """Counts the shards of one stage, in their order.

    A stage says of its shards what they cost beside each other, and while one is run how much of its plan is done. What
    shards really did of their plans corrects the plans of those to come.

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
        self._shard = 0
        self._cached = 0
        self._computed_s = self._computed_cost = 0.0
        self._reported = self._planned = 0.0
        self._last: tuple[float, float] | None = None
        self._began = self._shard_began = self._told = now()

    def start(self) -> None:
        """The next shard is taken up."""
        self._shard_began = self._told = self._now()
        self._last = None

    def hear(self, done: float, planned: float) -> None:
        """The shard has done that much of its plan."""
        self._last = (done, planned)
        if planned <= 0 or self._now() - self._told < TELL_EVERY_S:
            return
        self._told = self._now()
        true = self._reported / self._planned if self._planned and self._reported else 1.0
        self._say(min(done / (planned * true), NEARLY))

    def finish(self, *, cached: bool) -> None:
        """The shard is done, or was there already."""
        if cached:
            self._cached += self._sizes[self._shard]
        else:
            self._computed_s += self._now() - self._shard_began
            self._computed_cost += self._costs[self._shard]
            if self._last is not None:
                self._reported += self._last[0]
                self._planned += self._last[1]
        self._shard += 1
        self._say(0.0)

    def _say(self, part: float) -> None:
        """Tell how far the stage is, with that share of the present shard done."""
        now = self._now()
        done, left = sum(self._sizes[: self._shard]), sum(self._costs[self._shard :])
        spent_s, spent = self._computed_s, self._computed_cost
        if part:
            own = part * self._costs[self._shard]
            spent_s, spent, left = spent_s + now - self._shard_began, spent + own, left - own
            done += int(part * self._sizes[self._shard])
        eta = spent_s / spent * left if spent > 0 else None
        self._tell(
            StageProgress(
                self._stage, done, sum(self._sizes), self._cached, now - self._began, eta, self._shard
            )
        )
