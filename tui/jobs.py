"""Background work: export, signature and verification, off the screen's thread.

A job never touches a widget. It returns lines, or raises AssayError; either becomes a `JobFinished`.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import AssayError
from tui.messages import JobFinished

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.records import Decision
    from analysis.review import ReviewSession


def run_job(name: str, work: Callable[[], tuple[list[str], str, bool]]) -> JobFinished:
    """Do some work and tell how it went.

    Args:
        name: what the reviewer reads.
        work: returns lines to show, a result, and whether it did what was asked.
    """
    try:
        lines, result, ok = work()
    except AssayError as error:
        return JobFinished(name, False, str(error).splitlines())
    return JobFinished(name, ok, lines, result)


def export_job(session: ReviewSession, decision: Decision, reason: str) -> tuple[list[str], str, bool]:
    """Write the report folder. The session must not be used by anyone else meanwhile."""
    from analysis.report.build import export

    folder = export(session, None, decision, reason)
    return [f"exported, UNSIGNED: {folder}"], str(folder), True


def sign_job(folder: Path, key: Path | None, principal: str | None) -> tuple[list[str], str, bool]:
    """Sign a report folder."""
    from analysis.report.sign import sign

    signature = sign(folder, key, principal)
    return [f"signed: {signature}"], str(signature), True


def verify_job(folder: Path, allowed_signers: Path) -> tuple[list[str], str, bool]:
    """Check a report folder; every check becomes a line."""
    from analysis.report.verify import verify

    verification = verify(folder, allowed_signers)
    lines = [f"{'✓' if check.ok else '✗'} {check.name}: {check.detail}" for check in verification.checks]
    return lines, verification.decision or "", verification.ok


def agent_has_key() -> bool:
    """Whether an SSH agent holds a key, so that signing needs no terminal."""
    program = shutil.which("ssh-add")
    if program is None:
        return False
    listed = subprocess.run([program, "-L"], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    return listed.returncode == 0 and bool(listed.stdout.strip())
