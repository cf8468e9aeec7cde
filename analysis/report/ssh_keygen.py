"""Stock `ssh-keygen`, which makes and checks the signatures, and how a signature file is named."""

from __future__ import annotations

import re
import shutil

from analysis.base.errors import AssayError

MAX_SIGNATURE = 64 * 2**10
"""Largest signature that is read, in bytes; a real one has a few hundred."""


def find_ssh_keygen() -> str:
    """Path of `ssh-keygen`. Raises AssayError where there is none."""
    program = shutil.which("ssh-keygen")
    if program is None:
        raise AssayError(
            "ssh-keygen was not found",
            where="PATH",
            hint="install OpenSSH (8.2 or newer): it makes and checks the signatures",
        )
    return program


def sanitised(principal: str) -> str:
    """A principal as part of a file name: letters, digits and `@._+-`; anything else becomes `_`."""
    return re.sub(r"[^A-Za-z0-9@._+-]", "_", principal)[:100].lstrip(".") or "_"
