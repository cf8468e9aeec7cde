"""Whose account writes a review file: its owner, until somebody says otherwise."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def account(directory: Path) -> str | None:
    """The name of the account, or what git knows of the person; None where nothing tells.

    Containers and build machines often have no $USER; the address that git puts under commits is then the next best.
    """
    for name in ("USER", "LOGNAME", "USERNAME"):
        if (os.environ.get(name) or "").strip():
            return os.environ[name].strip()
    for key in ("user.email", "user.name"):
        found = _git(directory, key)
        if found and found.isprintable():
            return found
    return _entry()


def _git(directory: Path, key: str) -> str:
    try:
        done = subprocess.run(
            ("git", "-C", str(directory), "config", "--get", key),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _entry() -> str | None:
    """The name of the user in the system's list."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, AttributeError, KeyError):
        return None
