"""Replay: all journals of a store as one table of events in memory, kept up to date by tailing.

`load_events` and `review_state` need no store: a report's own copy of the events is enough.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import duckdb

from analysis.base.records import (
    DecisionRecord,
    Event,
    FindingRecord,
    ReviewState,
    SpanRecord,
    VerdictRecord,
    WaiverRecord,
)
from analysis.base.sql import sql_text
from analysis.store.events import COLUMNS, canonical_line, damaged
from analysis.store.run import SCHEMA
from analysis.store.streams import START, Cursor, journal_files, read_lines

_TYPES = json.dumps([{name: "BIGINT" if name in ("seq", "lamport") else "VARCHAR" for name in COLUMNS}])
_INSERT = (
    f"INSERT INTO event SELECT {', '.join(f'e.{name}' for name in COLUMNS)}, ? "
    f"FROM (SELECT unnest(from_json(?, '{_TYPES}')) AS e)"
)
_BATCH = 20_000


def create_event_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table `event` and the views over it."""
    connection.execute(sql_text(SCHEMA, "events.sql"))


def insert_lines(connection: duckdb.DuckDBPyConnection, lines: Sequence[bytes], merged: bool) -> None:
    """Add events given as canonical lines; the caller has checked them."""
    for start in range(0, len(lines), _BATCH):
        batch = b"[" + b",".join(lines[start : start + _BATCH]) + b"]"
        connection.execute(_INSERT, [merged, batch.decode("utf-8")])


def load_events(connection: duckdb.DuckDBPyConnection, events: Iterable[Event]) -> None:
    """Fill a connection with events from anywhere, making the tables where there are none.

    The events are taken as they are: `analysis.store.journal.verify_chain` checks them.
    """
    if not connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'event'").fetchall():
        create_event_tables(connection)
    insert_lines(connection, [canonical_line(event) for event in events], False)


class Replay:
    """Reads every journal of a store into a connection, and later only what is new.

    Args:
        store: the review's folder.
        connection: where the events go; its tables are made here. A new one in memory by default.

    Attributes:
        connection: the connection with the table `event` and its views.
        lamport: the highest clock that was seen.
        torn: last lines that were never acknowledged, by file; they are not events.
    """

    def __init__(self, store: PathLike[str], connection: duckdb.DuckDBPyConnection | None = None) -> None:
        self.store = Path(store)
        self.connection = duckdb.connect(":memory:") if connection is None else connection
        self.lamport = 0
        self.torn: dict[Path, str] = {}
        self._known: dict[Path, Cursor] = {}
        self._hashes: dict[str, str] = {}
        create_event_tables(self.connection)

    def __len__(self) -> int:
        return len(self._hashes)

    def __contains__(self, event_id: object) -> bool:
        return event_id in self._hashes

    def accept(self, event: Event) -> None:
        """Add an event that this process has just written to its own journal."""
        insert_lines(self.connection, [canonical_line(event)], False)
        self._hashes[event.event_id] = event.hash
        self.lamport = max(self.lamport, event.lamport)

    def tail(self) -> int:
        """Read what the journals have gained, and return the number of new events.

        Raises:
            AssayError: a journal is damaged; it names file and line, and nothing new is taken in.
        """
        new: dict[bool, list[bytes]] = {False: [], True: []}
        hashes: dict[str, str] = {}
        moved: dict[Path, Cursor] = {}
        torn = dict(self.torn)
        lamport = self.lamport
        present = set()
        for stream_id, path, merged in journal_files(self.store):
            present.add(path)
            known = self._known.get(path, START)
            size = path.lstat().st_size
            if size < known.offset:
                raise damaged(
                    f"this journal became shorter: {size:,} bytes, {known.offset:,} were read", str(path)
                )
            if size == known.offset:
                continue
            found, cursor, rest = read_lines(path, stream_id, known, elsewhere=merged)
            torn.pop(path, None)
            if rest:
                torn[path] = rest.decode("utf-8", "replace")
            for line, event in found:
                before = self._hashes.get(event.event_id) or hashes.get(event.event_id)
                if before is None:
                    hashes[event.event_id] = event.hash
                    new[merged].append(line)
                elif before != event.hash:
                    where = f"{path}:{event.seq}"
                    raise damaged(f"event id {event.event_id!r} was used twice, with other content", where)
            lamport = max(lamport, cursor.position.lamport)
            moved[path] = cursor
        for path in self._known:
            if path not in present:
                raise damaged("this journal is gone", str(path))
        for merged, lines in new.items():
            insert_lines(self.connection, lines, merged)
        self._hashes.update(hashes)
        self._known.update(moved)
        self.torn = torn
        self.lamport = lamport
        return len(hashes)


def review_state(
    connection: duckdb.DuckDBPyConnection,
    run: str,
    today: str,
    shown: Mapping[str, str] | None = None,
    models: str | None = None,
) -> ReviewState:
    """What stands of what people said of one run.

    Args:
        connection: holds the events.
        run: the run in question.
        today: ISO date; waivers that expired before it come last. The gates do not count them, and say why.
        shown: digest of the evidence that this run shows, for examples that were judged in an earlier run;
            a verdict on the same evidence counts here. None leaves the table `shown` as it is.
        models: digest of both models of this run; a finding of an earlier run about the same models counts.
    """
    if shown is not None:
        load_shown(connection, shown)
    kinds = {row[0] for row in connection.execute("SELECT DISTINCT kind FROM live").fetchall()}

    def asked(kind: str, sql: str, given: list[str | None]) -> list[tuple[Any, ...]]:
        return connection.execute(sql, given).fetchall() if kind in kinds else []

    verdicts = asked(
        "verdict",
        "SELECT ref, actor, reviewer, verdict, cause, note, critical_slices FROM verdict_of(?) ORDER BY ref, actor",
        [run],
    )
    settled = asked("settle", "SELECT ref, verdict FROM settled_of(?) ORDER BY ref", [run])
    findings = asked(
        "finding",
        "SELECT event_id, actor, reviewer, text, gate, refs, severity, ts, evidence FROM finding_live "
        "WHERE run = ? OR models_sha256 = ? ORDER BY lamport, stream_id, seq",
        [run, models],
    )
    waivers = asked(
        "waiver",
        "SELECT event_id, actor, reviewer, key, run, value, threshold, reason, expires, ts FROM waiver_live "
        "WHERE run = ? ORDER BY expires < ?, lamport, stream_id, seq",
        [run, today],
    )
    decisions = asked(
        "decision",
        "SELECT event_id, actor, reviewer, decision, reason, run, ts FROM decision_latest WHERE run = ?",
        [run],
    )
    spans = asked(
        "tokens",
        'SELECT ref, side, detector, start, "end", verdict, actor, reviewer FROM span_of(?) ORDER BY ALL',
        [run],
    )
    return ReviewState(
        verdicts=tuple(VerdictRecord(*[*row[:6], tuple(row[6] or ())]) for row in verdicts),
        settled=dict(settled),
        findings=tuple(FindingRecord(*[*row[:5], tuple(row[5] or ()), *row[6:]]) for row in findings),
        waivers=tuple(WaiverRecord(*row) for row in waivers),
        decision=DecisionRecord(*decisions[0]) if decisions else None,
        spans=tuple(SpanRecord(*row) for row in spans),
    )


def load_shown(connection: duckdb.DuckDBPyConnection, shown: Mapping[str, str]) -> None:
    """Say which evidence the run in force shows of examples that were judged in earlier runs."""
    connection.execute("DELETE FROM shown")
    if shown:
        connection.execute(
            "INSERT INTO shown SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
            [list(shown), list(shown.values())],
        )
