"""What a stage of a run is: shards of work that map what is known so far to rows of evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from analysis.models.sides import Sides
    from analysis.run.review_file import Review, TrackSettings


@dataclass(frozen=True)
class Shard:
    """One piece of a stage's work.

    Args:
        key: JSON-able material that, with the stage's version and the models, determines the result.
        payload: what `run` needs; never part of the key.
        size: number of examples in it, for progress.
    """

    key: Mapping[str, Any]
    payload: Any
    size: int


@dataclass(frozen=True)
class StageContext:
    """What a stage may read: the settings of its track, the rows of earlier stages, the two sides."""

    track: str
    settings: TrackSettings
    review: Review
    workbench: duckdb.DuckDBPyConnection
    models: Sides


@dataclass(frozen=True)
class Stage:
    """A step of a run.

    `shards` lists the work, `run` does one shard and returns rows by table name. `costly` stages run
    after selection, on the examples in the table `selected`; `after_queue` stages run once, when the queue
    stands, over what those found. `uses_models` stages have the digests of
    the models in their cache key; the others are statistics over the workbench, and are not cached.
    """

    name: str
    version: int
    shards: Callable[[StageContext], list[Shard]]
    run: Callable[[StageContext, Shard], dict[str, pa.Table]]
    costly: bool = False
    uses_models: bool = True
    after_queue: bool = False


@dataclass(frozen=True)
class StageProgress:
    """Posted by the pipeline while it runs; `cached` counts examples that needed no model time."""

    stage: str
    done: int
    total: int
    cached: int
    elapsed_s: float
    eta_s: float | None
