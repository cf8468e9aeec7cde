"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from analysis.base.errors import AssayError


def write_folder(target: Path, files: Mapping[str, bytes], *, private: bool = False) -> None:
    """Write `files` into a new folder beside `target`, sync it, and rename it into place.

    Args:
        target: the folder to make; it must not exist, or be empty.
        files: name -> content; names are plain file names.
        private: modes 0700 and 0600; otherwise 0755 and 0644 less the user's umask.

    Raises:
        AssayError: the target is taken, or cannot be written.
    """
    require_free(target)
    folder_mode, file_mode = (0o700, 0o600) if private else (0o777 & ~_umask(), 0o666 & ~_umask())
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o777)
        temporary = Path(tempfile.mkdtemp(prefix=".tmp-", dir=target.parent))
        for name, content in files.items():
            _write_synced(temporary / name, content, file_mode)
        temporary.chmod(folder_mode)
        sync_folder(temporary)
        os.rename(temporary, target)
        sync_folder(target.parent)
    except OSError as problem:
        raise AssayError(
            f"cannot be written: {problem.strerror or problem}",
            where=str(target),
            hint="make room or choose another folder; nothing was left behind",
        ) from problem
    finally:
        if temporary is not None and temporary.exists():
            shutil.rmtree(temporary)


def require_free(target: Path) -> None:
    """Raises AssayError where `target` exists and is not an empty folder."""
    if target.is_symlink() or (target.exists() and not (target.is_dir() and not any(target.iterdir()))):
        raise AssayError(
            "is there already",
            where=str(target),
            hint="name a new folder; a report is never overwritten",
        )


def write_new(target: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file that must not exist yet; it appears with its whole content.

    Raises:
        AssayError: a file of that name is there, or it cannot be written.
    """
    handle, name = tempfile.mkstemp(prefix=".tmp-", dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        temporary.unlink()
        _write_synced(temporary, content, mode & ~_umask())
        os.link(temporary, target)
        sync_folder(target.parent)
    except FileExistsError as problem:
        raise AssayError("is there already and stays as it is", where=str(target)) from problem
    except OSError as problem:
        raise AssayError(f"cannot be written: {problem.strerror or problem}", where=str(target)) from problem
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_synced(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
