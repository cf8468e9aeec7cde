"""Work that needs what this process has loaded, and that strangers wrote: in a copy of the process, with limits.

A copy costs milliseconds where a process of its own would load its libraries again. It does nothing but the work: it
answers one question after the other until its limits, or the end of the process that made it.
"""

from __future__ import annotations

import gc
import os
import resource
import select
import signal
import struct
import threading
import time
import warnings
from collections.abc import Callable

from analysis.base.limited import NO_MEMORY, LimitError, end_with, limit_memory, no_memory

_FRAME = struct.Struct("<Q")
_DESCRIPTORS = min(os.sysconf("SC_OPEN_MAX"), 1 << 16)
_ENDING_S = 5.0
MOST_BYTES = 64 << 20
"""Longest answer."""


class Forked:
    """A copy of this process that does one kind of work.

    Args:
        work: answers a question; what it raises is told as the words of a `LimitError`, so it should raise nothing.
        seconds: of wall time that one question may take.
        memory: bytes that the work may take beside what the process has.
    """

    def __init__(self, work: Callable[[bytes], bytes], *, seconds: float, memory: int) -> None:
        self._work = work
        self._seconds = seconds
        self._memory = memory
        self._child: tuple[int, int, int] | None = None
        self._parent = 0
        self._asking = threading.Lock()

    def ask(self, question: bytes) -> bytes:
        """The answer to a question.

        Raises:
            LimitError: the work took more than its time or memory, or failed; the next question finds a new copy.
        """
        with self._asking:
            return self._ask(question)

    def __del__(self) -> None:
        """Nobody asks any more: the copy ends."""
        if self._child is not None and self._parent == os.getpid():
            self._end(self._child[0], LimitError("time"))

    def _ask(self, question: bytes) -> bytes:
        if self._child is None or self._parent != os.getpid():
            self._child, self._parent = self._begin(), os.getpid()
        process, questions, answers = self._child
        deadline = time.monotonic() + self._seconds
        try:
            _write(questions, question)
            (length,) = _FRAME.unpack(_read(answers, _FRAME.size, deadline))
            if length > MOST_BYTES:
                raise LimitError("memory")
            return _read(answers, length, deadline)
        except (LimitError, OSError) as error:
            raise self._end(process, error) from None

    def _end(self, process: int, error: Exception) -> LimitError:
        """End the copy; returns why there is no answer."""
        assert self._child is not None
        over = isinstance(error, LimitError) and error.of != "failed"
        status = None if over else _status_of(process)
        if status is None:
            os.kill(process, signal.SIGKILL)
            status = os.waitpid(process, 0)[1]
        for descriptor in self._child[1:]:
            os.close(descriptor)
        self._child = None
        if isinstance(error, LimitError) and over:
            return error
        out_of_memory = (-signal.SIGSEGV, -signal.SIGABRT, NO_MEMORY)
        code = os.waitstatus_to_exitcode(status)
        return LimitError("memory") if code in out_of_memory else LimitError("failed", f"status {code}")

    def _begin(self) -> tuple[int, int, int]:
        asked, questions = os.pipe()
        answers, answered = os.pipe()
        parent = os.getpid()
        with warnings.catch_warnings():
            # The other threads are not in the copy, and it needs none of them.
            warnings.simplefilter("ignore", DeprecationWarning)
            process = os.fork()
        if process == 0:
            self._serve(asked, answered, parent)
        os.close(asked)
        os.close(answered)
        return process, questions, answers

    def _serve(self, asked: int, answered: int, parent: int) -> None:
        try:
            # What the process holds is not the copy's to let go.
            gc.disable()
            for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            nowhere = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(nowhere, descriptor)
            # Neither a file of the process, nor the pipe of another copy, which would then not see its end.
            low, high = sorted((asked, answered))
            for start, end in ((3, low), (low + 1, high), (high + 1, _DESCRIPTORS)):
                os.closerange(start, end)
            end_with(parent)
            limit_memory(self._memory)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            while True:
                (length,) = _FRAME.unpack(_read(asked, _FRAME.size))
                _write(answered, self._work(_read(asked, length)))
        except MemoryError:
            no_memory()
        finally:
            # Also where the other end was closed: nothing of the process is run in its copy.
            os._exit(1)


def _status_of(process: int) -> int | None:
    """The status of a process that has closed its end and is just ending; None where it does not."""
    deadline = time.monotonic() + _ENDING_S
    while time.monotonic() < deadline:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.005)
    return None


def _write(descriptor: int, content: bytes) -> None:
    rest = memoryview(_FRAME.pack(len(content)) + content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _read(descriptor: int, length: int, deadline: float | None = None) -> bytes:
    """So many bytes. Raises LimitError where they do not come in time, or do not come any more."""
    parts, missing = [], length
    while missing:
        if (
            deadline is not None
            and not select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]
        ):
            raise LimitError("time")
        part = os.read(descriptor, min(missing, 1 << 20))
        if not part:
            raise LimitError("failed")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
