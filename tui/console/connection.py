"""What becomes of the program whose terminal goes away, or which is told to end.

A thread of its own waits for both: it needs neither the event loop nor the main thread, which may be busy, starved
by keys that were typed ahead, or gone already. Everything that was acknowledged is on the disk before it is said,
so that the program may end at any moment; a console is given a short while to do so in order.
"""

from __future__ import annotations

import os
import select
import signal
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache

LEAVE_S = 5.0
"""How long a console that was told to end may take to do so in order."""
GRACE_S = 1.0
"""The same, once its terminal is gone: there is nothing to put in order but bookkeeping."""
STEP_S = 0.1
LOOK_S = 1.0
"""A hang-up wakes whoever waits on a pseudo-terminal at once; other lines are looked at this often."""
SIGNALS = (signal.SIGHUP, signal.SIGTERM)
"""Signals that end a console in order; any other command they end as they end any program."""


def hung_up(descriptor: int) -> bool:
    """Whether the other end of a terminal is gone; not every session leader is told so by a signal."""
    watch = select.poll()
    watch.register(descriptor, 0)
    return any(event & (select.POLLHUP | select.POLLNVAL | select.POLLERR) for _, event in watch.poll(0))


class Connection:
    """The terminal of this process, and what is done when it goes away.

    Attributes:
        gone: whether the terminal is gone or the program was told to end; what is typed is not heard any more.
    """

    def __init__(self) -> None:
        self.gone = False
        self._leave: Callable[[], None] | None = None
        self._last: list[Callable[[], None]] = []
        self._console = False
        self._watched: list[int] = []
        self._wake, self._woken = os.pipe()
        for end in (self._wake, self._woken):
            os.set_blocking(end, False)

    def begin(self, *descriptors: int) -> None:
        """Wait for the end of those of some descriptors that are terminals, in a thread that keeps nobody up."""
        self._watched = [one for one in descriptors if _is_terminal(one)]
        threading.Thread(target=self._wait, name="assay-connection", daemon=True).start()

    def also(self, descriptor: int) -> None:
        """Wait for the end of another descriptor as well, if it is a terminal."""
        if _is_terminal(descriptor):
            self._watched.append(descriptor)
            # The thread looks now, and from then on at this one too.
            os.write(self._woken, b"\0")

    def console(self) -> None:
        """From here on the program is a console: signals end it in order. To be called in the main thread."""
        self.also(0)
        self._console = True
        # The number of a signal goes into the pipe as it arrives, whatever the main thread is doing.
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, _nothing)

    def on_end(self, leave: Callable[[], None] | None) -> None:
        """What asks the console to end in order, from any thread; None once it is no longer there."""
        self._leave = leave

    def at_last(self, work: Callable[[], None]) -> None:
        """What is done before the program ends without order; it must not wait for anybody."""
        self._last.append(work)

    def _wait(self) -> None:
        front: dict[int, bool] = {}
        gone: set[int] = set()
        while True:
            front |= {one: _in_front(one) for one in self._watched if one not in gone}
            watch = select.poll()
            watch.register(self._wake, select.POLLIN)
            for descriptor in set(front) - gone:
                watch.register(descriptor, 0)
            found = dict(watch.poll(LOOK_S * 1000))
            if found.pop(self._wake, 0):
                arrived = os.read(self._wake, 4096)
                for number in SIGNALS:
                    if number in arrived:
                        self._end(number)
            if any(self._console or front[one] for one in found):
                self._end(signal.SIGHUP)
            # A command in the background goes on when its terminal is gone, as those of the system do.
            gone |= set(found)

    def _end(self, number: signal.Signals) -> None:
        self.gone = True
        if self._console:
            if self._leave is not None:
                # The loop may just have ended; then so does the program.
                with suppress(RuntimeError):
                    self._leave()
            self._wait_for_order()
        for work in self._last:
            with suppress(Exception):
                work()
        os._exit(128 + number)

    def _wait_for_order(self) -> None:
        """Give the console time to end; the end of the program ends this thread."""
        end = time.monotonic() + LEAVE_S
        while time.monotonic() < end:
            if any(map(hung_up, self._watched)):
                end = min(end, time.monotonic() + GRACE_S)
                self._watched = []
            time.sleep(STEP_S)


@cache
def connection() -> Connection:
    """The connection of this process, watched since it was first asked for.

    Of a command only what it prints to is watched, and nothing where it was started to outlive its terminal.
    """
    made = Connection()
    made.begin(*(() if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else (1, 2)))
    return made


def gone() -> bool:
    """Whether the terminal of this process was watched, and is gone."""
    return bool(connection.cache_info().currsize) and connection().gone


def _is_terminal(descriptor: int) -> bool:
    """Whether a descriptor is a terminal, or was one: the system calls a terminal that is gone none."""
    try:
        return os.isatty(descriptor) or (stat.S_ISCHR(os.fstat(descriptor).st_mode) and hung_up(descriptor))
    except OSError:
        return False


def _in_front(descriptor: int) -> bool:
    """Whether this process has the terminal; one that is no session's belongs to whoever holds it."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return True


def _nothing(number: int, frame: object) -> None:
    """The number is in the pipe already."""
