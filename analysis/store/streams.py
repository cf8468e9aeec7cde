"""Streams: the journals of a store as files, who wrote them, and reading them with every check."""

from __future__ import annotations

import os
import pwd
import re
import socket
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from analysis.base.errors import AssayError
from analysis.base.people import Aliases, person_of, same_person
from analysis.base.review_records import Event
from analysis.store.events import (
    LINE_LIMIT,
    Position,
    canonical_line,
    check_link,
    check_said,
    damaged,
    parse_line,
)
from analysis.store.files import safe_name, system_error
from analysis.store.run import MERGED

JOURNAL_LIMIT = 256 << 20
"""Largest journal in bytes; a session of 10,000 events has ten million."""
STREAM_ID = re.compile(r"(?!\.)[\w.%~-]{1,80}@[\w.%~-]{1,80}/[A-Za-z0-9-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Account:
    """Who writes: the Unix account, which is the identity, and the machine."""

    uid: int
    name: str
    host: str

    @property
    def actor(self) -> str:
        """The account as events name it: `uid:1001/alice`."""
        return f"uid:{self.uid}/{self.name}"

    @property
    def folder(self) -> str:
        """Name of the account's folder in `events/` and `drafts/`."""
        return f"{safe_name(self.name)}@{safe_name(self.host)}"


def this_account() -> Account:
    """The account and machine of this process."""
    uid = os.geteuid()
    return Account(uid, account_name(uid), socket.gethostname() or "localhost")


def account_name(uid: int) -> str:
    """Name of a Unix account on this machine; its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def has_account(person: str, aliases: Aliases) -> bool:
    """Whether a person, by name, address or alias, has an account on this machine."""
    names = {person, person.partition("@")[0], person_of(person, aliases)}
    for name, others in aliases.items():
        if same_person(name, person, aliases):
            names |= {name, *others}
    for name in names:
        try:
            pwd.getpwnam(name)
        except (KeyError, ValueError):
            continue
        return True
    return False


@dataclass(frozen=True, slots=True)
class Stream:
    """What a journal says: its events, and a last line that was never acknowledged, if there is one."""

    stream_id: str
    events: tuple[Event, ...]
    torn_tail: str | None


class JournalFile(NamedTuple):
    """A file that should be a journal: its stream, and whether it was merged from elsewhere."""

    stream_id: str
    path: Path
    merged: bool


def journal_files(store: PathLike[str], problems: dict[str, str] | None = None) -> Iterator[JournalFile]:
    """Every journal of a store, in order of account and session, merged ones last.

    Args:
        store: the review's folder.
        problems: takes, by its name in `events`, what cannot be looked into, and why: a folder that may not be read,
            a link, a file in the place of a folder.
    """
    events = Path(store) / "events"
    told = {} if problems is None else problems
    for folder, merged in ((events, False), (events / MERGED, True)):
        for person in _inside(folder, folder, told):
            if person.name == MERGED and not merged:
                continue
            if not person.is_dir(follow_symlinks=False):
                told[str(Path(person.path).relative_to(events))] = "this is not a folder of journals"
                continue
            for file in _inside(Path(person.path), events, told):
                if file.name.endswith(".jsonl"):
                    yield JournalFile(
                        f"{person.name}/{file.name.removesuffix('.jsonl')}", Path(file.path), merged
                    )


def _inside(folder: Path, events: Path, told: dict[str, str]) -> list[os.DirEntry[str]]:
    """What is in a folder, by name, without what is hidden."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
    except OSError as error:
        name = str(folder.relative_to(events)) if folder != events else folder.name
        told[name] = f"these journals cannot be read: {(error.strerror or str(error)).lower()}"
        return []
    return [entry for entry in entries if not entry.name.startswith(".")]


def _open_journal(path: Path) -> tuple[int, os.stat_result]:
    """A descriptor for reading a journal, and its status. Raises AssayError for links and special files."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise system_error(error, "read this journal", path) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise damaged("a journal must be a regular file", str(path))
    if status.st_size > JOURNAL_LIMIT:
        os.close(descriptor)
        raise damaged(
            f"this journal has {status.st_size:,} bytes; at most {JOURNAL_LIMIT:,} are read", str(path)
        )
    return descriptor, status


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a journal has been read: bytes, lines, and the stream's position there."""

    offset: int
    lines: int
    position: Position


START = Cursor(0, 0, Position())


def read_lines(
    path: Path, stream_id: str, start: Cursor, *, elsewhere: bool
) -> tuple[list[tuple[bytes, Event]], Cursor, bytes]:
    """Read a journal's whole lines from a cursor on, checking each and their chain.

    Args:
        path: the journal.
        stream_id: the stream that it must be.
        start: where to begin.
        elsewhere: it was written on another machine, so that its file's owner says nothing of its actor.

    Returns:
        The lines (without newline) with their events, the cursor after them, and the bytes of a last line
        without newline.

    Raises:
        AssayError: a line is not what a journal holds; it names file and line.
    """
    descriptor, status = _open_journal(path)
    found: list[tuple[bytes, Event]] = []
    offset, line, position = start.offset, start.lines, start.position
    with os.fdopen(descriptor, "rb") as handle:
        handle.seek(offset)
        while content := handle.readline(LINE_LIMIT + 1):
            where = f"{path}:{line + 1}"
            if not content.endswith(b"\n"):
                if len(content) > LINE_LIMIT:
                    raise damaged(f"this line is longer than {LINE_LIMIT:,} bytes", where)
                return found, Cursor(offset, line, position), content
            event = parse_line(content[:-1], where)
            if position.who is None:
                _check_identity(event, None if elsewhere else status.st_uid, where)
            position = check_link(event, stream_id, position, where)
            check_said(event, where)
            found.append((content[:-1], event))
            offset += len(content)
            line += 1
    return found, Cursor(offset, line, position), b""


def _check_identity(event: Event, owner: int | None, where: str) -> None:
    """Check that a stream's first event is by whom its folder names and, on this machine, its file's owner."""
    found = re.fullmatch(r"uid:(\d{1,10})/(.+)", event.actor, re.DOTALL)
    if found is None:
        raise damaged(f"{event.actor!r} is no account", where)
    account = Account(int(found[1]), found[2], event.host)
    if event.stream_id != f"{account.folder}/{event.session_id}":
        raise damaged(f"this event is by {event.actor!r}, in the stream {event.stream_id!r}", where)
    if owner is None:
        return
    if account.uid != owner or account.name != account_name(owner):
        raise AssayError(
            f"this journal is by {event.actor!r}, but its file belongs to {account_name(owner)!r} (uid {owner})",
            where=where,
            hint="a journal from another account or machine is taken in with `assay merge STORE JOURNAL`; "
            "nothing was changed",
        )


def read_stream(path: Path, stream_id: str | None = None) -> Stream:
    """A whole journal, verified.

    Args:
        path: the journal.
        stream_id: the stream that it must be; by default what its path says.

    Raises:
        AssayError: it is damaged; names file and line.
    """
    if stream_id is None:
        stream_id = f"{path.absolute().parent.name}/{path.name.removesuffix('.jsonl')}"
    found, _, torn = read_lines(path, stream_id, START, elsewhere=True)
    events = tuple(event for _, event in found)
    return Stream(stream_id, events, torn.decode("utf-8", "replace") if torn else None)


def verify_chain(events: Iterable[Event], where: Callable[[int], str]) -> dict[str, Position]:
    """Check events of many streams, each in its own order; `where` names the place of the n-th event.

    Returns:
        The last position of each stream.

    Raises:
        AssayError: a hash, a link or a number is wrong, or an id was used twice.
    """
    heads: dict[str, Position] = {}
    seen: set[str] = set()
    for index, event in enumerate(events):
        place = where(index)
        check_said(parse_line(canonical_line(event), place), place)
        if event.event_id in seen:
            raise damaged(f"event id {event.event_id!r} was used twice", place)
        seen.add(event.event_id)
        heads[event.stream_id] = check_link(
            event, event.stream_id, heads.get(event.stream_id, Position()), place
        )
    return heads


def claimed_stream(path: Path) -> str:
    """The stream that a journal's first line names, if it is a name that may become a path."""
    descriptor, _ = _open_journal(path)
    with os.fdopen(descriptor, "rb") as handle:
        line = handle.readline(LINE_LIMIT)
    if not line.endswith(b"\n"):
        raise damaged("this file holds no event", str(path))
    stream_id = parse_line(line[:-1], f"{path}:1").stream_id
    if not STREAM_ID.fullmatch(stream_id):
        raise damaged(f"{stream_id!r} is no name of a stream", f"{path}:1")
    return stream_id
