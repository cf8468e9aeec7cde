"""Interleaved timing of alternatives, the shape of a result, and where it was measured."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

LIBRARIES = ("captum", "duckdb", "numpy", "scikit-learn", "textual", "torch", "transformers")


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


def machine() -> dict[str, str | int | float]:
    """Where the figures come from: processor, cores, load of the last minute, versions."""
    cpu = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.partition(":")[2].strip()
            for line in cpuinfo.read_text().splitlines()
            if "model name" in line
        ]
        cpu = names[0] if names else cpu
        cores = len(names)
    else:
        cores = 0
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    load = round(os.getloadavg()[0], 1)
    return {"cpu": cpu, "cores": cores, "load": load, "python": platform.python_version(), **versions}
