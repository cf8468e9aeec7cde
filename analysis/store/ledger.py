"""`ledger.duckdb`: all events of all journals, for anyone's SQL. Losing it loses nothing."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import duckdb

from analysis.base.errors import AssayError
from analysis.base.sql import queries
from analysis.store.files import FILE_MODE, locked
from analysis.store.replay import Replay, create_event_tables, has_events
from analysis.store.run import STORAGE_VERSION, open_store

_CONFIG: dict[str, str | bool | int | float | list[str]] = {"storage_compatibility_version": STORAGE_VERSION}
_SQL = queries(__package__, "ledger.sql")


def update_ledger(replay: Replay, *, wait: bool = False) -> bool:
    """Add to the ledger what it lacks; doing it twice changes nothing.

    The lock on the side file is taken before DuckDB opens the ledger: DuckDB's own lock alone lost
    acknowledged rows in some versions.

    Args:
        replay: has read the journals.
        wait: wait for another process that is at it, instead of leaving the work to it.

    Returns:
        False where another process holds the lock.

    Raises:
        AssayError: the ledger cannot be written, or contradicts the journals (then rebuild it).
    """
    path = replay.store / "ledger.duckdb"
    with locked(replay.store / ".ledger.lock", wait=wait) as held:
        if not held:
            return False
        if is_damaged(path):
            # It is made from the journals, and they hold every event; what it was stays for whoever asks why.
            path.replace(path.with_name(f"{path.name}.damaged"))
        if path.exists():
            _fill(path, replay)
        else:
            _anew(path, replay)
    return True


def is_damaged(path: Path) -> bool:
    """Whether something that is no database of this DuckDB stands where the ledger should, such as half of one."""
    if not path.is_file():
        return False
    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.Error as error:
        # In use, another account's, or of a later DuckDB: none of that is damage.
        return not any(word in str(error) for word in ("lock", "Permission", "version"))
    return False


def rebuild_ledger(replay: Replay) -> Path:
    """Put a new ledger in the place of the old one; a write-ahead log left by a crash is moved aside."""
    path = replay.store / "ledger.duckdb"
    with locked(replay.store / ".ledger.lock"):
        _anew(path, replay)
    return path


def _anew(path: Path, replay: Replay) -> None:
    """Make a ledger beside its place, so that one that is not finished never stands there."""
    fresh = path.with_name(".ledger.rebuild.duckdb")
    try:
        fresh.unlink(missing_ok=True)
        _fill(fresh, replay)
        log = path.with_name(path.name + ".wal")
        if log.exists():
            log.replace(path.with_name(path.name + ".wal.aside"))
        fresh.replace(path)
    except OSError as error:
        raise AssayError(f"the ledger cannot be rebuilt: {error.strerror}", where=str(path)) from error
    finally:
        fresh.unlink(missing_ok=True)
        fresh.with_name(fresh.name + ".wal").unlink(missing_ok=True)


def _fill(path: Path, replay: Replay) -> None:
    try:
        ledger = duckdb.connect(str(path), config=_CONFIG)
    except duckdb.Error as error:
        raise _unusable(path, error) from error
    try:
        if not has_events(ledger):
            path.chmod(FILE_MODE)
            ledger.execute("BEGIN")
            create_event_tables(ledger)
            ledger.execute("COMMIT")
            ledger.execute("CHECKPOINT")
        heads = {row[0]: row[1:] for row in ledger.execute(_SQL["heads"]).fetchall()}
        hashes = dict(replay.connection.execute(_SQL["hashes"]).fetchall())
        for stream_id, (events, head) in heads.items():
            known = hashes.get(stream_id, [])
            if len(known) < events or known[events - 1] != head:
                raise AssayError(
                    f"the ledger tells of stream {stream_id!r} what the journals do not",
                    where=str(path),
                    hint="the journals are the record: `assay rebuild STORE` makes the ledger anew",
                )
        ledger.execute("BEGIN")
        for stream_id, known in hashes.items():
            have = heads.get(stream_id, (0, ""))[0]
            if have < len(known):
                later = {"stream": stream_id, "seq": have}
                ledger.executemany(_SQL["add"], replay.connection.execute(_SQL["later"], later).fetchall())
        ledger.execute("COMMIT")
    except duckdb.Error as error:
        raise _unusable(path, error) from error
    finally:
        ledger.close()


def _unusable(path: Path, error: duckdb.Error) -> AssayError:
    return AssayError(
        f"the ledger cannot be written: {str(error).splitlines()[0]}",
        where=str(path),
        hint="nothing is lost: the journals hold every event, and the next session brings the ledger up to date",
    )


def rebuild(store: PathLike[str]) -> Path:
    """Make `ledger.duckdb` anew from the journals. Raises AssayError where it cannot be written."""
    replay = Replay(open_store(store))
    replay.tail()
    return rebuild_ledger(replay)
