"""Files of results as documents: one JSON value, a JSON value a line, a table, or JSON files in an archive.

They are other tools' files. They are read with bounds, and nothing in them is run.
"""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.data.columns import opened
from analysis.data.row_types import INT64, Row
from analysis.data.rows import open_rows

MOST_BYTES = 2**30
"""Bytes of a file of results, and of what an archive of them unpacks to."""
SHORT = 100
"""Characters of a plain value that says what kind of item something is."""
_ZSTANDARD = 93
"""Method of compression of a zip member that Python itself reads only in later versions."""
_LOCAL_HEADER = struct.Struct("<4s22xHH")
"""What stands before the bytes of a zip member: its mark, and the lengths of its name and of further fields."""
_TABLES = (".csv", ".tsv", ".parquet")
_NAMES_OF_TEXT = ("text", "question", "query", "message", "prompt", "input", "utterance", "sentence")
_NAMES_OF_ANSWER = (
    "answer",
    "output",
    "content",
    "text",
    "label",
    "result",
    "completion",
    "generation",
)


def read_documents(path: Path) -> list[Any]:
    """The rows of a file of lines or a table, or the one value of a JSON file.

    Raises:
        AssayError: no such file, one that is too large, or what is not JSON, with its line.
    """
    if path.suffix.lower() in _TABLES:
        return [row.values for row in open_rows(path) if isinstance(row, Row)]
    raw = _bytes(path)
    if raw.startswith(b"PK\x03\x04"):
        raise AssayError("is a zip archive", where=str(path), hint="give the JSON file that is in it")
    whole = _parsed(raw, path) if path.suffix.lower() not in (".jsonl", ".ndjson") else _FAILED
    if whole is not _FAILED:
        return [whole]
    rows = []
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        value = _parsed(line, path)
        if value is _FAILED:
            raise AssayError(
                "is not JSON, and no line of JSON",
                where=f"{path}:{number}",
                hint="the file may be cut off, or of another kind",
            )
        rows.append(value)
    return rows


def read_archive(path: Path, folder: str, header: Sequence[str]) -> tuple[dict[str, Any], list[Any]]:
    """The JSON files of an archive: those named in `header` that it has, by name, and those in a folder, by name.

    Raises:
        AssayError: it is no archive, is packed in a way that is not read, or unpacks to too much.
    """
    try:
        with path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            members = {one.filename: one for one in archive.infolist()}
            wanted = [name for name in header if name in members]
            inside = sorted(name for name in members if name.startswith(folder) and name.endswith(".json"))
            if sum(members[name].file_size for name in (*wanted, *inside)) > MOST_BYTES:
                raise AssayError(f"unpacks to more than {MOST_BYTES:,} bytes", where=str(path))
            read = {name: _member(archive, members[name], stream, path) for name in (*wanted, *inside)}
    except (zipfile.BadZipFile, EOFError, zlib.error, struct.error, OSError) as error:
        raise AssayError(f"is no readable zip archive: {error}", where=str(path)) from None
    except (NotImplementedError, RuntimeError) as error:
        raise AssayError(
            f"is packed in a way that is not read: {error}",
            where=str(path),
            hint="unpack it, and pack it again as a plain .zip that is called as before",
        ) from None
    return {name: read[name] for name in wanted}, [read[name] for name in inside]


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, stream: BinaryIO, path: Path) -> Any:
    if member.compress_type == _ZSTANDARD:
        raw = _zstandard(member, stream)
    else:
        with archive.open(member) as part:
            raw = part.read(MOST_BYTES + 1)
    value = _parsed(raw, path) if len(raw) <= MOST_BYTES else _FAILED
    if value is _FAILED:
        raise AssayError(
            f"holds {member.filename}, which is not JSON", where=str(path), hint="the log may be cut off"
        )
    return value


def _zstandard(member: zipfile.ZipInfo, stream: BinaryIO) -> bytes:
    """The bytes of a member that is packed with Zstandard, as Inspect packs its logs. Raises BadZipFile and OSError."""
    stream.seek(member.header_offset)
    mark, name, further = _LOCAL_HEADER.unpack(stream.read(_LOCAL_HEADER.size))
    stream.seek(name + further, io.SEEK_CUR)
    packed = stream.read(member.compress_size)
    # One byte more than it says: what it unpacks to is not believed to be as long as that.
    with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as unpacked:
        raw: bytes = unpacked.read(member.file_size + 1)
    if mark != b"PK\x03\x04" or len(raw) != member.file_size or zlib.crc32(raw) != member.CRC:
        raise zipfile.BadZipFile(f"{member.filename} is damaged")
    return raw


