"""Which program the name `assay` starts: another package may bring one of the same name."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

NAME = "assay"
OTHER_NAME = "assay-review"
"""The same command under the name of the package."""


def command_fact() -> str:
    """Where this command is, or what stands before it on the PATH and how to call it then."""
    found = list(dict.fromkeys(_on_path(NAME)))
    own = _own()
    if not any(_same(path, own) for path in found):
        where = f"{own}, which is not on the PATH" if own.is_file() else "not installed: python -m tui.cli"
        clash = f"; {found[0]} is another program" if found else ""
        return f"{where}{clash}"
    if not _same(found[0], own):
        return f"{found[0]} is another program and comes first on the PATH: call {OTHER_NAME}, or {own}"
    others = [str(path) for path in found if not _same(path, own)]
    return f"{found[0]}" + (
        f"; behind it on the PATH, another program: {', '.join(others)}" if others else ""
    )


def _own() -> Path:
    """The command of this installation: of its environment, or of the user."""
    schemes = (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user"))
    places = [Path(sysconfig.get_path("scripts", scheme)) / NAME for scheme in schemes]
    # Beside the command that was called, where it was installed with `--target` or `--prefix`.
    called = Path(sys.argv[0]).with_name(NAME) if Path(sys.argv[0]).name in (NAME, OTHER_NAME) else None
    places = [called, *places] if called is not None else places
    return next((path for path in places if path.is_file()), places[0])


def _on_path(name: str) -> Iterator[Path]:
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = Path(folder or ".") / name
        if path.is_file() and os.access(path, os.X_OK):
            yield path


def _same(path: Path, own: Path) -> bool:
    try:
        return path.samefile(own)
    except OSError:
        return False
