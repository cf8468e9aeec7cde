"""Files and folders that appear whole or not at all, durable and private: all that a store or a report writes."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from analysis.base.errors import AssayError

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
SHARED_DIRECTORY_MODE = 0o2770
SHARED_FILE_MODE = 0o640
NAME_LIMIT = 80


def modes_in(directory: Path) -> tuple[int, int]:
    """Mode of a new directory and of a new file in a directory: private, or of its group where that shares the store.

    A store that a group shares is known by its folders: setgid, and all of them the group's.
    """
    try:
        mode = directory.stat().st_mode
    except OSError:
        return DIRECTORY_MODE, FILE_MODE
    shared = mode & stat.S_ISGID and mode & stat.S_IRGRP
    return (SHARED_DIRECTORY_MODE, SHARED_FILE_MODE) if shared else (DIRECTORY_MODE, FILE_MODE)


def safe_name(text: str) -> str:
    """A file name for any text: other bytes than letters, digits, `.`, `_` and `-` are percent-encoded.

    The result is never empty, never starts with a dot and has at most 80 characters; a longer one is cut
    and ends with a digest of the whole text.
    """
    encoded = "".join(
        chr(byte) if re.match(rb"[A-Za-z0-9._-]", bytes([byte])) else f"%{byte:02X}"
        for byte in text.encode("utf-8", "surrogatepass")
    )
    if not encoded or encoded.startswith("."):
        encoded = f"%2E{encoded[1:]}" if encoded else "%00"
    if len(encoded) > NAME_LIMIT:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        encoded = f"{encoded[: NAME_LIMIT - 17].rstrip('%')}~{digest}"
    return encoded


def system_error(error: OSError, doing: str, where: Path) -> AssayError:
    """An operating-system failure as the error that its user can act on."""
    hints = {
        "ENOSPC": "free some space on this disk and do it again: nothing that was acknowledged is lost",
        "EDQUOT": "your disk quota is used up: free some space and do it again",
        "EFBIG": "the limit on file size of this session is reached (see `ulimit -f`)",
        "EROFS": "this disk is mounted read-only: copy the store to where you can write",
        "EACCES": "ask the owner of the store for permission, or work on a copy of it",
        "EPERM": "ask the owner of the store for permission, or work on a copy of it",
    }
    name = os_error_name(error)
    reason = (error.strerror or str(error)).lower()
    return AssayError(f"cannot {doing}: {reason}", where=str(where), hint=hints.get(name))


def os_error_name(error: OSError) -> str:
    """The symbolic name of an error number, such as `ENOSPC`; empty where there is none."""
    return errno.errorcode.get(error.errno, "") if error.errno is not None else ""


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(directory: Path, *, own: bool = False) -> None:
    """Create a directory with mode 0700, or 2770 in a shared store, durably; one that exists is left as it is.

    Args:
        directory: its parent exists.
        own: one account's own, also in a shared store: the group may read in it, and nobody else may write (2750).

    Raises:
        AssayError: it cannot be made, or something else than a directory has its name.
    """
    try:
        directory.mkdir(mode=DIRECTORY_MODE)
        mode, _ = modes_in(directory.parent)
        if mode != DIRECTORY_MODE:
            # Whatever the umask: it would take from the group what the store gives it.
            directory.chmod(mode & ~stat.S_IWGRP if own else mode)
        sync_directory(directory.parent)
    except FileExistsError:
        if not stat.S_ISDIR(directory.lstat().st_mode):
            raise AssayError(
                "this should be a directory, and is a link or a file",
                where=str(directory),
                hint="move it away: a store holds no links",
            ) from None
    except OSError as error:
        raise system_error(error, "make this directory", directory) from error


def write_atomic(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace a file in one step: readers see the old content or the new, never a part.

    Args:
        path: the file; its directory exists.
        content: the whole new content.
        durable: wait until content and name are on the disk.

    Raises:
        AssayError: it cannot be written; the old file is untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            _write(temporary, content, modes_in(path.parent)[1], durable=durable)
            os.replace(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        if durable:
            sync_directory(path.parent)
    except OSError as error:
        raise system_error(error, "write this file", path) from error


def write_folder(target: Path, files: Mapping[str, bytes], *, private: bool = False) -> None:
    """Write `files` into a new folder beside `target`, sync it, and rename it into place.

    Args:
        target: the folder to make; it must not exist, or be empty.
        files: name -> content; names are plain file names.
        private: modes 0700 and 0600, or those of a shared store; otherwise 0755 and 0644 less the user's umask.

    Raises:
        AssayError: the target is taken, or cannot be written; nothing is left behind.
    """
    require_free(target)
    mask = _umask()
    folder_mode, file_mode = modes_in(target.parent) if private else (0o777 & ~mask, 0o666 & ~mask)
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=DIRECTORY_MODE if private else 0o777)
        temporary = Path(tempfile.mkdtemp(prefix=".tmp-", dir=target.parent))
        for name, content in files.items():
            _write(temporary / name, content, file_mode)
        temporary.chmod(folder_mode)
        sync_directory(temporary)
        os.rename(temporary, target)
        sync_directory(target.parent)
    except OSError as error:
        raise system_error(error, "write this folder", target) from error
    finally:
        if temporary is not None and temporary.exists():
            shutil.rmtree(temporary)


def require_free(target: Path) -> None:
    """Raise AssayError where `target` exists and is not an empty folder."""
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
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        _write(temporary, content, mode & ~_umask())
        os.link(temporary, target)
        sync_directory(target.parent)
    except FileExistsError as error:
        raise AssayError("is there already and stays as it is", where=str(target)) from error
    except OSError as error:
        raise system_error(error, "write this file", target) from error
    finally:
        temporary.unlink(missing_ok=True)


def _write(path: Path, content: bytes, mode: int, *, durable: bool = True) -> None:
    """Write a file that is not there yet, its mode whatever the umask."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fchmod(descriptor, mode)
        if durable:
            os.fsync(handle.fileno())


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current


def read_small(path: Path, limit: int) -> bytes | None:
    """Content of a regular file of at most `limit` bytes, or None where there is no such file.

    Raises:
        AssayError: it is a link, no regular file, longer than the limit, or unreadable.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise system_error(error, "read this file", path) from error
    with os.fdopen(descriptor, "rb") as handle:
        status = os.fstat(handle.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise AssayError("this is not a regular file", where=str(path))
        if status.st_size > limit:
            raise AssayError(
                f"this file has {status.st_size:,} bytes; at most {limit:,} are expected", where=str(path)
            )
        return handle.read(limit)


def _lock_file(path: Path) -> int:
    """A descriptor of a lock's file, made where it is not there; that of another account is only read."""
    common = os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, os.O_RDONLY | common)
    except FileNotFoundError:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | common, FILE_MODE)
        except FileExistsError:
            return os.open(path, os.O_RDONLY | common)
    os.fchmod(descriptor, modes_in(path.parent)[1])
    return descriptor


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold an exclusive `flock` on a side file for the length of a `with` block.

    Yields:
        True where the lock is held; False where another process holds it and `wait` is False.

    Raises:
        AssayError: the side file cannot be made.
    """
    try:
        descriptor = _lock_file(path)
    except OSError as error:
        raise system_error(error, "lock this file", path) from error
    try:
        held = True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held = False
        yield held
    finally:
        os.close(descriptor)
