"""What `assay init` saw in a folder: what it took each thing for, or why not and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.base.errors import AssayError


@dataclass(frozen=True)
class Seen:
    """A folder or file.

    Args:
        path: of it.
        what: what it is, or what is wrong with it.
        remedy: the command or line that mends it, where something is wrong.
    """

    path: Path
    what: str
    remedy: str = ""


def fault(path: Path, error: AssayError) -> Seen:
    """What was seen of something that cannot be used."""
    first, *_ = error.message.split("\n")
    inside = ""
    if error.where and not str(path).startswith(error.where) and str(path) in error.where:
        inside = error.where.split(str(path), 1)[1].lstrip("/:")
    if inside.isdecimal():
        inside = f"line {inside}"
    return Seen(path, f"{inside}: {first}" if inside else first, " ".join((error.hint or "").split()))
