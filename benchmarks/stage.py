"""CPU time of all that attributes a hundred messages, against the first build's, and what it licenses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.first_build import HERE, beside, first_build, pairs
from benchmarks.measure import Result

MESSAGES = 100
PAIRS = (("clinc150", 0, "healthy"), ("banking77", 0, "healthy"))


def run(data: Path | None = None, work: Path | None = None) -> list[Result]:
    """The method that leads, options, all queued methods on both sides, licences, and what reverts a flip; one thread.

    Which parts the first build did in one stage, `benchmarks.beside` says. Beside it where this tree's time goes, and
    the licensed share of the predicted classes by method and side.
    """
    results: list[Result] = []
    with first_build() as old:
        for pair in pairs(data, work, MESSAGES, PAIRS):
            ours, theirs = (beside(tree, "stage", pair) for tree in (HERE, old))
            found = [
                Result(
                    f"{pair.name}: attribution of {len(pair.texts)} messages, one thread",
                    ours["cpu_s"],
                    "cpu-s",
                    "the first build",
                    theirs["cpu_s"],
                    theirs["cpu_s"] / ours["cpu_s"],
                    "3x",
                )
            ]
            for part in sorted({*ours["parts"], *theirs["parts"]}):
                mine, other = ours["parts"].get(part), theirs["parts"].get(part)
                name = f"{pair.name}: of it {part.replace('_', ' ')}"
                if mine is None:
                    found.append(Result(f"{name}, in the first build", other, "cpu-s"))
                elif other is None:
                    found.append(Result(name, mine, "cpu-s"))
                else:
                    found.append(Result(name, mine, "cpu-s", "the first build", other, other / mine))
            results += [*found, *shares(pair.name, "", ours), *shares(pair.name, ", first build", theirs)]
            print(f"  {found[0].sentence()}", flush=True)
    return results


def shares(pair: str, build: str, found: dict[str, Any]) -> list[Result]:
    """Licensed share of what can be decided, by method and side."""
    return [
        Result(
            f"{pair}{build}: licensed share, {one['method'].replace('_', ' ')}, {one['side']},"
            f" of {one['decidable']}",
            one["licensed"] / one["decidable"],
            "of 1",
        )
        for one in found["licensed"]
    ]
