"""What becomes of a console whose terminal goes away, or which is told to end."""

from __future__ import annotations

import os
import select
import threading

LEAVE_SECONDS = 5.0
"""How long a console that was told to end may take to put the terminal in order."""


def hung_up(descriptor: int) -> bool:
    """Whether the other end of a terminal is gone; not every session leader is told so by a signal."""
    watch = select.poll()
    watch.register(descriptor, 0)
    return any(event & (select.POLLHUP | select.POLLNVAL | select.POLLERR) for _, event in watch.poll(0))


def end_in_time(terminal: int, nowhere: int) -> None:
    """Make sure that the program ends: everything is saved already.

    A writer whose terminal is gone dies with it, and whoever waits for that writer waits for ever: so what
    is still written goes nowhere, and the end has a deadline.

    Args:
        terminal: a descriptor of the terminal.
        nowhere: a descriptor of the null device.
    """
    if hung_up(terminal):
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
    deadline = threading.Timer(LEAVE_SECONDS, os._exit, args=(0,))
    deadline.daemon = True
    deadline.start()
