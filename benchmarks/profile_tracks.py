"""Where the time goes in each track: CPU seconds of every step of the sample's review of all three."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path

from benchmarks.console import sample_review
from benchmarks.measure import Result
from benchmarks.steps import LAST, measured


def run() -> list[Result]:
    """The steps of each track, the longest first, with their share of the track."""
    with tempfile.TemporaryDirectory() as folder:
        seconds, peak = measured(sample_review(Path(folder)))
    tracks: dict[str, dict[str, float]] = defaultdict(dict)
    for step, spent in seconds.items():
        tracks["frame" if step == LAST else step.rpartition(" ")[2].partition(".")[0]][step] = spent
    results = [Result("the sample's review of three tracks, peak memory", peak, "MB")]
    for track, steps in tracks.items():
        whole = sum(steps.values())
        results.append(Result(f"{track}: all steps", whole, "cpu-s"))
        for step, spent in sorted(steps.items(), key=lambda one: -one[1]):
            results.append(Result(f"{track}: {step}, {spent / whole:.0%}", spent, "cpu-s"))
    return results
