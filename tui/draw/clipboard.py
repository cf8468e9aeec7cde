"""Copying over SSH and tmux: what reaches the reviewer's clipboard, and what was done instead."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping

OSC52_LIMIT = 56_000
"""Bytes that common terminals accept in one OSC 52 sequence, where they travel as base64."""


def copy(text: str, osc52: Callable[[str], None] | None, environ: Mapping[str, str] | None = None) -> str:
    """Copy text to the clipboard of the terminal, by the way that works there.

    In tmux by `load-buffer -w`, which reaches the outer terminal although a raw OSC 52 does not; else by
    OSC 52; a text too long for that, or no terminal to write to, goes to a file.

    Args:
        text: what to copy; control characters must be gone already.
        osc52: sends text to the terminal's clipboard by OSC 52, or None where there is no terminal.
        environ: the environment; this process's by default.

    Returns:
        What was done, in words.
    """
    environ = os.environ if environ is None else environ
    tmux = shutil.which("tmux", path=environ.get("PATH"))
    if environ.get("TMUX") and tmux:
        done = subprocess.run(
            [tmux, "load-buffer", "-w", "-"],
            input=text.encode(),
            env=dict(environ),
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            return "copied through tmux (load-buffer -w)"
    if osc52 is not None and len(text.encode()) <= OSC52_LIMIT:
        osc52(text)
        return "copied by OSC 52, where the terminal allows it"
    with tempfile.NamedTemporaryFile(
        "w", prefix="assay-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    return f"written to {file.name}"
