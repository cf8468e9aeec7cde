"""`ledger.duckdb`: all events of all journals, for anyone's SQL. Losing it loses nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import duckdb

from analysis.base.errors import AssayError
from analysis.base.sql import queries
from analysis.store.files import locked, modes_in
from analysis.store.heads import Head, Known
from analysis.store.replay import Replay, create_event_tables, has_events, say_uncounted
from analysis.store.run import STORAGE_VERSION

_CONFIG: dict[str, str | bool | int | float | list[str]] = {"storage_compatibility_version": STORAGE_VERSION}
_SQL = queries(__package__, "ledger.sql")
LEDGER = "ledger.duckdb"
LOCK = ".ledger.lock"


def ledger_heads(store: PathLike[str], problems: dict[str, str]) -> list[Known]:
    """The heads that the ledger knows; none where there is no ledger, or another process writes to it just now.

    Args:
        store: the review's folder.
        problems: takes a ledger that cannot be read, by its name, and why.
    """
    path = Path(store) / LEDGER
    if not path.exists():
        return []
    try:
        with locked(Path(store) / LOCK, wait=False) as held:
            return _known_heads(path) if held else []
    except AssayError as error:
        problems[LEDGER] = error.message
    except duckdb.IOException as error:
        # Somebody looks into it with DuckDB's own shell: that is no damage.
        if "lock" not in str(error):
            problems[LEDGER] = f"the ledger cannot be read: {str(error).splitlines()[0]}"
    except duckdb.Error as error:
        problems[LEDGER] = (
            f"the ledger cannot be read: {str(error).splitlines()[0]}; `assay rebuild` makes it anew"
        )
    return []


def _known_heads(path: Path) -> list[Known]:
    ledger = duckdb.connect(str(path), read_only=True)
    try:
        if not has_events(ledger):
            return []
        return [Known(Head(*row), LEDGER) for row in ledger.execute(_SQL["heads"]).fetchall()]
    finally:
        ledger.close()


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
    path = replay.store / LEDGER
    with locked(replay.store / LOCK, wait=wait) as held:
        if not held:
            return False
        if is_damaged(path):
            # It is made from the journals, and they hold every event; what it was stays for whoever asks why.
            path.replace(path.with_name(f"{path.name}.damaged"))
        if not path.exists():
            _anew(path, replay)
        elif os.access(path, os.W_OK):
            _fill(path, replay)
        else:
            _replace(path, replay)
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


def _replace(path: Path, replay: Replay) -> None:
    """Put a ledger of this account in the place of another's, in a store that a group shares."""
    try:
        known = {one.head.stream_id: one.head for one in _known_heads(path)}
    except duckdb.Error as error:
        raise _unusable(path, error) from error
    _refuse_contradiction(path, {name: (one.events, one.head) for name, one in known.items()}, replay)
    _anew(path, replay)


def rebuild_ledger(replay: Replay) -> Path:
    """Put a new ledger in the place of the old one; a write-ahead log left by a crash is moved aside."""
    path = replay.store / LEDGER
    with locked(replay.store / LOCK):
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
            path.chmod(modes_in(path.parent)[1])
            ledger.execute("BEGIN")
            create_event_tables(ledger)
            ledger.execute("COMMIT")
            ledger.execute("CHECKPOINT")
        heads = {row[0]: row[1:] for row in ledger.execute(_SQL["heads"]).fetchall()}
        hashes = _refuse_contradiction(path, heads, replay)
        ledger.execute("BEGIN")
        for stream_id, known in hashes.items():
            have = heads.get(stream_id, (0, ""))[0]
            if have < len(known):
                later = {"stream": stream_id, "seq": have}
                ledger.executemany(_SQL["add"], replay.connection.execute(_SQL["later"], later).fetchall())
        say_uncounted(ledger, replay.uncounted())
        ledger.execute("COMMIT")
    except duckdb.Error as error:
        raise _unusable(path, error) from error
    finally:
        ledger.close()


def _refuse_contradiction(
    path: Path, heads: Mapping[str, tuple[int, str]], replay: Replay
) -> dict[str, list[str]]:
    """The hashes of each stream that was read. Raises AssayError where the ledger knows of more, or of others."""
    hashes: dict[str, list[str]] = dict(replay.connection.execute(_SQL["hashes"]).fetchall())
    for stream_id, (events, head) in heads.items():
        known = hashes.get(stream_id, [])
        if len(known) < events or known[events - 1] != head:
            raise AssayError(
                f"the ledger tells of stream {stream_id!r} what the journals do not",
                where=str(path),
                hint="`assay status STORE` says what is missing: put it back, or accept the loss with "
                "`assay rebuild STORE --accept-loss REASON`",
            )
    return hashes


def _unusable(path: Path, error: duckdb.Error) -> AssayError:
    return AssayError(
        f"the ledger cannot be written: {str(error).splitlines()[0]}",
        where=str(path),
        hint="nothing is lost: the journals hold every event, and the next session brings the ledger up to date",
    )
