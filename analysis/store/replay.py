"""Replay: all journals of a store as one table of events in memory, kept up to date by tailing.

`load_events` and `review_state` need no store: a report's own copy of the events is enough.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import duckdb

from analysis.base.errors import AssayError
from analysis.base.people import ELSEWHERE, Aliases, account_of, persons, same_person
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
from analysis.store.files import system_error
from analysis.store.heads import (
    Head,
    Loss,
    head_files,
    read_signature,
    signed_head,
)
from analysis.store.run import MERGED, SCHEMA
from analysis.store.signers import SIGNERS, signers_of
from analysis.store.ssh_signatures import REVOKED_KEYS
from analysis.store.streams import START, Cursor, JournalFile, journal_files, read_lines, this_account

_SQL = queries(__package__, "replay.sql")
_TYPES = json.dumps([{name: "BIGINT" if name in INTEGERS else "VARCHAR" for name in COLUMNS}])
_BATCH = 20_000
LEAP = 2**32
"""Furthest that the clock of one event may be from all others'."""
FROM_HERE = (
    "it says that it was written on this machine, where the file system knows who wrote what, and was merged"
)


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


def load_events(
    connection: duckdb.DuckDBPyConnection,
    events: Iterable[Event],
    merged: Collection[str] = (),
    uncounted: Collection[str] = (),
) -> None:
    """Fill a connection with events from anywhere, making the tables where there are none.

    The events are taken as they are: `analysis.store.streams.verify_chain` checks them.

    Args:
        connection: where the events go.
        events: of any streams.
        merged: the streams among them that were merged from other machines.
        uncounted: the streams among these that count for nothing, because nobody who is listed signed their head.
    """
    if not has_events(connection):
        create_event_tables(connection)
    lines: dict[bool, list[bytes]] = {False: [], True: []}
    for event in events:
        lines[event.stream_id in merged].append(canonical_line(event))
    for elsewhere, some in lines.items():
        insert_lines(connection, some, elsewhere)
    say_uncounted(connection, uncounted)


def say_uncounted(connection: duckdb.DuckDBPyConnection, streams: Collection[str]) -> None:
    """Say which streams count for nothing, instead of those that were said before."""
    connection.execute(_SQL["forget_uncounted"])
    connection.execute(_SQL["take_uncounted"], {"streams": list(streams)})


@dataclass(frozen=True, slots=True)
class MergedStream:
    """A stream that was merged from another machine, and whether it counts.

    Args:
        stream_id: its name.
        actor: the account that it is by, with its machine: `uid:1001/alice on gpubox`.
        events: how many events it has.
        head: hash of the last.
        counts: whether the head is signed by somebody listed who is of the account's name.
        signed_by: who signed, as listed; None where nobody did.
        key: fingerprint of the key.
        signature: the signature in its armor, empty where there is none; over `analysis.store.heads.head_bytes`.
        why: why it does not count; empty where it does.
    """

    stream_id: str
    actor: str
    events: int
    head: str
    counts: bool
    signed_by: str | None
    key: str | None
    signature: str
    why: str


