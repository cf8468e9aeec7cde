"""`assay demo`: the sample, analysed, and the console on it."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.base.errors import AssayError
from tui.commands.advice import as_typed
from tui.commands.common import Add, open_console, say

REVIEWS = ("review-rc1.toml", "review-rc2.toml")
PARTS = ("intent", "retrieval", "response", "models")
_BESIDE = "from analysis.base.limited import end_with; end_with({parent}); from tui.cli import entry; entry()"
"""The other analysis, which nobody waits for once this process has ended."""


def add(to: Add) -> None:
    """Add the command."""
    demo = to("demo", _demo, "analyses the sample and opens the console on it")
    demo.add_argument("directory", metavar="DIR", type=Path, nargs="?", default=Path("assay-demo"))


def _demo(arguments: argparse.Namespace) -> int:
    return run_demo(arguments.directory)


def run_demo(directory: Path) -> int:
    """Copy the sample into `directory`, analyse both candidates and open the console on the first.

    The second candidate is analysed in a process of its own meanwhile. Where there is no terminal, the
    status of the first is printed instead.

    Returns:
        The exit status of the console, or 0.

    Raises:
        AssayError: no sample, a folder that cannot be written, or a second analysis that failed.
    """
    from analysis.run.review_file import load_review
    from tui.commands.analysis_progress import analyze_with_progress

    sample = sample_folder()
    _copy(sample, directory)
    first, second = (directory / name for name in REVIEWS)
    say(f"analysing {first} and, beside it, {second}")
    with _beside(second):
        published = analyze_with_progress(first)
        say(f"  run {published.run} in {published.store}; waiting for the other")
    return open_console(published.store, beside=load_review(second).store_path, tour=True)


@contextmanager
def _beside(review: Path) -> Iterator[None]:
    """Analyse a review in another process while the block runs, and wait for it at the end."""
    log = review.with_suffix(".log")
    with log.open("wb") as output:
        command = [sys.executable, "-c", _BESIDE.format(parent=os.getpid()), "analyze", str(review.resolve())]
        other = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield
        status = other.wait()
    finally:
        if other.poll() is None:
            other.kill()
            other.wait()
    if status != 0:
        raise AssayError(
            f"the analysis of {review.name} failed", where=str(log), hint=as_typed("analyze", review)
        )


def sample_folder() -> Path:
    """The folder of the sample. Raises AssayError where it was not installed."""
    package = Path(__file__).resolve().parents[1]
    # In the package where it was installed; beside it in a clone, as an editable installation has it.
    installed, cloned = package / "sample", package.parent / "sample_data"
    folder = installed if installed.is_dir() else cloned
    missing = [name for name in (*REVIEWS, *PARTS) if not (folder / name).exists()]
    if missing:
        raise AssayError(
            f"the sample is not here: no {', '.join(missing)}",
            where=str(folder),
            hint="run the demo from a clone of the repository",
        )
    return folder


def _copy(sample: Path, directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path in sorted(sample.iterdir()):
            if path.name in PARTS:
                shutil.copytree(path, directory / path.name, dirs_exist_ok=True)
            elif path.suffix in (".toml", ".txt"):
                shutil.copyfile(path, directory / path.name)
    except OSError as error:
        raise AssayError(
            f"the sample cannot be copied: {error.strerror}", where=str(directory), hint="assay demo DIR"
        ) from None
