"""Both models of a run, asked from the console: a worker process of its own, so that the screen stays live.

Only the standard library is used on this side; models are loaded in the worker alone.
"""

from __future__ import annotations

import itertools
import json
import os
import selectors
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Self

import analysis
from analysis.base.errors import AssayError
from analysis.plugin.live import MAX_TEXT_BYTES, LiveRequest

IDLE_S = 300.0
"""A worker that nobody has asked for so long ends, and gives its memory back."""
TIMEOUT_S = 180.0
"""Longest wait for a prediction; the first one includes loading the models."""
EXPLAINED_TIMEOUT_S = 900.0
"""Longest wait for attributions: the licence of a long text takes hundreds of passes, and can be cancelled."""
MAX_REPLY_BYTES = 64 << 20
CLOSING_S = 2.0


class ProbeCancelledError(AssayError):
    """The answer was cancelled while it was waited for."""


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    log: Path
    cancelled: bool = False


class LiveProbes:
    """The worker of one run: started when first asked, again after it was cancelled or went idle.

    `ask` blocks, and is meant for a thread of the console; `cancel` and `close` may be called from another.

    Args:
        store: the review's folder.
        run: the run whose models answer.
        idle_s: seconds without a question after which the worker ends.
    """

    def __init__(self, store: PathLike[str], run: str, *, idle_s: float = IDLE_S) -> None:
        self.store = Path(store).resolve()
        self.run = run
        self.idle_s = idle_s
        self._numbers = itertools.count(1)
        self._asking = threading.Lock()
        self._changing = threading.Lock()
        self._worker: _Worker | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the worker, which loads the models at once; one that runs is left alone.

        Raises:
            AssayError: it cannot be started.
        """
        self._running()

    def ask(self, request: LiveRequest, timeout_s: float | None = None) -> dict[str, Any]:
        """What both models say of a text.

        Args:
            request: the text.
            timeout_s: longest wait, in seconds; None leaves it to what is asked for.

        Returns:
            The reply of the track: for intent `sides`, each with prediction, attributions and licences.

        Raises:
            ProbeCancelledError: `cancel` or `close` was called meanwhile, or `close` before.
            AssayError: the worker refuses the models or the text, dies, or takes too long.
        """
        if len(request.text.encode("utf-8", "surrogatepass")) > MAX_TEXT_BYTES:
            raise AssayError(f"this text is longer than {MAX_TEXT_BYTES:,} bytes", where="the text")
        if timeout_s is None:
            timeout_s = TIMEOUT_S if request.methods == () else EXPLAINED_TIMEOUT_S
        with self._asking:
            worker = self._running()
            reply = self._exchange(worker, request, timeout_s)
            if reply is None and not worker.cancelled and worker.process.wait() == 0:
                # It went idle at the very moment of the question.
                worker = self._running()
                reply = self._exchange(worker, request, timeout_s)
        if reply is None:
            raise self._ended(worker)
        error = reply.pop("error", None)
        if error is not None:
            raise AssayError(error["message"], where=error["where"] or str(worker.log), hint=error["hint"])
        return reply

    def cancel(self) -> None:
        """Kill the worker; the question that it was answering raises, and the next one starts another."""
        with self._changing:
            if self._worker is not None:
                self._worker.cancelled = True
                self._worker.process.kill()

    def kill(self) -> None:
        """Kill the worker without waiting for anybody, where the program ends this very moment."""
        worker = self._worker
        if worker is not None:
            worker.process.kill()
            worker.log.unlink(missing_ok=True)

    def close(self) -> None:
        """End the worker and remove its log; a question that comes later is cancelled, and starts none."""
        with self._changing:
            self._closed = True
            worker, self._worker = self._worker, None
            if worker is None:
                return
            worker.cancelled = True
        _stop(worker)
        # Whoever waits for its answer must read its end before the pipe is closed, or would wait on nothing.
        with self._asking:
            _tidy(worker)

    @property
    def log(self) -> Path | None:
        """The log of the worker that runs, or ran last."""
        return self._worker.log if self._worker else None

    def _running(self) -> _Worker:
        with self._changing:
            if self._closed:
                raise ProbeCancelledError("cancelled", where="live probes", hint="the console is closed")
            if (
                self._worker is not None
                and self._worker.process.poll() is None
                and not self._worker.cancelled
            ):
                return self._worker
            if self._worker is not None:
                _stop(self._worker)
                _tidy(self._worker)
            self._worker = self._spawn()
            return self._worker

    def _spawn(self) -> _Worker:
        try:
            handle, name = tempfile.mkstemp(prefix="assay-worker-", suffix=".log")
            with os.fdopen(handle, "wb") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "analysis.live.worker", str(self.store), self.run,
                     str(self.idle_s)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    bufsize=0,
                    # The code that the console runs, wherever it was started; not what lies in its folder.
                    cwd=Path(analysis.__file__).parents[1],
                    # Keys such as ctrl+c in the console's terminal are not for the worker.
                    start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            raise AssayError(
                f"the worker that runs the models cannot be started: {error.strerror}",
                where=str(self.store),
                hint="free memory or space in the temporary folder, then try again",
            ) from error
        return _Worker(process, Path(name))

    def _exchange(self, worker: _Worker, request: LiveRequest, timeout_s: float) -> dict[str, Any] | None:
        """Send one question and wait for its answer; None where the worker ended without one."""
        number = next(self._numbers)
        question = {
            "id": number,
            "track": request.track,
            "text": request.text,
            "ref": request.ref,
            "methods": None if request.methods is None else list(request.methods),
        }
        stdin = worker.process.stdin
        assert stdin is not None
        remaining = memoryview(json.dumps(question).encode("ascii") + b"\n")
        try:
            while remaining:
                remaining = remaining[stdin.write(remaining) or 0 :]
        except (OSError, ValueError):
            # The worker is gone, or `close` was called: its end tells which.
            return None
        line = self._read_line(worker, timeout_s)
        if line is None:
            return None
        try:
            reply = json.loads(line)
            mine = reply.pop("id") == number
        except (ValueError, KeyError, AttributeError, RecursionError):
            mine = False
        if not mine:
            _kill(worker)
            raise AssayError(
                "the worker's answer is damaged", where=str(worker.log), hint="ask again: it starts anew"
            )
        return dict(reply)

    def _read_line(self, worker: _Worker, timeout_s: float) -> bytes | None:
        deadline = time.monotonic() + timeout_s
        stdout = worker.process.stdout
        assert stdout is not None
        received = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while not received.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    _kill(worker)
                    raise AssayError(
                        f"the models did not answer within {timeout_s:g} seconds",
                        where=str(worker.log),
                        hint="ask again: the worker starts anew; its log tells how far it came",
                    )
                part = os.read(stdout.fileno(), 1 << 16)
                received += part
                if len(received) > MAX_REPLY_BYTES:
                    _kill(worker)
                if not part or len(received) > MAX_REPLY_BYTES:
                    return None
        return bytes(received)

    def _ended(self, worker: _Worker) -> AssayError:
        if worker.cancelled:
            return ProbeCancelledError("cancelled", where="live probes", hint="ask again")
        status = worker.process.wait()
        how = f"signal {-status}" if status < 0 else f"status {status}"
        return AssayError(
            f"the worker that runs the models ended without an answer ({how})",
            where=str(worker.log),
            hint="ask again: it starts anew; its log tells what happened",
        )


def _kill(worker: _Worker) -> None:
    """Kill a worker and wait until it is gone, so that the next question starts another."""
    worker.process.kill()
    worker.process.wait()


def _stop(worker: _Worker) -> None:
    """Close the input, which ends a worker; wait for it, or kill it."""
    process = worker.process
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(CLOSING_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tidy(worker: _Worker) -> None:
    """Close the output of a worker that ended, and keep its log where it failed."""
    assert worker.process.stdout is not None
    worker.process.stdout.close()
    if worker.cancelled or worker.process.returncode == 0:
        worker.log.unlink(missing_ok=True)