def one_file(path: Path, patterns: Sequence[str]) -> Path:
    """The file itself, or the only one in a folder that fits a pattern.

    Raises:
        AssayError: nothing is there, or a folder that holds none or several of them.
    """
    if not path.is_dir():
        if not path.exists():
            raise AssayError("there is no such file", where=str(path), hint="name two files of results")
        return path
    found = sorted({one for pattern in patterns for one in path.rglob(pattern) if one.is_file()})
    if len(found) == 1:
        return found[0]
    if not found:
        raise AssayError(
            f"is a folder, and no file in it is called {' or '.join(patterns)}",
            where=str(path),
            hint="name the file",
        )
    listed = ", ".join(one.relative_to(path).as_posix() for one in found[:8])
    raise AssayError(
        f"is a folder with {len(found)} files of results", where=str(path), hint=f"name one of them: {listed}"
    )


class _Failed:
    """Stands for what is not JSON: every JSON value is one that a file may hold."""


_FAILED = _Failed()


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise AssayError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if len(raw) > MOST_BYTES:
        raise AssayError(f"is larger than {MOST_BYTES:,} bytes", where=str(path), hint="split it by task")
    if not raw.strip():
        raise AssayError("is empty", where=str(path))
    return raw


def _parsed(raw: bytes, path: Path) -> Any:
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise AssayError("is not UTF-8 text", where=str(path)) from None
    except RecursionError:
        raise AssayError("is nested too deeply", where=str(path)) from None
    except ValueError:
        return _FAILED


def texts_in(value: Any, names: Sequence[str] = _NAMES_OF_TEXT) -> str:
    """The text that a value is or holds: of messages the last, of an object the field that is called like a text."""
    value = opened(value)
    if value is None or isinstance(value, str):
        return value or ""
    found: str | None = None
    if isinstance(value, Mapping):
        found = _text_of_object(value, names)
    elif isinstance(value, list) and value:
        found = _text_of_list(value, names)
    return _as_json(value) if found is None else found


def _text_of_object(value: Mapping[str, Any], names: Sequence[str]) -> str | None:
    if "messages" in value:
        return texts_in(value["messages"], names)
    if "content" in value and "role" in value:
        return texts_in(value["content"], names)
    strings = [one for one in value.values() if isinstance(one, str)]
    named = [value[name] for name in names if isinstance(value.get(name), str)]
    return next(iter(named), strings[0] if len(strings) == 1 else None)


def _text_of_list(value: Sequence[Any], names: Sequence[str]) -> str | None:
    """Of messages the last that a user wrote; of parts of a message their texts, a line each."""
    if all(isinstance(one, Mapping) and "role" in one for one in value):
        asked = [one for one in value if one["role"] == "user"] or value
        return texts_in(asked[-1], names)
    parts = [
        one if isinstance(one, str) else one.get("text") for one in value if isinstance(one, str | Mapping)
    ]
    return "\n".join(one for one in parts if isinstance(one, str)) or None


def answer_in(value: Any) -> str | None:
    """The text of an answer; None where there is none."""
    return None if value is None else texts_in(value, _NAMES_OF_ANSWER)


def turns_in(value: Any) -> list[dict[str, str]] | None:
    """Messages with text, where a value is or holds some; None where it does not."""
    value = opened(value)
    if isinstance(value, Mapping):
        value = value.get("messages")
    if not isinstance(value, list) or not value:
        return None
    turns = []
    for one in value:
        if not isinstance(one, Mapping) or not isinstance(one.get("role"), str):
            return None
        turns.append({"role": one["role"], "content": texts_in(one.get("content"))})
    return turns


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def plain_values(values: Any) -> Iterator[tuple[str, str | int | float | bool]]:
    """The fields of an object that are short texts, numbers or truth values, under names that can be printed."""
    if not isinstance(values, Mapping):
        return
    for name, value in values.items():
        if isinstance(name, str) and name.strip() and name.isprintable() and _is_plain(value):
            yield name, value


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip()) and len(value) <= SHORT
    if isinstance(value, int):
        return -INT64 <= value < INT64
    return isinstance(value, float) and math.isfinite(value)
