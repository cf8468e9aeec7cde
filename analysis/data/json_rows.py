"""Rows of JSON: one object a line, or an array of objects; strict, and refused before it could exhaust memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.data.row_types import INT64, MAX_DEPTH, BadRow, Row, RowReader, add_columns, numbered_lines

MAX_ARRAY_BYTES = 2**30
"""Size of a file that is one JSON value, and is read whole."""
_SPACE = " \t\r\n"


class JsonLines(RowReader):
    """One JSON object a line; blank lines are passed over."""

    def __iter__(self) -> Iterator[Row | BadRow]:
        with self.path.open("rb") as stream:
            for number, raw in numbered_lines(stream, self.path):
                if not raw.strip():
                    continue
                where = f"{self.path}:{number}"
                try:
                    values = parse_object(raw)
                except ValueError as error:
                    hint = None if _decodes(raw) else not_utf8(self.path, number).hint
                    yield BadRow(where, str(error), hint=hint)
                    continue
                add_columns(self.columns, values, where)
                yield Row(number, values)


class JsonArray(RowReader):
    """An array of objects, also one that is the only array of an object around it; or, in spite of its name, lines.

    The line of a row is the one on which its object begins.
    """

    def __iter__(self) -> Iterator[Row | BadRow]:
        with self.path.open("rb") as stream:
            start = stream.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
        if start[:1] == b"[":
            yield from self._array(self._text(), 0)
        elif start[:1] == b"{" and (found := self._inner()) is not None:
            yield from self._array(*found)
        else:
            lines = JsonLines(self.path)
            lines.columns = self.columns
            yield from lines

    def _text(self) -> str:
        size = self.path.stat().st_size
        if size > MAX_ARRAY_BYTES:
            raise AssayError(
                f"is one JSON value of {size:,} bytes, and {MAX_ARRAY_BYTES:,} are read at most",
                where=str(self.path),
                hint=f"write one object a line: jq -c '.[]' {self.path.name} > {self.path.stem}.jsonl",
            )
        raw = self.path.read_bytes()
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise not_utf8(self.path, line) from None

    def _inner(self) -> tuple[str, int] | None:
        """The text, and where in it the array begins that is the first value of the only object; None for lines."""
        text = self._text()
        found: tuple[str, int] | None = None
        at = _after_space(text, text.index("{") + 1)
        decoder = json.JSONDecoder()
        while at < len(text) and text[at] == '"':
            try:
                _, at = decoder.raw_decode(text, at)
                at = _after_space(text, at)
                at = _after_space(text, at + 1)
                if text[at : at + 1] == "[" and text[_after_space(text, at + 1) :][:1] == "{":
                    if found is not None:
                        return None
                    found = text, at
                _, at = decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                return found
            at = _after_space(text, at)
            if text[at : at + 1] != ",":
                break
            at = _after_space(text, at + 1)
        # What follows the object is another one: lines.
        return found if text[at : at + 1] != "}" or not text[at + 1 :].strip() else None

    def _array(self, text: str, at: int) -> Iterator[Row | BadRow]:
        line, counted = 1, 0
        faults: list[str] = []
        decoder = json.JSONDecoder(
            object_pairs_hook=lambda pairs: _kept(pairs, faults),
            parse_int=lambda digits: _noted(_int64, digits, faults),
            parse_float=lambda digits: _noted(_finite, digits, faults),
            parse_constant=lambda name: _noted(_no_constant, name, faults),
        )
        at = _after_space(text, text.index("[", at) + 1)
        if text[at : at + 1] == "]":
            return
        while True:
            line += text.count("\n", counted, at)
            counted = at
            where = f"{self.path}:{line}"
            faults.clear()
            try:
                value, at = decoder.raw_decode(text, at)
            except RecursionError:
                raise AssayError(f"is nested deeper than {MAX_DEPTH} levels", where=where) from None
            except json.JSONDecodeError as error:
                at_line = text.count("\n", 0, error.pos) + 1
                raise AssayError(
                    f"is not valid JSON: {error.msg} at column {error.colno}",
                    where=f"{self.path}:{at_line}",
                    hint="what follows cannot be told apart into rows; write the file again",
                ) from None
            yield self._row(value, line, where, faults)
            at = _after_space(text, at)
            sign = text[at : at + 1]
            if sign == "]":
                return
            if sign != ",":
                line += text.count("\n", counted, at)
                raise AssayError(
                    "is not valid JSON: the array does not go on, and does not end",
                    where=f"{self.path}:{line}",
                    hint="the file may have been cut off; write it again",
                )
            at = _after_space(text, at + 1)

    def _row(self, value: object, line: int, where: str, faults: list[str]) -> Row | BadRow:
        if faults:
            return BadRow(where, faults[0])
        if not isinstance(value, dict):
            return BadRow(where, "is not a JSON object")
        try:
            check_value(value)
        except ValueError as error:
            return BadRow(where, str(error))
        add_columns(self.columns, value, where)
        return Row(line, value)


def parse_object(raw: bytes) -> dict[str, Any]:
    """One JSON object, strictly: no duplicate key, no NaN, no integer beyond 64 bits, not too deep.

    Raises:
        ValueError: what is wrong, for the user.
    """
    try:
        value = json.loads(
            raw.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_int=_int64,
            parse_float=_finite,
            parse_constant=_no_constant,
        )
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not valid JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise ValueError(f"is nested deeper than {MAX_DEPTH} levels") from None
    if not isinstance(value, dict):
        raise ValueError("is not a JSON object")
    check_value(value)
    return value


def _decodes(raw: bytes) -> bool:
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def not_utf8(path: Path, line: int) -> AssayError:
    """What is said of a text file whose bytes are no UTF-8, with the command that makes it so."""
    return AssayError(
        "is not UTF-8 text",
        where=f"{path}:{line}",
        hint=f"from Windows or Excel it is mostly cp1252: iconv -f CP1252 -t UTF-8 {path.name} > utf8{path.suffix}",
    )


def check_value(value: Any) -> None:
    """Refuse deep nesting and text that is not Unicode (a lone surrogate cannot be stored). Raises ValueError."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str) and not item.isascii():
                _check_text(item)
            elif isinstance(item, dict):
                below.extend(item.keys())
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return
        level = below
    raise ValueError(f"is nested deeper than {MAX_DEPTH} levels")


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _noted(parse: Any, written: str, faults: list[str]) -> Any:
    try:
        return parse(written)
    except ValueError as error:
        faults.append(str(error))
        return None


def _kept(pairs: list[tuple[str, Any]], faults: list[str]) -> dict[str, Any]:
    try:
        return _unique(pairs)
    except ValueError as error:
        faults.append(str(error))
        return dict(pairs)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"has the key {ascii(twice)[:60]} twice")
    return made


def _int64(digits: str) -> int:
    if len(digits) > 20 or not -INT64 <= int(digits) < INT64:
        raise ValueError(f"has a whole number beyond 64 bits: {digits[:20]}...")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if abs(number) == float("inf"):
        raise ValueError(f"has a number beyond double precision: {digits[:20]}")
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(f"has the value {name}, which JSON does not allow")


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        raise ValueError(f"has half a character (U+{code:04X}) at position {error.start}") from None
