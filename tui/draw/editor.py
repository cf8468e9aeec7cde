"""A text in the reviewer's own editor: `$VISUAL`, else `$EDITOR`."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from analysis.base.errors import AssayError

VARIABLES = ("VISUAL", "EDITOR")


def edited(text: str) -> str:
    """Let the reviewer edit a text, and return what the editor left, without line breaks at its end.

    The terminal must be free. The text lies in a file that nobody else may read while the editor runs.

    Raises:
        AssayError: no editor is named, it cannot be started, it failed, or what it left is no UTF-8.
    """
    named = next((os.environ[name] for name in VARIABLES if os.environ.get(name, "").strip()), None)
    if named is None:
        raise AssayError("no editor is named", hint="export EDITOR=nano, or another, and start again")
    try:
        command = shlex.split(named)
        with TemporaryDirectory(prefix="assay-") as folder:
            path = Path(folder) / "text.txt"
            path.touch(mode=0o600)
            path.write_text(text, "utf-8")
            status = subprocess.run([*command, str(path)], check=False).returncode
            left = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise AssayError(f"the editor cannot be used: {error}", where=named, hint="see $EDITOR") from error
    if status:
        raise AssayError(f"the editor ended with status {status}: the text is as it was", where=named)
    return left.rstrip("\n")
