"""What the commands share: exit statuses, printing, opening a store, and how one is added to the parser."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tui.commands.advice import as_typed
from tui.draw.safe_text import printable

if TYPE_CHECKING:
    from analysis.review.session import ReviewSession

DONE, BLOCKED, WRONG, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses: done, promotable or verified; blocked; wrong input or usage; interrupted."""

Command = Callable[[argparse.Namespace], int]
"""Does what a command says; returns its exit status. Raises AssayError for what the user can mend."""


class Add(Protocol):
    """Adds a command to the parser, and returns its own parser for its arguments."""

    def __call__(self, name: str, command: Command, does: str) -> argparse.ArgumentParser:
        """Add the command `name`, which does what `does` says."""


def say(text: str) -> None:
    """Print text that may come from data, line by line."""
    for line in text.split("\n"):
        print(printable(line))


def open_session(store: Path, *, read_only: bool) -> ReviewSession:
    """The review of a store. Raises AssayError."""
    from analysis.review.session import ReviewSession

    return ReviewSession.open(store, read_only=read_only)


def open_console(store: Path, *, beside: Path | None = None, tour: bool = False) -> int:
    """The console on a store; where there is no terminal, its status is printed instead. Returns the exit status.

    Args:
        store: the review folder.
        beside: that of a second candidate.
        tour: begin with the tour of the first five minutes.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        from tui.commands.status_formats.text import FORMAT

        with open_session(store, read_only=True) as session:
            print(FORMAT.write(session.status()))
        say(f"on a terminal: {as_typed('review', store)}")
        return DONE
    from tui.commands.terminal_facts import require_terminal

    require_terminal(store)
    from tui.console.app import run_console

    return run_console(store, None, None, False, True, beside=beside, tour=tour)


def add_store(parser: argparse.ArgumentParser) -> None:
    """The argument that most commands begin with."""
    parser.add_argument("store", metavar="STORE", type=Path)
