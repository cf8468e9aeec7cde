"""Finds what a folder of this program, and what other installed packages, bring of one kind.

A new attribution method, detector or gate is one file in its folder; another package brings one by an entry point.
A plug-in runs its code in this process: whoever installs one trusts it as they trust Assay.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import pkgutil
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from analysis.base.errors import AssayError

_LOG = logging.getLogger(__name__)


def members(package: str, attribute: str, group: str, kind: type | None = None) -> list[Any]:
    """What the modules of a package have under one name, and what entry points of a group name.

    A plug-in that cannot be loaded is left out, so that it stops nobody else: the log says so, and `assay doctor` and
    `assay check` tell of it with its package.

    Args:
        package: where to look; its modules and packages without the attribute are passed over.
        attribute: the name, such as `DETECTOR`.
        group: the entry points, such as `assay.detectors`.
        kind: what an entry point has to name, or a tuple of them; None where anything will do.
    """
    folder = importlib.import_module(package)
    modules = [
        importlib.import_module(f"{package}.{one.name}") for one in pkgutil.iter_modules(folder.__path__)
    ]
    found = [getattr(module, attribute) for module in modules if hasattr(module, attribute)]
    for point in entry_points(group):
        try:
            found.append(load(point, kind))
        except AssayError as error:
            _LOG.warning("left out: %s", " ".join(str(error).split()))
    return found


@cache
def entry_points(group: str) -> tuple[importlib.metadata.EntryPoint, ...]:
    """The entry points of a group, by name."""
    return tuple(sorted(_installed(tuple(sys.path)).select(group=group), key=lambda point: point.name))


@cache
def _installed(path: tuple[str, ...]) -> Any:
    """All entry points of what is installed on a search path: read once, for each reading costs as much as any.

    They are of one type in Python 3.11 and of another from 3.12; both have `select`.
    """
    return importlib.metadata.entry_points()


def load(point: importlib.metadata.EntryPoint, kind: type | None = None) -> Any:
    """What an entry point names. Raises AssayError where it cannot be imported, or is no `kind` and no tuple of it."""
    where, hint = f"{distribution_of(point)}, {point.value}", "mend it, or uninstall that package"
    try:
        found = point.load()
    except Exception as error:
        message = f"the plug-in {point.name!r} cannot be loaded: {type(error).__name__}: {error}"
        raise AssayError(message, where=where, hint=hint) from error
    held = found if isinstance(found, tuple) else (found,)
    if kind is not None and not all(isinstance(one, kind) for one in held):
        raise AssayError(f"the plug-in {point.name!r} is no {kind.__name__}", where=where, hint=hint)
    return found


def distribution_of(point: importlib.metadata.EntryPoint) -> str:
    """Name and version of the package that an entry point is of."""
    return "a package without metadata" if point.dist is None else f"{point.dist.name} {point.dist.version}"


def deferred(module: str, name: str) -> Callable[..., Any]:
    """A function that is imported when it is first called, so that naming it costs nothing."""

    def call(*arguments: Any, **named: Any) -> Any:
        return getattr(importlib.import_module(module), name)(*arguments, **named)

    return call
