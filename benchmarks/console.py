"""Opening a finished review: import, session, gates; against importing torch, which it must not do."""

from __future__ import annotations

import os
import pty
import signal
import statistics
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from benchmarks.measure import Result

ROOT = Path(__file__).parents[1]
ROUNDS = 5
KEPT_BYTECODE = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""An installed program is compiled once, whatever the environment of whoever measures it says."""
OPEN = """
from pathlib import Path
import tui.console.app
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
with ReviewSession.open(Path({store!r}), read_only=True) as session:
    session.gates(); session.slices(); session.queue_page(Scope(), 0, 50)
"""

LAST_DRAWN = b"^p"
"""The key of the palette ends the bottom line, so that a screen that holds it is drawn whole."""


def sample_store(folder: Path) -> Path:
    """The store of the sample's defective candidate, freshly analysed into `folder`."""
    from analysis.run.pipeline import analyze

    text = (ROOT / "sample_data" / "review-rc1.toml").read_text("utf-8")
    review = folder / "review.toml"
    for name in ("titles.txt", "intent", "models", "retrieval", "response"):
        (folder / name).symlink_to(ROOT / "sample_data" / name)
    review.write_text(text, "utf-8")
    return analyze(review).store


def _seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=KEPT_BYTECODE)
    return time.perf_counter() - started


def start_review(store: Path) -> tuple[int, int]:
    """Start `assay review` in a terminal of 80x24; its process and the terminal."""
    child, terminal = pty.fork()
    if child == 0:
        environment = {**KEPT_BYTECODE, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        program = (
            "import sys; from tui.cli import entry; sys.argv = ['assay', 'review', sys.argv[1]]; entry()"
        )
        os.execve(sys.executable, [sys.executable, "-c", program, str(store)], environment)
    termios.tcsetwinsize(terminal, (24, 80))
    return child, terminal


def _first_screen(store: Path) -> float:
    """Seconds from the start of `assay review` until its first screen is drawn whole."""
    started = time.perf_counter()
    child, terminal = start_review(store)
    drawn = b""
    try:
        while LAST_DRAWN not in drawn:
            drawn += os.read(terminal, 1 << 16)
        return time.perf_counter() - started
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def run() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        store = sample_store(Path(folder))
        rounds = [
            (_seconds(OPEN.format(store=str(store))), _first_screen(store), _seconds("import torch"))
            for _ in range(ROUNDS)
        ]
    ours, painted, torch = (statistics.median(column) for column in zip(*rounds, strict=True))
    return [
        Result(
            "process start to gates, slices and first page of the queue", ours, "s", "`import torch` alone", torch,
            torch / ours, "0.5 s to first paint",
        ),
        Result(
            "`assay review` in a terminal of 80x24 to its first screen", painted, "s", "`import torch` alone", torch,
            torch / painted, "0.5 s to first paint",
        ),
    ]  # fmt: skip
