"""One event as one line: its canonical form, its hash, and the check of a chain of them.

The canonical form is RFC 8785 (JCS). All columns are strings, integers below 2**53 or null and all keys
are ASCII, for which the standard library's encoder gives the same bytes fifty times faster.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import rfc8785

from analysis.base.errors import AssayError
from analysis.base.review_records import Event
from analysis.store.event_kinds import kind_problem

GENESIS = "0" * 64
"""What the first event of a stream has in `prev`."""

BODY_LIMIT = 64 << 10
"""Largest body in bytes."""
ID_PREFIX = 16
"""So many characters of an event's id follow from its stream: no other stream can use the same id."""

LINE_LIMIT = 1 << 20
MAX_INTEGER = 2**53 - 1
OPTIONAL = ("ref", "target")
INTEGERS = ("seq", "lamport")
COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(Event))
_COLUMN_SET = frozenset(COLUMNS)
_TS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
_HASH_FIELD = re.compile(rb'"hash":"[0-9a-f]{64}",')


@dataclass(frozen=True, slots=True)
class Position:
    """Where a stream stands: the last event's number, clock and hash, and its actor and host."""

    seq: int = 0
    lamport: int = 0
    hash: str = GENESIS
    who: tuple[str, str] | None = None


def canonical_json(value: dict[str, Any]) -> str:
    """RFC 8785 text of a body. Raises AssayError for what has no such form (NaN, huge integers ...)."""
    try:
        return rfc8785.dumps(value).decode("utf-8")
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError) as error:
        raise AssayError(
            f"this cannot be recorded: {error}", hint="remove the character or number"
        ) from error


def new_event_id(stream_id: str) -> str:
    """An id for the next event of a stream: 32 hex digits, the first half from the stream's name, the rest drawn."""
    return id_prefix(stream_id) + secrets.token_hex((32 - ID_PREFIX) // 2)


def id_prefix(stream_id: str) -> str:
    """What the ids of all events of a stream begin with."""
    return hashlib.sha256(stream_id.encode("utf-8", "surrogatepass")).hexdigest()[:ID_PREFIX]


def _encode(columns: dict[str, Any]) -> bytes:
    text = json.dumps(columns, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def canonical_line(event: Event) -> bytes:
    """The RFC 8785 bytes of an event, without newline."""
    return _encode(asdict(event))


def event_hash(event: Event) -> str:
    """SHA-256 of the RFC 8785 form of all columns but `hash`, as hex."""
    return _hash_of(canonical_line(event))


def _hash_of(line: bytes) -> str:
    return hashlib.sha256(_HASH_FIELD.sub(b"", line, count=1)).hexdigest()


def seal(event: Event) -> Event:
    """The event with its hash filled in."""
    return replace(event, hash=event_hash(replace(event, hash=GENESIS)))


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    columns = dict(pairs)
    if len(columns) != len(pairs):
        raise ValueError("a key appears twice")
    return columns


def parse_line(line: bytes, where: str) -> Event:
    """One line of a journal, without its newline, as an event.

    Raises:
        AssayError: it is not the canonical form of an event, or its hash is not its own.
    """
    try:
        columns = json.loads(line, object_pairs_hook=_refuse_duplicates)
        body = json.loads(columns["body"]) if isinstance(columns, dict) else None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(f"this line is not an event ({type(error).__name__})", where) from error
    if not isinstance(columns, dict) or columns.keys() != _COLUMN_SET or not isinstance(body, dict):
        raise damaged("this line is not an event: it has other columns", where)
    for name, value in columns.items():
        if name in INTEGERS:
            good = type(value) is int and 0 < value <= MAX_INTEGER
        else:
            good = isinstance(value, str) or (value is None and name in OPTIONAL)
        if not good:
            raise damaged(f"this line is not an event: column {name!r} has another type", where)
    try:
        canonical = _encode(columns)
    except UnicodeEncodeError as error:
        raise damaged("this line is not canonical JSON", where) from error
    if canonical != line:
        raise damaged("this line is not canonical JSON", where)
    if columns["hash"] != _hash_of(line):
        raise damaged("this event was changed after it was written: its hash is not its own", where)
    return Event(**columns)


def check_said(event: Event, where: str) -> None:
    """Check that an event is of a known kind, with a body of that kind, and an id that is its stream's.

    Raises:
        AssayError: it is not; nothing that a session writes fails here.
    """
    size = len(event.body.encode("utf-8"))
    if size > BODY_LIMIT:
        raise damaged(f"the body of this event has {size:,} bytes, at most {BODY_LIMIT:,} are kept", where)
    body = json.loads(event.body)
    if not _is_canonical(body, event.body):
        raise damaged("the body of this event is not canonical JSON", where)
    problem = kind_problem(event.kind, event.ref, event.target, body)
    if problem:
        raise damaged(problem, where)
    if not _TS.fullmatch(event.ts):
        raise damaged(f"{event.ts[:40]!r} is no time of an event", where)
    if not event.event_id.startswith(id_prefix(event.stream_id)):
        raise damaged(f"event id {event.event_id[:40]!r} is not one of this stream", where)


def _is_canonical(body: dict[str, Any], text: str) -> bool:
    """Whether a body's text is its RFC 8785 form: no other reader may find another value, or none, in it."""
    try:
        if (
            json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
            == text
        ):
            return True
    except ValueError:
        return False
    try:
        # The standard library writes some numbers otherwise.
        return canonical_json(body) == text
    except AssayError:
        return False


def check_link(event: Event, stream_id: str, before: Position, where: str) -> Position:
    """The stream's position after an event that continues its chain.

    Raises:
        AssayError: the event belongs to another stream or actor, leaves a gap or breaks the chain.
    """
    if event.stream_id != stream_id:
        raise damaged(f"this event belongs to stream {event.stream_id!r}, not {stream_id!r}", where)
    if event.seq != before.seq + 1:
        raise damaged(f"event {before.seq + 1} of this stream is missing: found {event.seq}", where)
    if event.prev != before.hash:
        raise damaged("the chain is broken: this event does not continue the one before it", where)
    if event.lamport <= before.lamport:
        raise damaged("the chain is broken: this event's clock runs backwards", where)
    who = (event.actor, event.host)
    if before.who is not None and who != before.who:
        raise damaged(f"this event is by {who[0]!r} on {who[1]!r}, in a journal of {before.who[0]!r}", where)
    return Position(event.seq, event.lamport, event.hash, who)


def damaged(message: str, where: str) -> AssayError:
    """The error for a journal that cannot be believed."""
    return AssayError(
        message,
        where=where,
        hint="nothing was changed: put a good copy of this journal in its place, or move it out of the store and "
        "accept the loss: `assay rebuild STORE --accept-loss REASON`",
    )
