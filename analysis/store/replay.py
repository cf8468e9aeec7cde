"""Replay: all journals of a store as one table of events in memory, kept up to date by tailing.

`load_events` and `review_state` need no store: a report's own copy of the events is enough.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path

import duckdb

from analysis.base.review_records import (
    DecisionRecord,
    Event,
    FindingRecord,
    KnownAnswerRecord,
    RepeatRecord,
    ReviewState,
    SettlementRecord,
    SpanRecord,
    VerdictRecord,
    WaiverRecord,
)
from analysis.base.sql import Row, column, queries, records, sql_text
from analysis.store.events import COLUMNS, INTEGERS, canonical_line, damaged
from analysis.store.run import SCHEMA
from analysis.store.streams import START, Cursor, journal_files, read_lines

_SQL = queries(__package__, "replay.sql")
_TYPES = json.dumps([{name: "BIGINT" if name in INTEGERS else "VARCHAR" for name in COLUMNS}])
_BATCH = 20_000


def create_event_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table `event` and the views over it."""
    connection.execute(sql_text(SCHEMA, "events.sql"))


def has_events(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the table `event` is there."""
    return bool(connection.execute(_SQL["has_events"]).fetchall())


def insert_lines(connection: duckdb.DuckDBPyConnection, lines: Sequence[bytes], merged: bool) -> None:
    """Add events given as canonical lines; the caller has checked them."""
    for start in range(0, len(lines), _BATCH):
        batch = b"[" + b",".join(lines[start : start + _BATCH]) + b"]"
        connection.execute(_SQL["take"], {"lines": batch.decode("utf-8"), "types": _TYPES, "merged": merged})


def load_events(connection: duckdb.DuckDBPyConnection, events: Iterable[Event]) -> None:
    """Fill a connection with events from anywhere, making the tables where there are none.

    The events are taken as they are: `analysis.store.journal.verify_chain` checks them.
    """
    if not has_events(connection):
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
    verdicts: tuple[VerdictRecord, ...] | None = None,
) -> ReviewState:
    """What stands of what people said of one run.

    Args:
        connection: holds the events.
        run: the run in question.
        today: ISO date; waivers that expired before it come last. The gates do not count them, and say why.
        shown: digest of the evidence that this run shows, for examples that were judged in an earlier run;
            a verdict on the same evidence counts here. None leaves the table `shown` as it is.
        models: digest of both models of this run; a finding of an earlier run about the same models counts.
        verdicts: those of this run, where they were read already.
    """
    if shown is not None:
        load_shown(connection, shown)
    kinds = set(column(connection, _SQL["kinds"]))
    of_run: dict[str, object] = {"run": run}

    def asked(said: str, kind: type[Row], query: str, given: Mapping[str, object]) -> tuple[Row, ...]:
        return tuple(records(connection, kind, _SQL[query], given)) if said in kinds else ()

    settlements = asked("settle", SettlementRecord, "settlements", of_run)
    decisions = asked("decision", DecisionRecord, "decisions", of_run)
    return ReviewState(
        verdicts=asked("verdict", VerdictRecord, "verdicts", of_run) if verdicts is None else verdicts,
        settled={one.ref: one.right for one in settlements},
        findings=asked("finding", FindingRecord, "findings", {**of_run, "models": models}),
        waivers=asked("waiver", WaiverRecord, "waivers", {**of_run, "today": today}),
        decision=decisions[0] if decisions else None,
        spans=asked("tokens", SpanRecord, "spans", of_run),
        known_answers=asked("known_answer", KnownAnswerRecord, "known_answers", of_run),
        repeats=asked("verdict", RepeatRecord, "repeats", of_run),
        settlements=settlements,
    )


def load_shown(connection: duckdb.DuckDBPyConnection, shown: Mapping[str, str]) -> None:
    """Say which evidence the run in force shows of examples that were judged in earlier runs."""
    connection.execute(_SQL["forget_shown"])
    if shown:
        connection.execute(_SQL["take_shown"], {"refs": list(shown), "digests": list(shown.values())})
