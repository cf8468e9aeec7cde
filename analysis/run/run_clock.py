"""How long a whole run will still take: what its steps were expected to take, corrected by what they took so far."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.plugin.expected import in_parallel
from analysis.run.progress import Pace, StageClock

if TYPE_CHECKING:
    from analysis.plugin.expected import ExpectedSteps
    from analysis.plugin.stage import Shard, StageProgress

TRUSTED = 0.05
"""What an expectation weighs beside what is measured, as a share of the work: half where so much is done."""
APART = 0.5
"""The same for what other tracks say of one: the machine is the same, the models and their plans are not."""


class RunClock:
    """Knows of every step whether it has begun, and tells with every event what all of them will still take.

    A step that runs goes by its own pace. Those to come go by what was expected of them, times what work that is done
    took over what was expected of it: in their track, and somewhat in the others. What was there already needs no time,
    and says nothing of pace.

    Args:
        expected: what the steps of each track are expected to take, in the order of the tracks; None where a track
            cannot say, and then nothing is told of the whole until that one is done.
        tell: is told how far a step is, and the run.
        workers: processes of this machine that compute.
        now: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        expected: Mapping[str, ExpectedSteps | None],
        tell: Callable[[StageProgress], None],
        workers: int = 1,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell, self._workers, self._now = tell, workers, now
        self._unknown = [track for track, steps in expected.items() if steps is None]
        self._expected = {track: steps or {} for track, steps in expected.items()}
        self._to_come: dict[str, dict[str, float]] = {
            track: {name: in_parallel(one.seconds, one.shards, workers) for name, one in steps.items()}
            for track, steps in self._expected.items()
        }
        self._planned = sum(sum(steps.values()) for steps in self._to_come.values())
        self._took: defaultdict[str, float] = defaultdict(float)
        self._done: defaultdict[str, float] = defaultdict(float)
        self._paces: defaultdict[str, Pace] = defaultdict(Pace)
        self._track = self._step = ""
        self._clock: StageClock | None = None
        self._foretold_here = 0.0
        self._began = now()

    def begin(self, track: str, step: str) -> None:
        """A step of a track begins; of the tracks before it nothing is to come any more."""
        for before in list(self._expected)[: list(self._expected).index(track)]:
            self._to_come[before] = {}
        self._track, self._step, self._clock, self._began = track, step, None, self._now()
        self._foretold_here = self._to_come[track].pop(step, 0.0)

    def stage(self, shards: Sequence[Shard]) -> StageClock:
        """The clock of the present step, which is a stage, and whose shards are known now."""
        self._clock = StageClock(self._step, shards, self.told, self._now, self._paces[self._step])
        return self._clock

    def end(self) -> None:
        """The present step is done."""
        foretold = self._foretold_here if self._clock is None else self._foretold(self._clock)
        if foretold > 0:
            self._took[self._track] += self._now() - self._began
            self._done[self._track] += foretold
        self._clock, self._foretold_here = None, 0.0

    def told(self, event: StageProgress) -> None:
        """Tell how far a step is, and what all will still take."""
        self._tell(replace(event, run_eta_s=self._left()))

    def _left(self) -> float | None:
        """Seconds that the run will still take; None where nothing is known of a track that is not done."""
        tracks = list(self._expected)
        if any(track in self._unknown for track in tracks[tracks.index(self._track) :]):
            return None
        here, part, whole = self._present(self._factor(self._track, self._took, self._done))
        took = {**self._took, self._track: self._took[self._track] + part * whole}
        done = {**self._done, self._track: self._done[self._track] + part * self._foretold_here}
        to_come = (
            self._factor(track, took, done) * sum(steps.values()) for track, steps in self._to_come.items()
        )
        return here + sum(to_come)

    def _present(self, factor: float) -> tuple[float, float, float]:
        """Of the present step the seconds that are left, the share that is done, and the seconds of all of it."""
        clock = self._clock
        if clock is None:
            expected = factor * self._foretold_here
            return max(0.0, expected - (self._now() - self._began)), 0.0, expected
        self._foretold_here = self._foretold(clock)
        carried = clock.pace.seconds_each
        expected = factor * self._foretold_here if carried is None else carried * clock.to_compute
        part = clock.spent / clock.to_compute if clock.to_compute else 1.0
        # Who waits for others has computed nothing, and time passes for him, too.
        here = clock.seconds or self._now() - self._began
        if not part:
            return max(0.0, expected - here), part, expected
        # What it takes to begin says nothing of its pace, and so its own is believed as more of it is done.
        own = (part / (part + TRUSTED)) ** 2
        left = (1 - part) * ((1 - own) * expected + own * here / part)
        return left, part, here + left

    def _foretold(self, clock: StageClock) -> float:
        """Seconds that were foretold for what of a stage was not there already, by what its shards cost."""
        one = self._expected[self._track].get(self._step)
        if one is None:
            return 0.0
        return in_parallel(clock.to_compute * one.seconds_each, clock.shards_to_compute, self._workers)

    def _factor(self, track: str, took: Mapping[str, float], done: Mapping[str, float]) -> float:
        """What work to come of a track takes over what was foretold of it, by the other tracks and then by its own."""
        others = [one for one in self._expected if one != track]
        run = _corrected(
            1.0,
            sum(took.get(one, 0.0) for one in others),
            sum(done.get(one, 0.0) for one in others),
            APART * self._planned,
        )
        return _corrected(run, took.get(track, 0.0), done.get(track, 0.0), TRUSTED * self._planned)


def _corrected(before: float, took: float, foretold: float, weight: float) -> float:
    """A factor by what work took over what was foretold of it, shrunk toward what was thought before.

    Args:
        before: that.
        took: seconds.
        foretold: seconds.
        weight: of what was thought before, in seconds that were foretold.
    """
    return (took + weight * before) / (foretold + weight) if foretold + weight > 0 else before
