"""Run the benchmarks and keep their results: `python -m benchmarks [NAME ...] [--data DIR --work DIR]`.

Each writes `benchmarks/results/NAME.json`; the table of the README is made of what lies there (`benchmarks.budget`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    attribution,
    budget,
    change,
    console,
    demo,
    detectors,
    drift,
    gpu,
    growth,
    journal,
    keys,
    licence,
    million,
    neighbours,
    profile_tracks,
    retrieval,
    retrieval_null,
    stage,
    workers,
)
from benchmarks.measure import Result, machine

BENCHMARKS: dict[str, Callable[[], list[Result]]] = {
    "change": change.run,
    "journal": journal.run,
    "console": console.run,
    "detectors": detectors.run,
    "drift": drift.run,
    "gpu": gpu.run,
    "growth": growth.run,
    "keys": keys.run,
    "million": million.run,
    "workers": workers.run,
    "profile": profile_tracks.run,
    "demo": demo.run,
    "neighbours": neighbours.run,
    "retrieval": retrieval.run,
    "retrieval_null": retrieval_null.run,
}
ON_MODELS = {"attribution": attribution.run, "licence": licence.run, "stage": stage.run}
"""Those that take the sample's models, and those that `benchmarks.shortcuts` trained where they are given."""


def main(given: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    known = [*BENCHMARKS, *ON_MODELS]
    parser.add_argument("names", nargs="*", choices=known, metavar="NAME", help=f"all of: {', '.join(known)}")
    parser.add_argument("--data", type=Path, help="folder with clinc150.jsonl and banking77.jsonl")
    parser.add_argument(
        "--work", type=Path, help="what `python -m benchmarks.shortcuts` kept, with its models"
    )
    options = parser.parse_args(given)
    for name in options.names or known:
        print(f"{name}")
        results = BENCHMARKS[name]() if name in BENCHMARKS else ON_MODELS[name](options.data, options.work)
        for one in results:
            print(f"  {one.sentence()}")
        if not results:
            # What cannot be measured here leaves what was measured elsewhere.
            continue
        kept = {
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "results": [one.as_dict() for one in results],
        }
        # Written after each: benchmarks may run side by side, or be stopped.
        budget.RESULTS.mkdir(exist_ok=True)
        path = budget.RESULTS / f"{name}.json"
        path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", "utf-8")
        budget.write()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
