"""RFC 8785 JSON, both ways: the bytes that a report is made of, and a reader that takes nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import rfc8785

from analysis.base.errors import AssayError

LARGEST_INTEGER = 2**53 - 1
"""Integers beyond it are not exact in RFC 8785 and are written as strings."""


def plain(value: Any, where: str = "report") -> Any:
    """Dataclasses, tuples and mappings as JSON values that RFC 8785 can write.

    Integers beyond 2**53 - 1 become strings; a lone surrogate becomes its escape.

    Raises:
        AssayError: a number that is not finite, or a value that JSON has no form for.
    """
    if value is None or isinstance(value, bool | str | int | float):
        return _scalar(value, where)
    if is_dataclass(value) and not isinstance(value, type):
        value = {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, Mapping):
        return {_scalar(str(key), where): plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, set | frozenset):
        value = sorted(value)
    if isinstance(value, Sequence):
        return [plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    raise AssayError(f"a value of type {type(value).__name__} cannot be reported", where=where)


def _scalar(value: Any, where: str) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, float) and not math.isfinite(value):
        raise AssayError("a number that is not finite cannot be reported", where=where)
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return str(value)
    return value


def dumps(value: Any, where: str = "report") -> bytes:
    """RFC 8785 bytes of `value`, after `plain`."""
    return rfc8785.dumps(plain(value, where))


def lines(values: Sequence[Any], where: str) -> bytes:
    """One RFC 8785 line for each value."""
    return b"".join(dumps(value, f"{where}:{number}") + b"\n" for number, value in enumerate(values, 1))


def loads(data: bytes, where: str) -> Any:
    """Parse JSON that must be in RFC 8785 form.

    Raises:
        AssayError: not UTF-8, not JSON, nested too deeply, a duplicate key, a number that is not finite,
            or bytes that differ from the canonical form of what they say.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_integer,
        )
        canonical = rfc8785.dumps(value)
    except (ValueError, RecursionError, rfc8785.CanonicalizationError) as problem:
        raise AssayError(f"not JSON that can be trusted: {_short(problem)}", where=where) from problem
    if canonical != data:
        raise AssayError("not in RFC 8785 form: its bytes were changed after it was written", where=where)
    return value


def load_lines(data: bytes, where: str) -> list[Any]:
    """Parse a file of RFC 8785 lines, each ended by a newline.

    Raises:
        AssayError: as `loads`, naming the line; or a last line without its newline.
    """
    if data and not data.endswith(b"\n"):
        raise AssayError("the last line is cut off", where=where)
    return [loads(line, f"{where}:{number}") for number, line in enumerate(data.split(b"\n")[:-1], 1)]


def _integer(digits: str) -> int | float:
    """A whole number; RFC 8785 writes a large float without an exponent, so it comes back as one."""
    value = int(digits)
    return value if abs(value) <= LARGEST_INTEGER else float(digits)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:80]!r} is there twice")
        found[key] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _short(problem: BaseException) -> str:
    return (str(problem) or type(problem).__name__)[:200]
