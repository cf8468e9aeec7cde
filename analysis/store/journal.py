"""Journals: one append-only file per session, one canonical line per event, durable before it counts."""

from __future__ import annotations

import os
import secrets
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
    check_link,
    check_said,
    new_event_id,
    parse_line,
    seal,
)
from analysis.store.files import make_directory, modes_in, sync_directory, system_error
from analysis.store.streams import Account


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

    @property
    def path(self) -> Path | None:
        """The journal's file, or None before the first event."""
        if self._descriptor is None:
            return None
        return self._folder / f"{self._session}.jsonl"

    @property
    def stream_id(self) -> str:
        """The name of the stream that this journal holds; before the first event there is none."""
        return f"{self.account.folder}/{self._session}" if self._session else ""

    @property
    def position(self) -> Position:
        """Where the stream stands."""
        return self._position

    @property
    def _folder(self) -> Path:
        return self.store / "events" / self.account.folder

    @property
    def wrote(self) -> bool:
        """Whether an event was written since the journal was made."""
        return self._position.seq > 0

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
    ) -> Event:
        """Write one event; it is on the disk when this returns.

        Args:
            kind: what kind of event it is.
            run: the run that the reviewer looks at.
            body: plain JSON, as its kind has it, of at most 64 KiB.
            ref: the example that it is about.
            target: the event that it is about.

        Raises:
            AssayError: it is not what a reader would take, or it could not be written; nothing of it counts then.
        """
        text = canonical_json(body)
        size = len(text.encode("utf-8"))
        if size > BODY_LIMIT:
            raise AssayError(
                f"this is too long to record: {size:,} bytes, at most {BODY_LIMIT:,} are kept",
                hint="shorten it",
            )
        # A file that the disk did not take is not written to again.
        running = self._descriptor is not None
        session, before = (self._session, self._position) if running else (_new_session(), Position())
        stream_id = f"{self.account.folder}/{session}"
        event = seal(
            Event(
                stream_id=stream_id,
                seq=before.seq + 1,
                lamport=max(self.lamport, before.lamport) + 1,
                event_id=new_event_id(stream_id),
                ts=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                actor=self.account.actor,
                reviewer=self.reviewer,
                host=self.account.host,
                session_id=session,
                run=run,
                ref=ref,
                kind=kind,
                target=target,
                body=text,
                prev=before.hash,
                hash=GENESIS,
            )
        )
        line = canonical_line(event)
        # What readers would set aside must never be acknowledged.
        check_said(parse_line(line, "this event"), "this event")
        position = check_link(event, stream_id, before, "this event")
        if not running:
            self._open(session)
        self._write(line + b"\n")
        self._position = position
        self.lamport = event.lamport
        return event

    def close(self) -> None:
        """Close the file; nothing waits to be written."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self, session: str) -> None:
        make_directory(self._folder, own=True)
        path = self._folder / f"{session}.jsonl"
        _, mode = modes_in(self._folder)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(path, flags, mode)
            os.fchmod(self._descriptor, mode)
            self._session, self._length = session, 0
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


def _new_session() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(6)}"
