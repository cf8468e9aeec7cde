"""Where the answers of the linear front-end come from: keys of a terminal, one at a time, or lines of a pipe."""

from __future__ import annotations

import codecs
import os
import termios
import tty
from typing import Protocol, TextIO

END = "\x04"
"""What a terminal sends for the end of the input where it does not wait for whole lines."""
ESCAPE = "\x1b"


class Answers(Protocol):
    """One answer after the other."""

    def answer(self, texts: dict[str, str]) -> str | None:
        """The next answer; None at the end of the input.

        Args:
            texts: letters that a text follows, and what it is.
        """

    def line(self) -> str | None:
        """One line of text, without its end; None at the end of the input."""


def answers_from(stdin: TextIO, stdout: TextIO) -> Answers:
    """Keys where both ends are a terminal's, else lines."""
    return KeyAnswers(stdin.fileno(), stdout) if stdin.isatty() else LineAnswers(stdin)


class LineAnswers:
    """Answers of a pipe or a file, one a line."""

    def __init__(self, stdin: TextIO) -> None:
        self.stdin = stdin

    def answer(self, texts: dict[str, str]) -> str | None:
        """The next line."""
        return self.line()

    def line(self) -> str | None:
        """The next line."""
        read = self.stdin.readline()
        return read.rstrip("\n") if read else None


class KeyAnswers:
    """Answers of a terminal: a letter is heard at once, and a text is a line, edited as the terminal does.

    Args:
        terminal: its file descriptor.
        stdout: where a letter is shown that was heard, and what is asked for after it.
    """

    def __init__(self, terminal: int, stdout: TextIO) -> None:
        self.terminal = terminal
        self.stdout = stdout
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._typed = ""

    def answer(self, texts: dict[str, str]) -> str | None:
        """The next key; with the line that follows it, where a text does."""
        key = self._key()
        if key is None:
            return None
        if key not in texts:
            self.stdout.write(f"{key if key.isprintable() else ''}\n")
            return key
        self.stdout.write(f"{key}\n{texts[key]}: ")
        self.stdout.flush()
        rest = self.line()
        return None if rest is None else f"{key} {rest}".rstrip()

    def line(self) -> str | None:
        """One line."""
        while "\n" not in self._typed:
            if not self._read():
                return None
        line, _, self._typed = self._typed.partition("\n")
        return line.rstrip("\r")

    def _key(self) -> str | None:
        """One character; keys that send more than one are none, and are passed over."""
        while True:
            if not self._typed:
                usual = termios.tcgetattr(self.terminal)
                # What was typed ahead stays: a key is never lost, and never heard as another.
                tty.setcbreak(self.terminal, termios.TCSADRAIN)
                try:
                    there = self._read()
                finally:
                    termios.tcsetattr(self.terminal, termios.TCSADRAIN, usual)
                if not there:
                    return None
            if self._typed.startswith(ESCAPE):
                self._typed = ""
                continue
            key, self._typed = self._typed[:1], self._typed[1:]
            return None if key == END else key

    def _read(self) -> bool:
        """Take in what there is, one byte at least; False at the end."""
        try:
            data = os.read(self.terminal, 4096)
        except OSError:
            # A terminal that has gone away has no more to say.
            return False
        self._typed += self._decoder.decode(data)
        return bool(data)
