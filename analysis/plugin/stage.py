"""What a run is made of: stages, whose shards need models and nothing else, and aggregates over the workbench.

Planning and running are apart. A stage plans its shards from the workbench and runs each from settings and models
alone, so that any engine can run a shard anywhere. An aggregate is SQL and statistics over what is known so far: it
belongs where the workbench is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from analysis.models.sides import Sides
    from analysis.plugin.settings import Review, TrackSettings


Listener = Callable[[float, float], None]
"""Is told the units of work that are done, and how many are planned."""
Learned = dict[str, tuple[float, float]]
"""By kind of work, what was planned of it so far, and what it really was: later shards of a stage are planned by it."""


@dataclass(frozen=True)
class Shard:
    """One piece of a stage's work.

    Args:
        key: JSON-able material that, with the stage's version and the models, determines the result.
        payload: what `run` needs, picklable; never part of the key.
        size: number of examples in it, for progress.
        cost: what it costs to run beside the other shards of its stage, in any unit that they share, such as tokens to
            be read; None where every example costs the same. For the estimate of the time left, never part of the key.
    """

    key: Mapping[str, Any]
    payload: Any
    size: int
    cost: float | None = None


@dataclass(frozen=True)
class RunContext:
    """What a shard is run with: the settings of its track, the seed of the review, the two sides. Picklable.

    `listener` is told how far the shard is, by whoever runs it in this process; a copy that is made elsewhere has none.
    `learned` is what earlier shards of the stage left for the plans of later ones, in the same process.
    """

    track: str
    settings: TrackSettings
    seed: int
    models: Sides
    listener: Listener | None = field(default=None, kw_only=True, compare=False, repr=False)
    learned: Learned = field(default_factory=dict, kw_only=True, compare=False, repr=False)

    def report(self, done: float, planned: float) -> None:
        """Say how far the shard is: `done` of `planned` units of work, of any kind. Changes no result."""
        if self.listener is not None:
            self.listener(done, planned)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "listener": None, "learned": {}}


@dataclass(frozen=True)
class PlanContext(RunContext):
    """What shards are planned from, and aggregates made of: also the review, and the rows of earlier stages.

    `drawn` is what random examples are drawn by: known only once the candidate is made.
    """

    review: Review
    workbench: duckdb.DuckDBPyConnection
    drawn: str = ""

    def for_run(self) -> RunContext:
        """What goes to wherever a shard is run."""
        return RunContext(self.track, self.settings, self.seed, self.models)


@dataclass(frozen=True)
class Stage:
    """A step of a run whose shards are cached, and may run anywhere.

    `plan` lists the work, `run` does one shard and returns rows by table name. `costly` steps run after
    selection, on the examples in the table `selected`; `after_queue` steps run once, when the queue stands, over
    what those found. A step that `asks_models` is left out where there are none to ask.
    """

    name: str
    version: int
    plan: Callable[[PlanContext], list[Shard]]
    run: Callable[[RunContext, Shard], dict[str, pa.Table]]
    costly: bool = False
    after_queue: bool = False
    asks_models: bool = False


def one_step(context: PlanContext) -> int:
    """The size of an aggregate that is one step, whatever it is made of."""
    return 1


@dataclass(frozen=True)
class Aggregate:
    """A step of a run that is SQL and statistics over the workbench; made again in every run, never cached.

    `compute` returns rows by table name; `size` is what progress counts, and an aggregate of size 0 has nothing to
    do. `costly`, `after_queue` and `asks_models` are as for a stage.
    """

    name: str
    version: int
    compute: Callable[[PlanContext], dict[str, pa.Table]]
    size: Callable[[PlanContext], int] = one_step
    costly: bool = False
    after_queue: bool = False
    asks_models: bool = False


Step = Stage | Aggregate


@dataclass(frozen=True)
class StageProgress:
    """Posted by the pipeline while it runs.

    Args:
        stage: which.
        done: examples of finished shards, and of the shard that is being run as many as its work that is done is worth.
        total: examples of all its shards.
        cached: examples that needed no model time.
        elapsed_s: seconds since the stage began.
        eta_s: seconds that it will still take; None where nothing is known.
        shards_done: finished shards.
        run_eta_s: seconds that all steps will still take, this one and those to come; None where nothing is known.
    """

    stage: str
    done: int
    total: int
    cached: int
    elapsed_s: float
    eta_s: float | None
    shards_done: int = 0
    run_eta_s: float | None = None
