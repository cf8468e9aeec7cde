"""The console in a pseudo-terminal of 80x24: when its first screen is drawn, and what a key costs."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

KEPT_BYTECODE = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""An installed program is compiled once, whatever the environment of whoever measures it says."""
LAST_DRAWN = b"^p"
"""The key of the palette ends the bottom line, so that a screen that holds it is drawn whole."""
SILENT_S = 0.15
"""A step is over where nothing was written for so long."""
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Console:
    """`assay review` of a store, until the `with` block ends; `painted_s` is from its start to its first screen."""

    def __init__(self, store: Path) -> None:
        started = time.perf_counter()
        self._child, self._terminal = pty.fork()
        if self._child == 0:
            environment = {**KEPT_BYTECODE, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
            program = (
                "import sys; from tui.cli import entry; sys.argv = ['assay', 'review', sys.argv[1]]; entry()"
            )
            os.execve(sys.executable, [sys.executable, "-c", program, str(store)], environment)
        termios.tcsetwinsize(self._terminal, (24, 80))
        drawn = b""
        while LAST_DRAWN not in drawn:
            drawn += os.read(self._terminal, 1 << 16)
        self.painted_s = time.perf_counter() - started

    def press(self, key: str) -> tuple[float, int]:
        """Seconds from a key to the first byte that it writes, and the bytes until all is silent again."""
        started = time.perf_counter()
        os.write(self._terminal, key.encode())
        first, written = 0.0, 0
        while select.select([self._terminal], [], [], SILENT_S)[0]:
            first = first or time.perf_counter() - started
            written += len(os.read(self._terminal, 1 << 16))
        return first, written

    def cpu_s(self) -> float:
        """CPU seconds of the console's process so far, to a hundredth."""
        fields = Path(f"/proc/{self._child}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK_S

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)
        os.close(self._terminal)
