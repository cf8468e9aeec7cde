"""What a key costs in the console, at 80x24: to its first byte, in bytes, and in CPU on Sign-off."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks.console import sample_store
from benchmarks.measure import Result
from benchmarks.terminal import Console

STEPS = 40
EXAMPLES, SIGN_OFF = "2", "6"
"""Keys that open a screen."""


def run() -> list[Result]:
    """Steps down and up the list of examples, and through the fields of Sign-off; medians."""
    with tempfile.TemporaryDirectory() as folder, Console(sample_store(Path(folder))) as console:
        console.press(EXAMPLES)
        steps = [console.press("n" if number < STEPS // 2 else "p") for number in range(STEPS)]
        console.press(SIGN_OFF)
        before = console.cpu_s()
        for number in range(STEPS):
            console.press("j" if number % 2 == 0 else "k")
        cpu = (console.cpu_s() - before) / STEPS
    waits = [1000 * first for first, written in steps if written]
    sizes = [written / 1024 for _, written in steps if written]
    return [
        Result(
            "key to first byte, a step among the examples", statistics.median(waits), "ms", target="10 ms"
        ),
        Result("bytes per step at 80x24", statistics.median(sizes), "KB", target="8 KB"),
        Result("CPU per key on Sign-off", 1000 * cpu, "cpu-ms", target="50 ms"),
    ]
