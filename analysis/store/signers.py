"""The list of signers of a store: whose signatures make merged streams count.

It is OpenSSH's `allowed_signers`, a copy of the one that the team keeps. Only the store's owner can give it: who else
may write in the store must not be able to list themself under another's name.
"""

from __future__ import annotations

import os
import stat
from os import PathLike
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.store.files import read_small, write_atomic

SIGNERS = "allowed_signers"
SIGNERS_LIMIT = 1 << 20


def signers_of(store: PathLike[str]) -> Path | str:
    """The store's list of signers, or why there is none to go by."""
    path = Path(store) / SIGNERS
    try:
        status = path.lstat()
    except OSError:
        return "the store has no list of signers: `assay merge --allowed-signers FILE`"
    if not stat.S_ISREG(status.st_mode) or status.st_uid != Path(store).stat().st_uid:
        return "the store's list of signers is not its owner's"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others than its owner may write the store's list of signers"
    return path


def set_signers(store: PathLike[str], allowed_signers: Path) -> bytes:
    """Take a list of signers into a store, in the place of what was there; returns its content.

    Raises:
        AssayError: there is no such list, or this account does not own the store.
    """
    content = read_small(allowed_signers, SIGNERS_LIMIT)
    if content is None:
        raise AssayError("there is no such list of signers", where=str(allowed_signers))
    if Path(store).stat().st_uid != os.geteuid():
        raise AssayError(
            "only the owner of the store gives it a list of signers",
            where=str(store),
            hint="ask them to merge, or merge without --allowed-signers",
        )
    write_atomic(Path(store) / SIGNERS, content)
    return content
