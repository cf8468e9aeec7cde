"""Run the benchmarks and keep their results: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    attribution,
    change,
    console,
    detectors,
    drift,
    journal,
    neighbours,
    retrieval,
    retrieval_null,
)
from benchmarks.measure import Result

BENCHMARKS = {
    "attribution": attribution.run,
    "change": change.run,
    "journal": journal.run,
    "console": console.run,
    "detectors": detectors.run,
    "drift": drift.run,
    "neighbours": neighbours.run,
    "retrieval": retrieval.run,
    "retrieval_null": retrieval_null.run,
}
RESULTS = Path(__file__).parent / "results.json"
LIBRARIES = ("captum", "duckdb", "numpy", "scikit-learn", "textual", "torch", "transformers")


def machine() -> dict[str, str | int]:
    """Where the figures come from."""
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
    return {"cpu": cpu, "cores": cores, "python": platform.python_version(), **versions}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark named {unknown[0]!r}; known: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    for name in names or list(BENCHMARKS):
        print(f"{name}")
        results: list[Result] = BENCHMARKS[name]()
        for one in results:
            print(f"  {one.sentence()}")
        # Read again for each, and written after each: benchmarks may run side by side, or be stopped.
        kept = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
        kept[name] = {
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "results": [one.as_dict() for one in results],
        }
        RESULTS.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
