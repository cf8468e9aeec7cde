"""The terminal as the console uses it: it draws on standard output, stops and goes on as the shell asks, and ends.

Textual's own driver draws on standard error, spins on the input of a terminal that is gone, and starts itself a second
time when a program that never was stopped is told to go on, as a hang-up tells it.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import termios
from codecs import getincrementaldecoder
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from tui.console.connection import hung_up

if TYPE_CHECKING:
    from textual.app import App

INPUT_MS = 100
"""How often the reader of keys looks whether it is to stop, and whether an escape stands for itself."""
ORDER = (
    "\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1000l\x1b[?2004l\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""Puts a terminal in order that a console leaves without its help."""


class Output:
    """What the console draws on; once the terminal is gone, writing to it does nothing.

    Textual writes from a thread, and whoever waits for one that died waits for ever.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write text, or lose it with its terminal."""
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """Hand to the terminal what was written."""
        with suppress(OSError):
            self._stream.flush()

    def fileno(self) -> int:
        """The descriptor of the terminal."""
        return self._stream.fileno()


class ConsoleDriver(LinuxDriver):
    """A driver that stops and goes on without losing the screen, and whose reader ends with its terminal."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        assert sys.__stdout__ is not None
        self._output = Output(sys.__stdout__)
        self._file = cast("Any", self._output)
        self._loop = asyncio.get_running_loop()
        self._drawing = False
        self._went_on = False
        signal.signal(signal.SIGTSTP, self._told_to_stop)
        signal.signal(signal.SIGCONT, self._told_to_go_on)

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._drawing = True

    def stop_application_mode(self) -> None:
        self._drawing = False
        super().stop_application_mode()

    def stop(self, whom: int = 0) -> bool:
        """Give the terminal back, stop, and take it again when the shell lets the program go on.

        Args:
            whom: the process to stop; 0 for all of this program's job, as the terminal's own key does.

        Returns:
            Whether it was stopped: nobody could let a program go on that no shell has started.
        """
        drawing, self._went_on = self._drawing, False
        if drawing:
            self.suspend_application_mode()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        try:
            # The program stops in here.
            os.kill(whom, signal.SIGTSTP)
        finally:
            signal.signal(signal.SIGTSTP, handler)
        if drawing and not hung_up(self.fileno):
            self._take_terminal()
            self.resume_application_mode()
            self._app.refresh(layout=True)
        return self._went_on

    def put_in_order(self) -> None:
        """Put the terminal in order without waiting for anybody, if it is still there."""
        if not self._drawing or hung_up(self.fileno):
            return
        if self.attrs_before is not None:
            termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        watch = select.poll()
        watch.register(self._output.fileno(), select.POLLOUT)
        if watch.poll(0):
            os.write(self._output.fileno(), ORDER.encode("ascii"))

    def _take_terminal(self) -> None:
        """Wait for the terminal: a program in the background that changes it is stopped until it has it."""
        with suppress(termios.error):
            termios.tcsetattr(self.fileno, termios.TCSANOW, termios.tcgetattr(self.fileno))

    def _told_to_stop(self, *_: object) -> None:
        """Stop because another process asks for it: between two steps of the loop, or at once if it does not draw."""
        if self._drawing:
            self._in_loop(self.stop, os.getpid())
        else:
            self.stop(os.getpid())

    def _told_to_go_on(self, *_: object) -> None:
        """Draw again after a stop that no program can prepare for; a hang-up comes with the same signal."""
        stopped_here, self._went_on = not self._drawing, True
        if not stopped_here and not hung_up(self.fileno):
            self._in_loop(self._draw_again)

    def _draw_again(self) -> None:
        if self._drawing and not hung_up(self.fileno):
            self._take_terminal()
            self.suspend_application_mode()
            self.resume_application_mode()
            self._app.refresh(layout=True)

    def _in_loop(self, work: Any, *arguments: object) -> None:
        # The loop has ended where the console is just leaving.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(work, *arguments)

    def run_input_thread(self) -> None:
        """Read keys until the driver stops, or the terminal is gone."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        watch = select.poll()
        watch.register(self.fileno, select.POLLIN)
        while not self.exit_event.is_set():
            if watch.poll(INPUT_MS):
                try:
                    received = os.read(self.fileno, 4096)
                except OSError:
                    return
                if not received:
                    return
                for event in parser.feed(decode(received)):
                    self.process_message(event)
            for event in parser.tick():
                self.process_message(event)
