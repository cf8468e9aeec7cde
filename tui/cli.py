"""The `assay` command: parses arguments, calls the command, and prints every failure in words."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from analysis.base.errors import AssayError
from analysis.base.sql import without_pandas
from tui.commands import analyze, card, compare, demo, doctor, plan, record, report, review, status, store
from tui.commands.common import DONE, INTERRUPTED, WRONG, Command
from tui.console.connection import connection, gone
from tui.draw.safe_text import printable

PROGRAM = "assay"
COMMANDS = (demo, analyze, plan, review, status, compare, record, report, card, store, doctor)
"""The modules that add commands, in the order in which help lists them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status and prints every failure in words."""
    arguments = command_parser().parse_args(argv)
    command: Command = arguments.command
    try:
        _require_text(arguments)
        return command(arguments)
    except AssayError as error:
        _print_error(error)
        return WRONG
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; keep the interpreter from failing on the flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if gone():
            # Whatever fails where nobody listens any more is no failure of the program.
            return INTERRUPTED
        _print_unexpected(error)
        return WRONG


def entry() -> NoReturn:
    """Entry point of the installed command."""
    connection()
    _silence_libraries()
    # What a start makes stays: walking over it every 700 objects cost a tenth of the time to the first screen.
    gc.set_threshold(100_000)
    without_pandas()
    raise SystemExit(main())


def _silence_libraries() -> None:
    """Keep warnings of libraries out of the output, unless Python was told what to do with them.

    They are written for programmers; what a user should know is printed by the command itself.
    """
    # From -W, PYTHONWARNINGS and -X dev alike.
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _require_text(arguments: argparse.Namespace) -> None:
    """Refuse arguments whose bytes are no text: nothing could record them. A path may hold any. Raises AssayError."""
    for name, value in vars(arguments).items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and one != one.encode("utf-8", "ignore").decode("utf-8"):
                raise AssayError(
                    f"{printable(one)!r} is not text: its bytes are not UTF-8",
                    where=f"argument {name}",
                    hint="type it anew, in a terminal and a locale of UTF-8",
                )


def _print_error(error: AssayError) -> None:
    where = f"{printable(error.where)}: " if error.where else ""
    first, *rest = error.message.split("\n")
    print(f"{PROGRAM}: {where}{printable(first)}", file=sys.stderr)
    for line in rest:
        print(f"  {printable(line)}", file=sys.stderr)
    if error.hint:
        print(f"  {printable(error.hint)}", file=sys.stderr)


def _print_unexpected(error: Exception) -> None:
    what = printable(f"{type(error).__name__}: {error}".split("\n")[0])
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    text = "".join(traceback.format_exception(error))
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / PROGRAM
    for folder in (state, Path(tempfile.gettempdir())):
        log = folder / f"{PROGRAM}-{stamp}-{os.getpid()}.log"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            log.write_text(text, "utf-8", errors="backslashreplace")
        except OSError as failure:
            print(f"{PROGRAM}: {printable(str(folder))}: {failure.strerror}", file=sys.stderr)
            continue
        print(f"{PROGRAM}: failed unexpectedly: {what}", file=sys.stderr)
        print(f"  details are in {printable(str(log))}", file=sys.stderr)
        return
    print(f"{PROGRAM}: failed unexpectedly: {what}", file=sys.stderr)


def _version() -> str:
    import importlib.metadata

    try:
        return importlib.metadata.version("assay-review")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def command_parser() -> argparse.ArgumentParser:
    """The parser of the command line, with every command."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Why did the behaviour of a fine-tuned model change, and may the change be trusted?",
        epilog="Exit status: 0 done, promotable or verified; 1 blocked or not verified; "
        "2 wrong input or usage; 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def to(name: str, command: Command, does: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=does, description=does[0].upper() + does[1:] + ".")
        added.set_defaults(command=command)
        return added

    for module in COMMANDS:
        module.add(to)
    return parser


if __name__ == "__main__":
    entry()
