"""Finds what a folder of this program, and what other installed packages, bring of one kind.

A new attribution method, detector or gate is one file in its folder; another package brings one by an entry point.
A plug-in runs its code in this process: whoever installs one trusts it as they trust Assay.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any

from analysis.base.errors import AssayError


def members(package: str, attribute: str, group: str) -> list[Any]:
    """What the modules of a package have under one name, and what entry points of a group name.

    Args:
        package: a package of this program; its modules and packages without the attribute are passed over.
        attribute: the name, such as `DETECTOR`.
        group: the entry points, such as `assay.detectors`.

    Raises:
        AssayError: a plug-in cannot be imported; it says which, and of which package.
    """
    folder = importlib.import_module(package)
    modules = [
        importlib.import_module(f"{package}.{one.name}") for one in pkgutil.iter_modules(folder.__path__)
    ]
    found = [getattr(module, attribute) for module in modules if hasattr(module, attribute)]
    return found + [load(point) for point in entry_points(group)]


@cache
def entry_points(group: str) -> tuple[importlib.metadata.EntryPoint, ...]:
    """The entry points of a group, by name."""
    return tuple(sorted(importlib.metadata.entry_points(group=group), key=lambda point: point.name))


def load(point: importlib.metadata.EntryPoint) -> Any:
    """What an entry point names. Raises AssayError where it cannot be imported."""
    try:
        return point.load()
    except Exception as error:
        raise AssayError(
            f"the plug-in {point.name!r} cannot be loaded: {type(error).__name__}: {error}",
            where=f"{distribution_of(point)}, {point.value}",
            hint="mend it, or uninstall that package",
        ) from error


def distribution_of(point: importlib.metadata.EntryPoint) -> str:
    """Name and version of the package that an entry point is of."""
    return "a package without metadata" if point.dist is None else f"{point.dist.name} {point.dist.version}"


def deferred(module: str, name: str) -> Callable[..., Any]:
    """A function that is imported when it is first called, so that naming it costs nothing."""

    def call(*arguments: Any, **named: Any) -> Any:
        return getattr(importlib.import_module(module), name)(*arguments, **named)

    return call
