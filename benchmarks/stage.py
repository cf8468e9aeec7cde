"""CPU time of the whole attribution stage of a hundred messages, against the first build's."""

from __future__ import annotations

from pathlib import Path

from benchmarks.first_build import HERE, beside, first_build, pairs
from benchmarks.measure import Result

MESSAGES = 100
PAIRS = (("clinc150", 0, "healthy"),)


def run(data: Path | None = None, work: Path | None = None) -> list[Result]:
    """All queued methods on both sides, licences and flips, and where this tree's time goes; one thread."""
    results: list[Result] = []
    with first_build() as old:
        for pair in pairs(data, work, MESSAGES, PAIRS):
            ours, theirs = (beside(tree, "stage", pair) for tree in (HERE, old))
            results.append(
                Result(
                    f"{pair.name}: attribution stage of {len(pair.texts)} messages, one thread",
                    ours["cpu_s"],
                    "cpu-s",
                    "the first build",
                    theirs["cpu_s"],
                    theirs["cpu_s"] / ours["cpu_s"],
                    "3x",
                )
            )
            for part in sorted({*ours["parts"], *theirs["parts"]}):
                mine, other = ours["parts"].get(part, 0.0), theirs["parts"].get(part, 0.0)
                results.append(
                    Result(
                        f"{pair.name}: of it {part.replace('_', ' ')}",
                        mine,
                        "cpu-s",
                        "the first build",
                        other,
                        other / mine if mine else None,
                    )
                )
    return results
