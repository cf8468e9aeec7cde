"""Where each key of a TOML text stands, so that a mistake can be named by its line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

KeyPath = tuple[str | int, ...]


def key_lines(text: str) -> dict[KeyPath, int]:
    """Line (from 1) of every table, key and list element's table in valid TOML `text`.

    A path is a tuple of keys, with an index for each element of an array of tables, as pydantic
    reports it. Keys inside an inline table have the line on which their statement begins.
    """
    lines: dict[KeyPath, int] = {}
    arrays: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, statement in _statements(text):
        if statement.startswith("["):
            header = statement.replace("[[", "[", 1).replace("]]", "]", 1)
            table = _indexed(next(_paths(tomllib.loads(header))), arrays, new=statement.startswith("[["))
            lines.setdefault(table, number)
            continue
        for path in _paths(tomllib.loads(statement)):
            for end in range(1, len(path) + 1):
                lines.setdefault(table + path[:end], number)
    return lines


def nearest_line(lines: dict[KeyPath, int], path: KeyPath) -> int | None:
    """The line of `path`, or of the closest of its parents that has one."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """First line and source of each table header and each key with its value."""
    pending: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not pending:
            if not stripped or stripped.startswith("#"):
                continue
            first = number
        pending.append(line)
        # A statement cannot end on these, and trying only elsewhere keeps long term lists linear.
        if stripped.endswith((",", "[", "=")):
            continue
        statement = "\n".join(pending).strip()
        if _complete(statement):
            yield first, statement
            pending = []


def _complete(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _paths(tree: dict[str, Any]) -> Iterator[KeyPath]:
    """Every leaf path of nested tables; an empty table is a leaf."""
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            for rest in _paths(value):
                yield (key, *rest)
        else:
            yield (key,)


def _indexed(path: KeyPath, arrays: dict[KeyPath, int], *, new: bool) -> KeyPath:
    """`path` with the index of the current element after each array of tables on its way."""
    result: KeyPath = ()
    for position, key in enumerate(path):
        result = (*result, key)
        if new and position == len(path) - 1:
            arrays[result] = arrays.get(result, -1) + 1
        if result in arrays:
            result = (*result, arrays[result])
    return result
