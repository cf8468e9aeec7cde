"""A real terminal for a test: a tmux server of its own, keys to press and a screen to read."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

PROMPT = "ready> "


class Tmux:
    """One tmux pane with a shell; ended by `close`."""

    def __init__(self, folder: Path, columns: int = 80, rows: int = 24) -> None:
        self.socket = folder / "tmux"
        self.commands = 0
        self._run(
            "-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "-s", "t", "sh"
        )
        self._run("set", "-g", "status", "off")
        self.shell(f"PS1='{PROMPT}'", PROMPT.strip())

    def _run(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self.socket), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout

    def screen(self) -> str:
        """What the pane shows now."""
        return self._run("capture-pane", "-p", "-t", "t")

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names, one after the other."""
        for key in keys:
            self._run("send-keys", "-t", "t", "--", key)

    def type(self, text: str) -> None:
        """Type text as it is."""
        self._run("send-keys", "-t", "t", "-l", "--", text)

    def shell(self, command: str, wanted: str, most_s: float = 300.0) -> str:
        """Run a shell command on a clear screen and wait for what it should say."""
        # What the command before it said must be gone, or it would pass for the answer to this one.
        self.commands += 1
        mark = f"command {self.commands}"
        self.type(f"clear; echo {mark}")
        self.press("Enter")
        self.until_first(mark)
        # Cleared again, so that the next prompt on the screen is the one after the command's end.
        self.type(f"clear; {command}")
        self.press("Enter")
        return self.until(wanted, most_s)

    def until(self, wanted: str, most_s: float = 300.0) -> str:
        """Wait for text on the screen and return the screen; fail with what was there instead."""
        end = time.monotonic() + most_s
        while wanted not in (screen := self.screen()):
            assert time.monotonic() < end, f"never saw {wanted!r}:\n{screen}"
            time.sleep(0.1)
        return screen

    def until_first(self, wanted: str, most_s: float = 300.0) -> None:
        """Wait until text stands alone on the first line of the screen; fail with what was there instead."""
        end = time.monotonic() + most_s
        while (screen := self.screen()).partition("\n")[0].rstrip() != wanted:
            assert time.monotonic() < end, f"never saw {wanted!r} first:\n{screen}"
            time.sleep(0.1)

    def until_not(self, gone: str, most_s: float = 300.0) -> str:
        """Wait until text is no longer on the screen and return the screen."""
        end = time.monotonic() + most_s
        while gone in (screen := self.screen()):
            assert time.monotonic() < end, f"still there, {gone!r}:\n{screen}"
            time.sleep(0.1)
        return screen

    def close(self) -> None:
        """End the server and everything in it."""
        subprocess.run(["tmux", "-S", str(self.socket), "kill-server"], check=False, capture_output=True)
