"""`assay analyze` as seen from a terminal: one line of progress per stage."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tui.draw.safe_text import printable

if TYPE_CHECKING:
    from analysis.plugin.stage import StageProgress
    from analysis.run.pipeline import OnProgress, Published

PLAIN_INTERVAL_S = 10.0
"""Without a terminal, a stage that takes long says so this often."""


def analyze_with_progress(
    review: Path,
    *,
    fresh: bool = False,
    skip_bad_rows: bool = False,
) -> Published:
    """Analyse a review; bars where stderr is a terminal, plain lines elsewhere."""
    from analysis.run.pipeline import analyze

    def run(on_progress: OnProgress) -> Published:
        return analyze(review, fresh=fresh, skip_bad_rows=skip_bad_rows, on_progress=on_progress)

    if not sys.stderr.isatty():
        return run(PlainProgress())
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[told]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, TaskID] = {}

        def show(event: StageProgress) -> None:
            if event.stage not in tasks:
                tasks[event.stage] = progress.add_task(printable(event.stage), total=event.total, told="")
            told = ", ".join(filter(None, (cached_text(event), left_text(event))))
            progress.update(tasks[event.stage], completed=event.done, total=event.total, told=told)

        return run(show)


def cached_text(event: StageProgress) -> str:
    """What needed no model time; empty where everything did."""
    return f"{event.cached:,} from cache" if event.cached else ""


def left_text(event: StageProgress) -> str:
    """How long the stage will still take; empty where it is done, or nothing is known."""
    if event.eta_s is None or event.done >= event.total:
        return ""
    seconds = round(event.eta_s)
    return f"about {seconds} s left" if seconds < 120 else f"about {round(seconds / 60)} min left"


class PlainProgress:
    """One line when a stage is done, and one now and then while it runs."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, event: StageProgress) -> None:
        finished = event.done >= event.total
        if not finished and time.monotonic() - self._said < PLAIN_INTERVAL_S:
            return
        self._said = time.monotonic()
        count = f"{event.done:,} of {event.total:,}"
        told = filter(None, (count, cached_text(event), f"{event.elapsed_s:.1f} s", left_text(event)))
        sys.stderr.write(f"{printable(event.stage)}: {', '.join(told)}\n")
        sys.stderr.flush()
