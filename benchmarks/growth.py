"""How time and memory grow with the examples of a review: recorded predictions, so that no model's time hides ours.

The texts are drawn from 5,000 words, all different, as messages of 8 to 24 words.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from itertools import accumulate
from pathlib import Path
from typing import Any

from benchmarks.measure import Result
from benchmarks.steps import measured

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


def run(sizes: tuple[int, ...] = SIZES) -> list[Result]:
    """Memory, and time per example in all and by step, at each size.

    The ratio of a time is that of the size before over its own: below 1 / 1.1 it grew by more than a tenth.
    """
    results: list[Result] = []
    before: tuple[int, dict[str, float], float] | None = None
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            seconds, peak = measured(write_review(Path(folder), size))
        results.append(_memory(size, peak, before))
        for step in (None, *seconds):
            spent = sum(seconds.values()) if step is None else seconds[step]
            mine = 1000 * spent / size
            other = None
            if before is not None:
                earlier = sum(before[1].values()) if step is None else before[1].get(step, 0.0)
                other = 1000 * earlier / before[0]
            results.append(
                Result(
                    f"{step or 'all steps'}, {size:,} recorded examples, an example",
                    mine,
                    "cpu-ms",
                    "" if before is None else f"of {before[0]:,}",
                    other,
                    None if other is None or not mine else other / mine,
                    "constant",
                )
            )
        before = (size, seconds, peak)
    return results


def _memory(size: int, peak: float, before: tuple[int, dict[str, float], float] | None) -> Result:
    against = "" if before is None else f"{before[0]:,}"
    other = None if before is None else before[2]
    ratio = None if other is None else other / peak
    return Result(f"peak memory, {size:,} recorded examples", peak, "MB", against, other, ratio, "flat")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    for result in run(tuple(parser.parse_args().sizes)):
        print(result.sentence())
