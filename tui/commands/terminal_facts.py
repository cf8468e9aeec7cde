"""What this terminal is: for `assay doctor`, and to refuse a console where none can be drawn."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from analysis.base.errors import AssayError
from tui.commands.advice import as_typed

UNDRAWABLE = ("", "dumb", "unknown")
"""Values of TERM on which the console cannot be drawn."""


def require_terminal(store: Path) -> None:
    """Raise AssayError where the console cannot be drawn: no terminal, or a dumb one."""
    plain = f"use --plain for the same review line by line: {as_typed('review', store, '--plain')}"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise AssayError(
            "the console needs a terminal, and this is not one", where="assay review", hint=plain
        )
    term = os.environ.get("TERM", "")
    if term in UNDRAWABLE:
        raise AssayError("the console cannot be drawn on a dumb terminal", where=f"TERM={term}", hint=plain)


def terminal_facts() -> list[str]:
    """Facts of the terminal, one a line, with a remedy where the console could not be drawn."""
    tty = sys.stdin.isatty() and sys.stdout.isatty()
    size = shutil.get_terminal_size()
    term = os.environ.get("TERM", "")
    drawable = tty and term not in UNDRAWABLE
    console = "can be drawn" if drawable else "cannot be drawn here: assay review STORE --plain"
    encoding = sys.stdout.encoding or "unknown"
    utf8 = encoding.lower().replace("-", "") == "utf8"
    return [
        fact_line("console", console),
        fact_line(
            "terminal",
            f"{term or 'TERM is not set'}, {size.columns}x{size.lines}" + ("" if tty else ", not a tty"),
        ),
        fact_line("colour", _colour(term)),
        fact_line("text", encoding if utf8 else f"{encoding}: set LANG or PYTHONUTF8=1 for UTF-8"),
        fact_line("remote", ", ".join(_links()) or "no"),
    ]


def fact_line(name: str, fact: str) -> str:
    """One fact as `assay doctor` prints it."""
    return f"{name:<14}{fact}"


def _colour(term: str) -> str:
    if os.environ.get("NO_COLOR"):
        return "none (NO_COLOR is set)"
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "16 million (COLORTERM)"
    if term.endswith("-256color"):
        return "256 (TERM)"
    return "16, or set COLORTERM=truecolor where the terminal can"


def _links() -> list[str]:
    names = {"SSH_CONNECTION": "SSH", "TMUX": "tmux", "STY": "screen"}
    return [name for variable, name in names.items() if os.environ.get(variable)]
