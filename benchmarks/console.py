"""Opening a finished review: import, session, gates; against importing torch, which it must not do."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
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

PAINT = """
import asyncio
from pathlib import Path
from analysis.review.session import ReviewSession
from tui.console.app import AssayApp
from tui.draw.theme import Colours
async def paint():
    with ReviewSession.open(Path({store!r})) as session:
        async with AssayApp(session, Colours()).run_test(size=(80, 24)) as pilot:
            await pilot.pause()
asyncio.run(paint())
"""


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


def run() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        store = sample_store(Path(folder))
        ours, painted = (
            sorted(_seconds(code.format(store=str(store))) for _ in range(ROUNDS))[ROUNDS // 2]
            for code in (OPEN, PAINT)
        )
    torch = sorted(_seconds("import torch") for _ in range(ROUNDS))[ROUNDS // 2]
    return [
        Result(
            "process start to gates, slices and first page of the queue", ours, "s", "`import torch` alone", torch,
            torch / ours, "0.5 s to first paint",
        ),
        Result(
            "process start to the overview drawn at 80x24", painted, "s", "`import torch` alone", torch,
            torch / painted, "0.5 s to first paint",
        ),
    ]  # fmt: skip
