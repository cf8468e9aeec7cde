"""How time and memory grow with the examples of a review: recorded predictions, so that no model's time hides ours.

Each size is analysed in a process of its own. A step's time is CPU from the end of the step before it to its own end,
so that planning, loading and inserting its rows count; what stands before the first step is named with it, what comes
after the last is `publishing`. The texts are drawn from 5,000 words, all different, as messages of 8 to 24 words.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from itertools import accumulate
from pathlib import Path
from typing import Any

from benchmarks.measure import Result

SIZES = (1_000, 10_000, 100_000)
CLASSES = 20
WORDS = 5_000
SURE = 0.9
"""Share of the messages that a side takes for what they are."""
CHANNELS = ("web", "app", "phone")
REVIEW = """\
[review]
name = "growth"
owner = "benchmark"
base_version = "base"
candidate_version = "candidate"
seed = 0
device = "cpu"

[queue]
budget = 100
controls = 20

[intent]
predictions = "messages.jsonl"
examples = "messages.jsonl"
base_label = "base_label"
base_p = "base_p"
candidate_label = "candidate_label"
candidate_p = "candidate_p"

[intent.slices]
phone = "channel = 'phone'"
"""


def write_review(folder: Path, size: int) -> Path:
    """A review of so many messages, with what both sides predicted beside them."""
    rng = random.Random(size)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 9))) for _ in range(WORDS)]
    # As often as words of a language are: the n-th about 1/n times as often as the first.
    often = list(accumulate(1 / (place + 1) for place in range(WORDS)))
    with (folder / "messages.jsonl").open("w", encoding="utf-8") as file:
        for number in range(size):
            gold = rng.randrange(CLASSES)
            row: dict[str, Any] = {
                "id": f"m{number}",
                "text": f"{' '.join(rng.choices(words, cum_weights=often, k=rng.randint(7, 23)))} {number}",
                "label": f"class-{gold:02}",
                "channel": rng.choice(CHANNELS),
            }
            for side in ("base", "candidate"):
                said = gold if rng.random() < SURE else rng.randrange(CLASSES)
                row[f"{side}_label"] = f"class-{said:02}"
                row[f"{side}_p"] = round(rng.uniform(0.4, 1.0), 3)
            file.write(f"{json.dumps(row)}\n")
    review = folder / "review.toml"
    review.write_text(REVIEW, "utf-8")
    return review


def measure(review: Path) -> dict[str, Any]:
    """CPU seconds by step, and the most memory (MB), of the analysis of a review in this process."""
    import resource
    import time

    from analysis.plugin.stage import StageProgress
    from analysis.run.pipeline import analyze

    spent: dict[str, float] = {}
    peaks: dict[str, float] = {}
    before = time.process_time()

    def close(step: str) -> None:
        nonlocal before
        now = time.process_time()
        spent[step] = spent.get(step, 0.0) + now - before
        peaks[step] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        before = now

    def hear(event: StageProgress) -> None:
        close(event.stage if spent else f"reading, and {event.stage}")

    analyze(review, on_progress=hear)
    close("publishing")
    return {"steps": spent, "peaks_mb": peaks, "peak_mb": peaks["publishing"]}


def run(sizes: tuple[int, ...] = SIZES) -> list[Result]:
    """Time per example by step and in all, and memory, at each size; ratios are the largest against the smallest."""
    found = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            review = write_review(Path(folder), size)
            command = [sys.executable, "-m", "benchmarks.growth", "--one", str(review)]
            found[size] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            print(json.dumps({size: found[size]}), flush=True)
    results = []
    for size, one in found.items():
        results.append(Result(f"peak memory, {size:,} recorded examples", one["peak_mb"], "MB"))
        results.append(
            Result(
                f"all steps, {size:,} recorded examples, an example",
                1000 * sum(one["steps"].values()) / size,
                "cpu-ms",
            )
        )
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--one", type=Path)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(measure(options.one)))
    else:
        for result in run(tuple(options.sizes)):
            print(result.sentence())
