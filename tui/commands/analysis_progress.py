"""`assay analyze` as seen from a terminal: one line of progress per stage, and the time left of it and of all."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tui.draw.safe_text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.plugin.stage import StageProgress
    from analysis.run.pipeline import OnProgress, Published
    from analysis.run.ray_engine import RayCluster

Result = TypeVar("Result")

PLAIN_INTERVAL_S = 10.0
"""Without a terminal, a stage that takes long says so this often."""


def analyze_with_progress(
    review: Path,
    *,
    fresh: bool = False,
    skip_bad_rows: bool = False,
    workers: int = 1,
    ray: RayCluster | None = None,
    group: str | None = None,
) -> Published:
    """Analyse a review; bars where stderr is a terminal, plain lines elsewhere."""
    from analysis.run.pipeline import analyze

    return with_progress(
        lambda on_progress: analyze(
            review,
            fresh=fresh,
            skip_bad_rows=skip_bad_rows,
            workers=workers,
            ray=ray,
            group=group,
            on_progress=on_progress,
        )
    )


def with_progress(run: Callable[[OnProgress], Result]) -> Result:
    """Do what tells how far it is; bars where stderr is a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        return run(PlainProgress())
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[count]}", markup=False, justify="right"),
        TextColumn("{task.fields[told]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, TaskID] = {}
        whole = progress.add_task("all steps", total=None, count="", told="")

        def show(event: StageProgress) -> None:
            if event.stage not in tasks:
                name = printable(event.stage)
                tasks[event.stage] = progress.add_task(name, total=event.total, count="", told="")
            count = f"{event.done}/{event.total}"
            told = ", ".join(filter(None, (cached_text(event), left_text(event))))
            progress.update(
                tasks[event.stage], completed=event.done, total=event.total, count=count, told=told
            )
            if event.run_eta_s is not None:
                passed = progress.tasks[whole].elapsed or 0.0
                progress.update(
                    whole, completed=passed, total=passed + event.run_eta_s, told=run_left_text(event)
                )

        return run(show)


def cached_text(event: StageProgress) -> str:
    """What needed no model time; empty where everything did."""
    return f"{event.cached:,} from cache" if event.cached else ""


def left_text(event: StageProgress) -> str:
    """How long the stage will still take; empty where it is done, or nothing is known."""
    if event.eta_s is None or event.done >= event.total:
        return ""
    return f"{_about(event.eta_s)} left"


def run_left_text(event: StageProgress) -> str:
    """How long all steps will still take; empty where nothing is known, or nothing is left."""
    return f"{_about(event.run_eta_s)} left in all" if event.run_eta_s and event.run_eta_s >= 1 else ""


def _about(seconds: float) -> str:
    return f"about {round(seconds)} s" if round(seconds) < 120 else f"about {round(seconds / 60)} min"


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
        took = (count, cached_text(event), f"{event.elapsed_s:.1f} s")
        told = filter(None, (*took, left_text(event), run_left_text(event)))
        sys.stderr.write(f"{printable(event.stage)}: {', '.join(told)}\n")
        sys.stderr.flush()
