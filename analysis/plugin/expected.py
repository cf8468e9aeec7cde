"""What a step of a run is expected to take before it runs: for `check`, and for the time left of the whole run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Expected:
    """What one step is expected to take.

    Args:
        cost: of all its shards, in the unit of `Shard.cost`.
        seconds_each: of one unit of cost, in one process of this machine.
        shards: into how many it will be cut: no more processes than that are at it together.
    """

    cost: float
    seconds_each: float = 1.0
    shards: int = 1

    @property
    def seconds(self) -> float:
        """In one process."""
        return self.cost * self.seconds_each


ExpectedSteps = Mapping[str, Expected]
"""By the name of the step."""


def in_parallel(seconds: float, shards: int, workers: int) -> float:
    """Seconds that pass while so many processes do what takes one of them `seconds`, in shards of about one size."""
    return seconds * math.ceil(shards / workers) / shards if shards else 0.0


def shards_of(count: int, per_shard: int) -> int:
    """Into how many shards so many examples are cut."""
    return -(-count // per_shard)
