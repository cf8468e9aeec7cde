"""Journals: one append-only file per session, one canonical line per event, durable before it counts."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.review_records import Event
from analysis.store.events import (
    BODY_LIMIT,
    GENESIS,
    Position,
    canonical_json,
    canonical_line,
    damaged,
    seal,
)
from analysis.store.files import (
    FILE_MODE,
    make_directory,
    read_small,
    sync_directory,
    system_error,
    write_atomic,
)
from analysis.store.run import open_store
from analysis.store.streams import (
    MERGED,
    Account,
    claimed_stream,
    journal_files,
    read_stream,
)

SIDE_LIMIT = 16 << 20


class Journal:
    """The journal of one session; its file appears with the first event.

    Args:
        store: the review's folder.
        account: who writes.
        reviewer: the name that is shown.
    """

    def __init__(self, store: PathLike[str], account: Account, reviewer: str) -> None:
        self.store = Path(store)
        self.account = account
        self.reviewer = reviewer
        self.lamport = 0
        self._descriptor: int | None = None
        self._length = 0
        self._position = Position()
        self._session = ""
        self._written: dict[str, Event] = {}

    @property
    def path(self) -> Path | None:
        """The journal's file, or None before the first event."""
        if self._descriptor is None:
            return None
        return self._folder / f"{self._session}.jsonl"

    @property
    def _folder(self) -> Path:
        return self.store / "events" / self.account.folder

    @property
    def wrote(self) -> bool:
        """Whether an event was written since the journal was made."""
        return bool(self._written)

    def observe(self, lamport: int) -> None:
        """Take note of another stream's clock: the next event is later than it."""
        self.lamport = max(self.lamport, lamport)

    def append(
        self,
        kind: str,
        *,
        run: str,
        body: dict[str, Any],
        ref: str | None = None,
        target: str | None = None,
        event_id: str | None = None,
    ) -> Event:
        """Write one event; it is on the disk when this returns.

        Args:
            kind: what kind of event it is.
            run: the run that the reviewer looks at.
            body: plain JSON. One above 64 KiB goes into a side file named by its digest.
            ref: the example that it is about.
            target: the event that it is about.
            event_id: the client's id; sending the same event again returns the one that was written.

        Raises:
            AssayError: it could not be written, and then nothing of it counts.
        """
        text = self._fit(canonical_json(body))
        if event_id is not None and event_id in self._written:
            known = self._written[event_id]
            if (known.kind, known.run, known.ref, known.target, known.body) != (kind, run, ref, target, text):
                raise AssayError(f"an event {event_id!r} was recorded already, with other content")
            return known
        if self._descriptor is None:
            self._open()
        event = seal(
            Event(
                stream_id=f"{self.account.folder}/{self._session}",
                seq=self._position.seq + 1,
                lamport=max(self.lamport, self._position.lamport) + 1,
                event_id=event_id or secrets.token_hex(16),
                ts=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                actor=self.account.actor,
                reviewer=self.reviewer,
                host=self.account.host,
                session_id=self._session,
                run=run,
                ref=ref,
                kind=kind,
                target=target,
                body=text,
                prev=self._position.hash,
                hash=GENESIS,
            )
        )
        self._write(canonical_line(event) + b"\n")
        self._position = Position(event.seq, event.lamport, event.hash, (event.actor, event.host))
        self.lamport = event.lamport
        self._written[event.event_id] = event
        return event

    def close(self) -> None:
        """Close the file; nothing waits to be written."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> None:
        session = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(6)}"
        make_directory(self._folder)
        path = self._folder / f"{session}.jsonl"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(path, flags, FILE_MODE)
            self._session, self._length, self._position = session, 0, Position()
            sync_directory(self._folder)
        except OSError as error:
            self.close()
            raise system_error(error, "start this session's journal", path) from error

    def _write(self, line: bytes) -> None:
        path, descriptor = self.path, self._descriptor
        if path is None or descriptor is None:
            raise AssayError("this journal is closed")
        try:
            written = os.write(descriptor, line)
            while written < len(line):
                written += os.write(descriptor, line[written:])
        except OSError as error:
            self._take_back(descriptor)
            raise system_error(error, "save this: the journal cannot be written", path) from error
        try:
            os.fdatasync(descriptor)
        except OSError as error:
            # After a failed sync the kernel may call lost pages clean, so this file is not trusted again.
            self._take_back(descriptor)
            self.close()
            raise system_error(error, "save this: the disk did not take the journal", path) from error
        self._length += len(line)

    def _take_back(self, descriptor: int) -> None:
        """Cut a half-written line off, or leave the file to readers, who set such a line aside."""
        try:
            os.ftruncate(descriptor, self._length)
            os.fdatasync(descriptor)
        except OSError:
            self.close()

    def _fit(self, text: str) -> str:
        content = text.encode("utf-8")
        if len(content) <= BODY_LIMIT:
            return text
        if len(content) > SIDE_LIMIT:
            raise AssayError(
                f"this is too long to record: {len(content):,} bytes, at most {SIDE_LIMIT:,} are kept",
                hint="shorten it",
            )
        digest = hashlib.sha256(content).hexdigest()
        make_directory(self._folder)
        path = self._folder / f"{digest}.body"
        if not path.exists():
            write_atomic(path, content)
        return canonical_json({"bytes": len(content), "side_sha256": digest})


def read_body(store: PathLike[str], event: Event) -> str:
    """An event's whole body, from its side file where it has one.

    Raises:
        AssayError: the side file is missing or is not the one that was recorded.
    """
    found = re.fullmatch(r'\{"bytes":\d+,"side_sha256":"([0-9a-f]{64})"\}', event.body)
    if found is None:
        return event.body
    for parent in (Path(store) / "events", Path(store) / "events" / MERGED):
        path = parent / event.stream_id.split("/")[0] / f"{found[1]}.body"
        content = read_small(path, SIDE_LIMIT)
        if content is not None:
            if hashlib.sha256(content).hexdigest() != found[1]:
                raise damaged("this file is not what was recorded", str(path))
            return content.decode("utf-8")
    raise AssayError(f"the body of event {event.event_id} is missing: no file {found[1]}.body")


def merge(store: PathLike[str], journals: Iterable[Path]) -> int:
    """Take in journals that were written on other machines; what is known already is left alone.

    Args:
        store: the review's folder.
        journals: journal files, or folders in which to look for them.

    Returns:
        Number of events that are new to the store.

    Raises:
        AssayError: a journal is damaged, or tells another story than the store's copy of it.
    """
    root = open_store(store)
    known = {stream_id: path for stream_id, path, _ in journal_files(root)}
    streams = [(path, read_stream(path, claimed_stream(path))) for path in _expand(journals)]
    new = 0
    for path, stream in streams:
        there = read_stream(known[stream.stream_id]).events if stream.stream_id in known else ()
        for ours, theirs in zip(there, stream.events, strict=False):
            if ours.hash != theirs.hash:
                raise damaged(
                    f"event {theirs.seq} of stream {stream.stream_id!r} differs from the store's own copy of it",
                    f"{path}:{theirs.seq}",
                )
        if len(stream.events) <= len(there):
            continue
        target = root / "events" / MERGED / f"{stream.stream_id}.jsonl"
        if stream.stream_id in known and known[stream.stream_id] != target:
            raise damaged(
                f"this copy has {len(stream.events)} events, but the store's own journal has only {len(there)}",
                str(path),
            )
        make_directory(target.parent.parent)
        make_directory(target.parent)
        for side in path.parent.glob("*.body"):
            _copy_side(side, target.parent / side.name)
        write_atomic(target, b"".join(canonical_line(event) + b"\n" for event in stream.events))
        known[stream.stream_id] = target
        new += len(stream.events) - len(there)
    return new


def _expand(journals: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in map(Path, journals):
        if path.is_dir():
            inside = sorted(path.rglob("*.jsonl"))
            if not inside:
                raise AssayError("there is no journal in this folder", where=str(path))
            found.extend(inside)
        else:
            found.append(path)
    return found


def _copy_side(source: Path, target: Path) -> None:
    content = read_small(source, SIDE_LIMIT)
    if content is None or hashlib.sha256(content).hexdigest() != source.name.removesuffix(".body"):
        raise damaged("this file is not what was recorded", str(source))
    if not target.exists():
        write_atomic(target, content)
