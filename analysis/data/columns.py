"""Columns by name or by a dotted path into nested values: `response.body.choices.0.message.content`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from analysis.base.problems import did_you_mean
from analysis.data.faults import shown

_SHOWN = 12
"""Names of an object that a message lists."""


class NowhereError(ValueError):
    """A path that leads nowhere in a row: the message says where it ends, and what there is instead."""


def top_column(name: str, columns: Collection[str]) -> str | None:
    """The column that a name or a path begins in; None where there is none.

    A column whose name has dots of its own goes before a path.
    """
    if name in columns:
        return name
    first, dot, _ = name.partition(".")
    return first if dot and first in columns else None


def value_at(values: Mapping[str, Any], name: str, columns: Collection[str]) -> Any:
    """What a row has in a column or at the end of a path; None where it or anything on the way is null.

    A number is a place in a list, from 0. A text on the way that is written as JSON, as in CSV, is read.

    Args:
        values: of the row.
        name: the column or path.
        columns: of the file.

    Raises:
        NowhereError: a path that leads nowhere; a plain column that a row lacks is None.
    """
    if name in columns or "." not in name:
        return values.get(name)
    parts = name.split(".")
    value: Any = values
    for place, part in enumerate(parts):
        value = _opened(value)
        if value is None:
            return None
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise NowhereError(_nowhere(".".join(parts[:place]), part, value))
    return value


def _opened(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _nowhere(before: str, part: str, value: Any) -> str:
    """Where a path ends, and what it could go on with."""
    at = f"{before!r}" if before else "the row"
    if isinstance(value, Mapping):
        names = [str(one) for one in value]
        near = did_you_mean(part, names)
        more = f", {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        there = near or (f"it has {', '.join(names[:_SHOWN])}{more}" if names else "it is empty")
        return f"leads nowhere: {at} has no {part!r}; {there}"
    if isinstance(value, list):
        many = f"a list of {len(value)}"
        need = "a place in it is a number from 0" if not part.isdecimal() else f"there is no place {part}"
        return f"leads nowhere: {at} is {many}, and {need}"
    return f"leads nowhere: {at} is {shown(value)} and holds no {part!r}"
