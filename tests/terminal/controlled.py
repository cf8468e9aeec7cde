"""A program on a pseudo-terminal that controls it, as a shell or a secure shell gives it: to type, stop and hang up."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import termios
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

MARK = "ASSAY_TEST_PROGRAM"
"""Environment variable by which a program and all that it started are found again."""
DEADLINE_S = 120.0
"""How long a very busy machine may take for anything at all."""


class Controlled:
    """A program that leads a session of its own on a pseudo-terminal of 80x24.

    Args:
        command: the program and its arguments.
        environ: what is added to the environment.
        controlling: whether the terminal is the session's, so that its end is told by signals.
    """

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str] | None = None,
        *,
        controlling: bool = True,
    ) -> None:
        self.mark = uuid.uuid4().hex
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        left_out = ("NO_COLOR", "COLORTERM", "TMUX")
        base = {name: value for name, value in os.environ.items() if name not in left_out}

        def control() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**base, "TERM": "xterm-256color", MARK: self.mark, **(environ or {})},
            start_new_session=True,
            preexec_fn=control if controlling else None,  # noqa: PLW1509 - nothing runs beside it
        )
        os.close(slave)
        self.got = bytearray()
        self._more = threading.Condition()
        self._end, self._ended = os.pipe()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        """Take what is written, as a terminal does, until it hangs up."""
        while True:
            ready, _, _ = select.select([self.master, self._end], [], [])
            if self._end in ready:
                return
            try:
                data = os.read(self.master, 65536)
            except OSError:
                # Linux reports the end of a pseudo-terminal as an error of the device.
                data = b""
            with self._more:
                self.got += data
                self._more.notify_all()
            if not data:
                return

    def until(self, text: bytes, start: int = 0) -> int:
        """Wait until some text was written from `start` on; returns where it ends."""
        with self._more:
            found = self._more.wait_for(lambda: self.got.find(text, start) >= 0, DEADLINE_S)
            assert found, bytes(self.got[-2000:])
            return self.got.find(text, start) + len(text)

    def type(self, keys: str) -> int:
        """Type keys; returns where what is written from now on begins."""
        start = len(self.got)
        os.write(self.master, keys.encode())
        return start

    def read_to_the_end(self) -> None:
        """Wait until the program has ended and all that it wrote was taken."""
        self.process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)

    def hang_up(self) -> None:
        """The terminal goes away."""
        if self.master >= 0:
            os.write(self._ended, b"x")
            self._reader.join(DEADLINE_S)
            os.close(self.master)
            self.master = -1

    def alive(self) -> dict[int, str]:
        """The processes that are left of the program and of what it started, by id, with their command lines."""
        self.process.poll()
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if f"{MARK}={self.mark}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                        found[int(entry.name)] = (
                            (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                        )
                except OSError:
                    # It has ended meanwhile, or is another account's.
                    continue
        return found

    def gone_after(self, most_s: float) -> float:
        """Seconds until nothing is left; `most_s` where something is."""
        began = time.monotonic()
        while (took := time.monotonic() - began) < most_s:
            if not self.alive():
                return took
            time.sleep(0.02)
        return most_s

    def close(self) -> None:
        """End all that is left."""
        self.hang_up()
        for process in self.alive():
            os.kill(process, 9)
        self.process.wait(DEADLINE_S)
        for end in (self._end, self._ended):
            os.close(end)
