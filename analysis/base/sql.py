"""SQL files: read from the package that they lie in, and split into their named queries."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_NAME = re.compile(r"^-- name: (\w+)[ \t]*$", re.MULTILINE)


def sql_text(package: str, name: str) -> str:
    """The text of a SQL file of a package; empty where it has none of that name."""
    file = resources.files(package) / name
    return file.read_text("utf-8") if file.is_file() else ""


@cache
def queries(package: str, name: str) -> dict[str, str]:
    """The queries of a SQL file, by name, in their order.

    A query begins at a line `-- name: NAME` and goes on to the next such line; comments before the first belong to
    none.

    Args:
        package: where the file lies.
        name: of the file.

    Raises:
        ValueError: the file is not there, has no query, or two of one name.
    """
    parts = _NAME.split(sql_text(package, name))[1:]
    found = dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))
    if not found or len(found) != len(parts) // 2:
        raise ValueError(f"{package}/{name} holds no queries, or two of one name")
    return found
