"""`assay review`: the console on a store, or the same review line by line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tui.commands.common import Add, add_store


def add(to: Add) -> None:
    """Add the command."""
    review = to("review", _review, "opens the console on a store")
    add_store(review)
    review.add_argument("--reviewer", metavar="NAME", help="name shown beside your verdicts")
    review.add_argument(
        "--beside", metavar="STORE", type=Path, help="another candidate's review, shown beside this one"
    )
    review.add_argument("--plain", action="store_true", help="the same review, line by line")
    review.add_argument("--color", choices=("truecolor", "256", "16", "none"), help="colour depth")
    review.add_argument("--light", action="store_true", help="colours for a light background")
    review.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")


def _review(arguments: argparse.Namespace) -> int:
    if arguments.plain:
        from tui.commands.plain import run_plain

        return run_plain(arguments.store, arguments.reviewer, sys.stdin, sys.stdout, beside=arguments.beside)
    from tui.commands.terminal_facts import require_terminal

    require_terminal(arguments.store)
    from tui.console.app import run_console

    return run_console(
        arguments.store,
        arguments.reviewer,
        arguments.color,
        arguments.light,
        not arguments.no_mouse,
        beside=arguments.beside,
    )