class Replay:
    """Reads every journal of a store into a connection, and later only what is new.

    One bad stream harms nobody else: it is set aside by name, and the rest is read.

    Args:
        store: the review's folder.
        connection: where the events go; its tables are made here. A new one in memory by default.
        aliases: `[review] aliases`, by which a signer and an account are of one person.

    Attributes:
        connection: the connection with the table `event` and its views.
        lamport: the highest clock that was seen.
        torn: last lines that were never acknowledged, by file; they are not events.
        aside: what was set aside, by its name in `events`, and why. It is looked at again when the store is opened.
        gone: streams of which less is there than this replay has read.
        merged: the streams that were merged from elsewhere, by name.
        remarks: what else is damaged, by name, without harm to any event.
        changes: grows with whatever changes what is known.
    """

    def __init__(
        self,
        store: PathLike[str],
        connection: duckdb.DuckDBPyConnection | None = None,
        aliases: Aliases | None = None,
    ) -> None:
        self.store = Path(store)
        self.connection = duckdb.connect(":memory:") if connection is None else connection
        self.aliases = dict(aliases or {})
        self.lamport = 0
        self.torn: dict[Path, str] = {}
        self.aside: dict[str, str] = {}
        self.gone: dict[str, Loss] = {}
        self.merged: dict[str, MergedStream] = {}
        self.remarks: dict[str, str] = {}
        self.changes = 0
        self._known: dict[Path, Cursor] = {}
        self._hashes: dict[str, str] = {}
        self._paths: dict[str, JournalFile] = {}
        self._judged: dict[str, object] = {}
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

        A stream that is damaged, foreign, oversized or not readable, one with an event outside its kind, and one whose
        clock jumps further than any review could take it, is set aside whole.
        """
        problems: dict[str, str] = {}
        gained: list[_Gained] = []
        torn: dict[Path, str] = {}
        present: dict[Path, JournalFile] = {}
        for file in journal_files(self.store, problems):
            name = _name_of(file)
            if name in self.aside:
                continue
            present[file.path] = file
            try:
                found, rest = self._read(file)
            except AssayError as error:
                problems[name] = f"{error.where}: {error.message}" if error.where else error.message
                continue
            if rest:
                torn[file.path] = rest.decode("utf-8", "replace")
            if found is not None:
                gained.append(found)
        for file in list(self._paths.values()):
            if file.path not in present and file.path in self._known and _name_of(file) not in problems:
                self._miss(file)
        problems |= self._leaps([one for one in gained if _name_of(one.file) not in problems])
        new = 0
        for one in gained:
            if _name_of(one.file) not in problems:
                new += self._take(one)
        for name, why in problems.items():
            self.set_aside(name, why)
        if torn != self.torn:
            self.changes += 1
        self.torn = torn
        if self._judge_merged() or new:
            self.changes += 1
        return new

    def uncounted(self) -> list[str]:
        """The merged streams that count for nothing, by name."""
        return [one.stream_id for one in self.merged.values() if not one.counts]

    def _read(self, file: JournalFile) -> tuple[_Gained | None, bytes]:
        """What a journal has gained. Raises AssayError where it is not to be believed."""
        if self._paths.setdefault(file.stream_id, file) != file:
            raise damaged("this stream lies in the store twice", str(file.path))
        known = self._known.get(file.path, START)
        try:
            status = file.path.lstat()
        except OSError as error:
            raise system_error(error, "read this journal", file.path) from error
        if not stat.S_ISREG(status.st_mode):
            raise damaged("a journal must be a regular file", str(file.path))
        size = status.st_size
        if size < known.offset:
            self._miss(file)
            return None, b""
        if self.gone.pop(file.stream_id, None) is not None:
            self.changes += 1
        if size == known.offset:
            return None, b""
        found, cursor, rest = read_lines(file.path, file.stream_id, known, elsewhere=file.merged)
        seen: set[str] = set()
        for _, event in found:
            # What this process wrote itself was accepted before it is read.
            known_hash = self._hashes.get(event.event_id, event.hash)
            if event.event_id in seen or known_hash != event.hash:
                where = f"{file.path}:{event.seq}"
                raise damaged(f"event id {event.event_id!r} was used twice", where)
            seen.add(event.event_id)
        new = [one for one in found if one[1].event_id not in self._hashes]
        return _Gained(file, new, cursor), rest

    def _leaps(self, gained: Iterable[_Gained]) -> dict[str, str]:
        """The streams whose clock runs away from everybody else's, by name, and why.

        An event's clock is one more than the highest that its writer saw: in their order, no gap between them is
        larger than what is missing here. Who follows a clock beyond that would run out of numbers.
        """
        told: dict[str, str] = {}
        highest = self.lamport
        steps = sorted(
            ((event.lamport, one.file, event.seq) for one in gained for _, event in one.found),
            key=lambda step: step[0],
        )
        for lamport, file, seq in steps:
            name = _name_of(file)
            if name in told:
                continue
            if lamport > highest + LEAP:
                told[name] = (
                    f"{file.path}:{seq}: the clock of this event, {lamport:,}, is none that a review comes to"
                )
            else:
                highest = max(highest, lamport)
        return told

    def _take(self, one: _Gained) -> int:
        """Add what a journal gained to the table; returns the number of events."""
        insert_lines(self.connection, [line for line, _ in one.found], one.file.merged)
        for _, event in one.found:
            self._hashes[event.event_id] = event.hash
        self.lamport = max(self.lamport, one.cursor.position.lamport)
        self._known[one.file.path] = one.cursor
        return len(one.found)

    def _miss(self, file: JournalFile) -> None:
        """Tell of a journal that is shorter than what was read of it, or gone; what was read stays."""
        position = self._known[file.path].position
        try:
            left = file.path.read_bytes().count(b"\n")
        except OSError:
            left = 0
        loss = Loss(file.stream_id, position.seq, position.hash, min(left, position.seq - 1), "this session")
        if self.gone.get(file.stream_id) != loss:
            self.gone[file.stream_id] = loss
            self.changes += 1

    def set_aside(self, name: str, why: str) -> None:
        """Say that something is not to be believed; what was read of such a stream is taken out again."""
        if self.aside.get(name) == why:
            return
        self.aside[name] = why
        self.changes += 1
        for stream_id, file in list(self._paths.items()):
            if _name_of(file) == name:
                self._forget(stream_id, file)

    def set_stream_aside(self, stream_id: str, why: str) -> None:
        """Set a stream aside that this replay has read."""
        self.set_aside(_name_of(self._paths[stream_id]), why)

    def _forget(self, stream_id: str, file: JournalFile) -> None:
        of_stream = {"stream": stream_id}
        for event_id in column(self.connection, _SQL["ids"], of_stream):
            self._hashes.pop(event_id, None)
        self.connection.execute(_SQL["forget_stream"], of_stream)
        del self._paths[stream_id]
        self._known.pop(file.path, None)
        self.gone.pop(stream_id, None)
        self.merged.pop(stream_id, None)

    def _judge_merged(self) -> bool:
        """See which merged streams count; True where that changed."""
        before = dict(self.merged)
        listed = signers_of(self.store)
        for stream_id, file in list(self._paths.items()):
            cursor = self._known.get(file.path)
            if not file.merged or cursor is None or cursor.position.who is None:
                continue
            actor, host = cursor.position.who
            head = Head(stream_id, cursor.position.seq, cursor.position.hash)
            signed = head_files(self.store, stream_id)[1]
            lists = [_stamp(self.store / name) for name in (SIGNERS, REVOKED_KEYS)]
            state = (head, _stamp(signed), lists, listed)
            if self._judged.get(stream_id) != state:
                self._judged[stream_id] = state
                self.merged[stream_id] = self._judge(head, f"{actor}{ELSEWHERE}{host}", signed, listed)
            if not self.merged[stream_id].counts and host == this_account().host:
                self.set_aside(_name_of(file), FROM_HERE)
        self._lapse()
        if self.merged == before:
            return False
        say_uncounted(self.connection, self.uncounted())
        return True

    def _lapse(self) -> None:
        """Set aside the merged streams that counted when they were merged, and no longer do.

        What somebody said does not become nothing because a signature, or a line of the list, is gone: it is unknown.
        """
        if not self.uncounted():
            return
        for stream_id, signer in self.connection.execute(_SQL["counted_once"]).fetchall():
            stands = self.merged.get(stream_id)
            if stands is not None and not stands.counts:
                self.set_stream_aside(
                    stream_id,
                    f"it counted when it was merged, signed by {signer}, and does not now: {stands.why}",
                )

    def _judge(self, head: Head, actor: str, signed: Path, listed: Path | str) -> MergedStream:
        """Whether a merged stream counts: its last event is signed by somebody listed, who is of its account's name."""
        signature, principal, key = b"", None, None
        try:
            signature = read_signature(signed) or b""
            if not signature:
                why = "nobody signed its head"
            elif isinstance(listed, str):
                why = listed
            else:
                signer = signed_head(head, signature, listed)
                principal, key = signer.principal, signer.key
                own = same_person(principal, actor, self.aliases)
                why = "" if own else f"{principal} signed it, and it is by {account_of(actor).name}"
        except AssayError as error:
            why = error.message
        text = signature.decode("ascii", "replace")
        return MergedStream(head.stream_id, actor, head.events, head.head, not why, principal, key, text, why)


