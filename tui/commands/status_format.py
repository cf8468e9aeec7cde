"""What a format of `assay status` is, and how one is found.

A format is `FORMAT` in a file of `tui/commands/status_formats`; another package brings one by an entry point of the
group `assay.status_formats` that names its `StatusFormat`.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.plugin.discovery import members

GROUP = "assay.status_formats"
FORMATS = "tui.commands.status_formats"


@dataclass(frozen=True)
class StatusFormat:
    """One way to print the status of a review.

    Args:
        name: what `--format` calls it.
        write: the text for one `ReviewSession.status()`, without a line end after the last line; what comes from data
            in it must be printable.
        append: further texts, by the environment variable with which a pipeline names the file that they are appended
            to; nothing happens where it names none.
    """

    name: str
    write: Callable[[Mapping[str, Any]], str]
    append: Mapping[str, Callable[[Mapping[str, Any]], str]] = field(default_factory=dict)


def format_names() -> list[str]:
    """The names of the formats that are built in, sorted; none is imported for it."""
    folder = importlib.resources.files(FORMATS)
    return sorted(Path(one.name).stem for one in folder.iterdir() if not one.name.startswith("_"))


def status_format(name: str) -> StatusFormat:
    """The format of that name. Raises AssayError where there is none; it names the nearest."""
    known: dict[str, StatusFormat] = {
        one.name: one for one in members(FORMATS, "FORMAT", GROUP, StatusFormat)
    }
    if name not in known:
        raise AssayError(f"there is no format {name!r}", where="--format", hint=suggest(name, known))
    return known[name]
