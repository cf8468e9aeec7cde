"""Interleaved timing of alternatives, and the shape of a result."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Result:
    """One figure; `ratio` is alternative over ours, so that more is better for us."""

    what: str
    ours: float
    unit: str
    against: str = ""
    alternative: float | None = None
    ratio: float | None = None
    target: str = ""

    def sentence(self) -> str:
        words = f"{self.what}: {self.ours:.4g} {self.unit}"
        if self.ratio is not None and self.alternative is not None:
            words += f"; {self.against} {self.alternative:.4g} {self.unit}; {self.ratio:.1f}x"
        return words + (f" (target {self.target})" if self.target else "")

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def compare(
    what: str,
    against: str,
    ours: Callable[[], object],
    alternative: Callable[[], object],
    *,
    rounds: int,
    per: int,
    target: str = "",
) -> Result:
    """Process CPU milliseconds per item, A B A B; the ratio is the median of the rounds' ratios."""
    (found,) = compare_all({what: (ours, target)}, against, alternative, rounds=rounds, per=per)
    return found


def compare_all(
    ours: Mapping[str, tuple[Callable[[], object], str]],
    against: str,
    alternative: Callable[[], object],
    *,
    rounds: int,
    per: int,
) -> list[Result]:
    """As `compare`, of several with their targets against one alternative, which each round runs once: A B C A B C."""
    mine: dict[str, list[float]] = {what: [] for what in ours}
    theirs = []
    for _ in range(rounds):
        for what, (run, _) in ours.items():
            mine[what].append(_cpu_ms(run) / per)
        theirs.append(_cpu_ms(alternative) / per)
    return [
        Result(
            what,
            statistics.median(mine[what]),
            "cpu-ms",
            against,
            statistics.median(theirs),
            statistics.median(b / a for a, b in zip(mine[what], theirs, strict=True)),
            target,
        )
        for what, (_, target) in ours.items()
    ]


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _cpu_ms(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1000
