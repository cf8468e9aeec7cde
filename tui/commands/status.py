"""`assay status`: gates, queue and decision, in one of the formats that its folder and other packages bring."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from tui.commands.common import BLOCKED, DONE, INTERRUPTED, WRONG, Add, add_store, open_session
from tui.commands.status_format import format_names, status_format


def add(to: Add) -> None:
    """Add the command."""
    status = to("status", _status, "prints gates, queue and decision; exit 0 only if promotable")
    add_store(status)
    known = f"{', '.join(format_names())}, or a plug-in's"
    status.add_argument("--format", metavar="NAME", default="text", help=known)
    status.add_argument("--json", action="store_const", dest="format", const="json", help="--format json")
    status.add_argument("-o", "--output", metavar="FILE", type=Path, help="write it there, not to the screen")
    status.add_argument(
        "--waiting-exit",
        metavar="N",
        type=_exit_status,
        default=BLOCKED,
        help=f"exit status while verdicts, data or a decision are awaited (default {BLOCKED})",
    )


def _exit_status(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 255 or number in (WRONG, INTERRUPTED):
        raise argparse.ArgumentTypeError(f"must be 0 to 255, and not {WRONG} or {INTERRUPTED}: not {text}")
    return number


def _status(arguments: argparse.Namespace) -> int:
    chosen = status_format(arguments.format)
    with open_session(arguments.store, read_only=True) as session:
        session.check_evidence()
        status = session.status()
    text = chosen.write(status) + "\n"
    if arguments.output is None:
        print(text, end="")
    else:
        _write(arguments.output, text, "w")
    for variable, write in chosen.append.items():
        if named := os.environ.get(variable):
            _write(Path(named), write(status) + "\n", "a")
    return exit_status(status, arguments.waiting_exit)


def exit_status(status: Mapping[str, Any], waiting: int = BLOCKED) -> int:
    """What `assay status` ends with: 0 if promotable, `waiting` while something is awaited, else 1."""
    if status["promotable"]:
        return DONE
    return waiting if status["state"] == "waiting" else BLOCKED


def _write(path: Path, text: str, mode: str) -> None:
    # In place: what a pipeline names may be a pipe, a device, or a file that another process holds open.
    try:
        with path.open(mode, encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise AssayError(
            f"the status cannot be written: {error.strerror}",
            where=str(path),
            hint="name another file with -o",
        ) from None
