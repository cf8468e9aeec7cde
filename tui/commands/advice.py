"""Command lines that a user is advised to type."""

from __future__ import annotations

import shlex


def as_typed(*arguments: object) -> str:
    """The command line of these arguments, as a shell reads it: an advice that can be copied, whatever paths hold."""
    return shlex.join(["assay", *map(str, arguments)])


def skipping(asked: bool) -> tuple[str, ...]:
    """The option that goes on without bad rows, where it was asked for or is needed."""
    return ("--skip-bad-rows",) if asked else ()
