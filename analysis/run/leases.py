"""Who computes what is missing: one lease for each unit of work, a file that its holder keeps renewing.

A lease says that somebody is at work, so that others take up something else. Losing one harms nothing: a unit that is
computed twice gives the same result, and the first that is finished stays.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.store.files import make_directory, modes_in, read_small, system_error

RENEW_S = 5.0
"""A lease is renewed so often."""
STALE_S = 30.0
"""A lease that was not renewed for so long is nobody's any more."""
_LIMIT = 4096


class Leases:
    """The leases that one process holds, and what it has seen of those of others.

    Whether another's lease is stale is told by this process's own clock: from how long its file has not changed, never
    from the time that is written there, which another machine's clock has made.

    Args:
        root: the folder of the leases; made where it is not there.
        now: seconds of a clock that never goes back.
    """

    def __init__(self, root: Path, now: Callable[[], float] = time.monotonic) -> None:
        self.root = root
        self._now = now
        self._seen: dict[Path, tuple[int, float]] = {}
        self._me = json.dumps(
            {"host": socket.gethostname(), "pid": os.getpid(), "token": secrets.token_hex(8)}
        )
        make_directory(root)

    @contextmanager
    def held(self, name: str) -> Iterator[bool]:
        """Hold the lease of a unit while it is computed; False where another is at it.

        Raises:
            AssayError: leases cannot be written.
        """
        path = self.root / name
        if not self._take(path):
            yield False
            return
        ended = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(path, ended), daemon=True)
        renewing.start()
        try:
            yield True
        finally:
            ended.set()
            renewing.join()
            if read_small(path, _LIMIT) == self._me.encode():
                path.unlink(missing_ok=True)

    def _take(self, path: Path) -> bool:
        try:
            return self._make(path) or (self._is_stale(path) and self._clear(path) and self._make(path))
        except OSError as error:
            raise system_error(error, "say who computes what", path) from error

    def _make(self, path: Path) -> bool:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        with os.fdopen(descriptor, "w") as file:
            # In a store that a group shares, the others of it look who holds a lease.
            os.fchmod(descriptor, modes_in(self.root)[1])
            file.write(self._me)
        return True

    def _is_stale(self, path: Path) -> bool:
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            return True
        now = self._now()
        known, since = self._seen.setdefault(path, (changed, now))
        if known != changed:
            self._seen[path] = (changed, now)
            return False
        return now - since > STALE_S or _is_dead(path)

    def _clear(self, path: Path) -> bool:
        """Take a stale lease away; of several that try, one succeeds."""
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            os.rename(path, aside)
        except FileNotFoundError:
            return True
        aside.unlink(missing_ok=True)
        self._seen.pop(path, None)
        return True

    def _renew(self, path: Path, ended: threading.Event) -> None:
        while not ended.wait(RENEW_S):
            try:
                os.utime(path)
            except OSError:
                # Another has taken it for stale; both finish, and the results are the same.
                return


def _is_dead(path: Path) -> bool:
    """Whether the holder was a process of this machine that is no more."""
    try:
        holder = json.loads(read_small(path, _LIMIT) or b"{}")
        host, pid = holder.get("host"), int(holder.get("pid", 0))
    except (ValueError, AttributeError, TypeError):
        return False
    if host != socket.gethostname() or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
