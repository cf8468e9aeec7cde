"""Files in the format of `sha256sum`, and the list of files that a report consists of."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.store.signatures import SUMS

SUMMED = (
    "annotations.jsonl",
    "metrics.jsonl",
    "model.sha256",
    "report.html",
    "report.json",
    "report.md",
    "rules.json",
)
"""Every file that a report consists of; `SHA256SUMS` covers these, figures, attestations, and no others."""

ATTESTED = ("svr.json", "test-result.json")
"""Files of a report that was exported with attestations (`analysis.report.attest`)."""

MAX_BYTES = 512 * 2**20
"""Largest file of a report that is read."""

_SIGNATURE = re.compile(r"SHA256SUMS\.[A-Za-z0-9@_+-][A-Za-z0-9@._+-]{0,99}\.sig")
_FIGURE = re.compile(r"[a-z][a-z0-9-]{0,80}\.svg")
_LINE = re.compile(r"([0-9a-f]{64})  ([^\n]+)")


def is_signature_name(name: str) -> bool:
    """Whether a file of that name in a report folder is a signature."""
    return _SIGNATURE.fullmatch(name) is not None


def is_figure_name(name: str) -> bool:
    """Whether a file of that name in a report folder is a figure."""
    return _FIGURE.fullmatch(name) is not None


def format_sums(digests: Mapping[str, str]) -> bytes:
    """Lines of `sha256sum`, sorted by name.

    Raises:
        AssayError: a name that `sha256sum` would have to escape.
    """
    for name in digests:
        if "\\" in name or any(ord(character) < 0x20 or ord(character) == 0x7F for character in name):
            raise AssayError(
                f"the file name {name!r} holds a control character or a backslash",
                hint="rename the file; such names cannot be checked with sha256sum",
            )
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode()


def parse_sums(data: bytes, where: str) -> dict[str, str]:
    """Name -> SHA-256 in hexadecimal.

    Raises:
        AssayError: a line in another form, a name twice, a name that leaves the folder.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise AssayError("not UTF-8 text", where=where) from problem
    if not text.endswith("\n"):
        raise AssayError("empty, or its last line is cut off", where=where)
    found: dict[str, str] = {}
    for number, line in enumerate(text.split("\n")[:-1], 1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise AssayError("not a line of sha256sum", where=f"{where}:{number}")
        digest, name = match.groups()
        if name in found:
            raise AssayError(f"{name!r} is listed twice", where=f"{where}:{number}")
        if name.startswith(("/", "\\")) or ".." in name.split("/"):
            raise AssayError(f"{name!r} is outside the folder", where=f"{where}:{number}")
        found[name] = digest
    return found


def read_limited(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a plain file.

    Raises:
        AssayError: not there, not a plain file, a link, larger than `limit`, or not readable.
    """
    try:
        if path.is_symlink() or not path.is_file():
            raise AssayError("is missing or not a plain file", where=str(path))
        if path.stat().st_size > limit:
            raise AssayError(f"is larger than {limit} bytes", where=str(path))
        return path.read_bytes()
    except OSError as problem:
        raise AssayError(f"cannot be read: {problem.strerror or problem}", where=str(path)) from problem


def sums_problems(directory: Path, read: Callable[[str], bytes] | None = None) -> list[str]:
    """What is wrong with a report folder against its `SHA256SUMS`; empty where nothing is.

    Exactly the files of a report, figures and attestations, must be listed, each must have its digest, and beside
    them only signatures may lie in the folder.

    Args:
        directory: the report folder.
        read: gives the bytes of one of its files; by default from the disk, as `read_limited` does.

    Raises:
        AssayError: `SHA256SUMS` is missing or cannot be read.
    """
    if read is None:

        def read(name: str) -> bytes:
            return read_limited(directory / name)

    listed = parse_sums(read(SUMS), SUMS)
    problems = [f"{name} is not listed in {SUMS}" for name in SUMMED if name not in listed]
    for name, digest in listed.items():
        if not _is_part(name):
            problems.append(f"{SUMS} lists {name!r}, which is no part of a report")
            continue
        try:
            if hashlib.sha256(read(name)).hexdigest() != digest:
                problems.append(f"{name} is not the file that was summed")
        except AssayError as problem:
            problems.append(f"{name} {problem.message}")
    for entry in sorted(directory.iterdir()):
        if entry.name in (SUMS, *SUMMED) or (entry.name in listed and _is_part(entry.name)):
            continue
        if not is_signature_name(entry.name) or entry.is_symlink() or not entry.is_file():
            problems.append(f"{entry.name!r} was added to the folder")
    return problems


def _is_part(name: str) -> bool:
    return name in SUMMED or name in ATTESTED or is_figure_name(name)


def sanitised(principal: str) -> str:
    """A principal as part of a file name: letters, digits and `@._+-`; anything else becomes `_`."""
    return re.sub(r"[^A-Za-z0-9@._+-]", "_", principal)[:100].lstrip(".") or "_"
