"""`assay demo`: the sample, analysed, and the console on it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from analysis.errors import AssayError

REVIEWS = ("review-rc1.toml", "review-rc2.toml")
PARTS = ("intent", "models")


def run_demo(directory: Path, say: Callable[[str], None]) -> int:
    """Copy the sample into `directory`, analyse both candidates and open the console on the first.

    Where there is no terminal, the status of the first is printed instead.

    Returns:
        The exit status of the console, or 0.

    Raises:
        AssayError: no sample, or a folder that cannot be written.
    """
    from tui.analysis_progress import analyze_with_progress

    sample = sample_folder()
    _copy(sample, directory)
    stores = []
    for name in REVIEWS:
        say(f"analysing {directory / name}")
        published = analyze_with_progress(directory / name)
        stores.append(published.store)
        say(f"  run {published.run} in {published.store}")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _say_status(stores[0], say)
    from tui.cli import require_terminal

    require_terminal(stores[0])
    from tui.app import run_console

    return run_console(stores[0], None, None, False, True)


def sample_folder() -> Path:
    """The folder of the sample. Raises AssayError where it was not installed."""
    folder = Path(__file__).resolve().parents[1] / "sample_data"
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


def _say_status(store: Path, say: Callable[[str], None]) -> int:
    from analysis.review import ReviewSession
    from tui.status_table import status_lines

    with ReviewSession.open(store, read_only=True) as session:
        for line in status_lines(session.status()):
            say(line)
    say(f"on a terminal: assay review {store}")
    return 0