def merged_by_events(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The streams that an event of the store's own accounts says were merged."""
    return column(connection, _SQL["merged_by_events"])


class _Gained(NamedTuple):
    """What was read of a journal, and not taken in yet."""

    file: JournalFile
    found: list[tuple[bytes, Event]]
    cursor: Cursor


def _name_of(file: JournalFile) -> str:
    """The name of a journal in `events`."""
    return f"{MERGED}/{file.stream_id}.jsonl" if file.merged else f"{file.stream_id}.jsonl"


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is replaced; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def review_state(
    connection: duckdb.DuckDBPyConnection,
    run: str,
    today: str,
    shown: Mapping[str, str] | None = None,
    models: str | None = None,
    verdicts: tuple[VerdictRecord, ...] | None = None,
    aliases: Aliases | None = None,
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
        aliases: `[review] aliases`.
    """
    if shown is not None:
        load_shown(connection, shown)
    kinds = set(column(connection, _SQL["kinds"]))
    of_run: dict[str, object] = {"run": run}

    def asked(said: str, kind: type[Row], query: str, given: Mapping[str, object]) -> tuple[Row, ...]:
        return tuple(records(connection, kind, _SQL[query], given)) if said in kinds else ()

    # Who disagrees with their own other account has nothing to settle.
    settlements = tuple(
        one
        for one in asked("settle", SettlementRecord, "settlements", of_run)
        if len(persons(one.actors, aliases)) > 1
    )
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
        aliases={name: tuple(others) for name, others in (aliases or {}).items()},
    )


def load_shown(connection: duckdb.DuckDBPyConnection, shown: Mapping[str, str]) -> None:
    """Say which evidence the run in force shows of examples that were judged in earlier runs."""
    connection.execute(_SQL["forget_shown"])
    if shown:
        connection.execute(_SQL["take_shown"], {"refs": list(shown), "digests": list(shown.values())})
