"""What exactly was reviewed: the SHA-256 of every file of a model folder, or of the one file there is."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from analysis.base.errors import AssayError


def file_digests(folder: Path) -> dict[str, str]:
    """SHA-256 (hex) of every file below `folder`, by its relative path with `/`, sorted.

    Files are streamed, whatever their size. A path to a file is taken as a folder with that file alone.

    Raises:
        AssayError: not a folder, an empty one, a link or another special file in it, or an
            unreadable file.
    """
    if not (folder.is_dir() or folder.is_file()):
        raise AssayError("is not a model folder", where=str(folder), hint="check base and candidate")
    digests: dict[str, str] = {}
    for path in files_of(folder):
        name = path.relative_to(folder).as_posix() if path != folder else path.name
        try:
            with path.open("rb") as stream:
                digests[name] = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise AssayError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if not digests:
        raise AssayError("is an empty folder", where=str(folder), hint="check base and candidate")
    return dict(sorted(digests.items()))


def content_digest(path: Path) -> str:
    """SHA-256 of a file, or of a folder as `folder_digest`, as hex.

    Raises:
        AssayError: it cannot be read.
    """
    if path.is_dir():
        return folder_digest(path)
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise AssayError(f"cannot read this file: {error.strerror}", where=str(path)) from error


def folder_digest(folder: Path) -> str:
    """One SHA-256 (hex) over the names and digests of all files of `folder`."""
    digest = hashlib.sha256()
    for name, value in file_digests(folder).items():
        digest.update(f"{value}  {len(name)}:{name}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def files_of(folder: Path) -> list[Path]:
    """The files of a model folder, or the one file that it is.

    Raises:
        AssayError: a link or another special file in it, or a folder that cannot be listed.
    """
    if folder.is_file():
        return [folder]
    found: list[Path] = []
    for root, folders, files in os.walk(folder, onerror=_cannot_list):
        for name in sorted([*folders, *files]):
            path = Path(root) / name
            if path.is_symlink():
                raise AssayError(
                    "is a link: what it points to could change after the review",
                    where=str(path),
                    hint=f"copy the folder with its contents: cp -rL {folder} NEW_FOLDER",
                )
            if path.is_file():
                found.append(path)
            elif not path.is_dir():
                raise AssayError("is neither a file nor a folder", where=str(path), hint="remove it")
    return found


def _cannot_list(error: OSError) -> None:
    raise AssayError(f"cannot be read: {error.strerror}", where=str(error.filename))
