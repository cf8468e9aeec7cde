"""From a fresh clone to the console: `make demo`, and again. Needs a package index; skipped where none answers."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import tempfile
import termios
import time
from pathlib import Path

from benchmarks.console import ROOT
from benchmarks.measure import Result
from benchmarks.terminal import LAST_DRAWN

MOST_S = 900.0
AGAIN_TARGETS = ("3 min", "10 s")


def run() -> list[Result]:
    """Seconds from the command to the first screen of the console."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        times = []
        for _ in AGAIN_TARGETS:
            seconds = _painted(clone)
            if seconds is None:
                print("  `make demo` did not come to the console: is there a package index?")
                return []
            times.append(seconds)
    return [
        Result(f"fresh clone to the console with `make demo`{', again' if number else ''}", seconds, "s", target=target)
        for number, (seconds, target) in enumerate(zip(times, AGAIN_TARGETS, strict=True))
    ]  # fmt: skip


def _painted(clone: Path) -> float | None:
    """Seconds until the console of a clone is drawn; None where the command ends before, or takes too long."""
    started = time.monotonic()
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(clone)
        os.execvpe("make", ["make", "demo"], {**os.environ, "TERM": "xterm-256color"})
    termios.tcsetwinsize(terminal, (24, 80))
    drawn = b""
    try:
        while time.monotonic() - started < MOST_S:
            if select.select([terminal], [], [], 1.0)[0]:
                drawn = (drawn + os.read(terminal, 1 << 16))[-100_000:]
            if LAST_DRAWN in drawn:
                return time.monotonic() - started
    except OSError:
        # Linux reports the end of a pseudo-terminal as an error of the device.
        return None
    finally:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)
    return None
