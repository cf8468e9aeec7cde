"""Heads: where each stream stood when its session closed, and what is missing of what was known.

A chain tells of every change inside a stream, and nothing of a tail that was cut off or a journal that is gone. So its
last event is noted in `heads/`, signed where the reviewer has a key; and the ledger and every report in the store know
heads too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import rfc8785

from analysis.base.errors import AssayError
from analysis.store.files import make_directory, read_small, write_atomic
from analysis.store.signatures import REPORT_LIMIT
from analysis.store.ssh_signatures import SIGNATURE_LIMIT, Signer, sign_quietly, signer_of

NAMESPACE = "stream-head@assay"
"""SSHSIG namespace of signed heads: a signature made for another purpose does not pass."""
FOLDER = "heads"
HEAD_LIMIT = 4096
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Head:
    """Where a stream stands: how many events it has, and the hash of the last."""

    stream_id: str
    events: int
    head: str


@dataclass(frozen=True, slots=True)
class Known:
    """A head that something in the store knows of; `witness` is its path in the store."""

    head: Head
    witness: str


@dataclass(frozen=True, slots=True)
class Loss:
    """A stream of which less is there than was known, or something else.

    `left` events of it are there. `witness` knows of `events`, of which the last has the hash `head`.
    """

    stream_id: str
    events: int
    head: str
    left: int
    witness: str

    @property
    def sentence(self) -> str:
        """What is missing, in words."""
        if self.left >= self.events:
            return f"{self.stream_id} tells another story than {self.witness} knows: event {self.events} is another"
        what = "is gone" if self.left == 0 else f"has {self.left} events"
        return f"{self.stream_id} {what}, and {self.witness} knows of {self.events}"


def head_bytes(head: Head) -> bytes:
    """What is signed of a stream: the RFC 8785 form of its name, number of events and last hash, and a line end."""
    return rfc8785.dumps({**asdict(head), "kind": "assay stream head"}) + b"\n"


def head_files(store: PathLike[str], stream_id: str) -> tuple[Path, Path]:
    """The files of a stream's head and of its signature; either may be missing."""
    path = Path(store) / FOLDER / f"{stream_id}.json"
    return path, path.with_name(f"{path.name}.sig")


def write_head(store: PathLike[str], head: Head, signature: bytes | None = None) -> None:
    """Note where a stream stands, with a signature over it where there is one. Raises AssayError."""
    path, signed = head_files(store, head.stream_id)
    make_directory(path.parent.parent)
    make_directory(path.parent, own=True)
    write_atomic(path, head_bytes(head))
    if signature is not None:
        write_atomic(signed, signature)
    else:
        # One that was made for an earlier end is over something else.
        signed.unlink(missing_ok=True)


def sign_head(store: PathLike[str], head: Head) -> bool:
    """Sign a head with this account's key, asking nobody; False where there is none. Raises AssayError."""
    signature = sign_quietly(head_bytes(head), NAMESPACE)
    if signature is not None:
        write_atomic(head_files(store, head.stream_id)[1], signature)
    return signature is not None


def read_head(path: Path) -> Head | None:
    """The head in a file; None where there is none, or something else. Raises AssayError where it cannot be read."""
    content = read_small(path, HEAD_LIMIT)
    if content is None:
        return None
    try:
        plain = json.loads(content)
        found = Head(plain["stream_id"], plain["events"], plain["head"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if _is_head(found) and head_bytes(found) == content else None


def signed_head(head: Head, signature: bytes, allowed_signers: Path) -> Signer:
    """Who signed a head. Raises AssayError where nobody of the list did."""
    return signer_of(head_bytes(head), signature, NAMESPACE, allowed_signers)


def read_signature(path: Path) -> bytes | None:
    """The signature in a file, None where there is none. Raises AssayError where it cannot be read."""
    return read_small(path, SIGNATURE_LIMIT)


def noted_heads(store: PathLike[str], problems: dict[str, str]) -> Iterator[Known]:
    """The heads in `heads/`; what is none is named in `problems`."""
    root = Path(store) / FOLDER
    for path in sorted(root.glob("*/*.json")):
        name = str(path.relative_to(store))
        try:
            found = read_head(path)
        except AssayError as error:
            problems[name] = error.message
            continue
        if found is None or f"{path.parent.name}/{path.stem}" != found.stream_id:
            problems[name] = "this is no head of the stream that it is named for"
        else:
            yield Known(found, name)


def reported_heads(store: PathLike[str]) -> Iterator[Known]:
    """The heads that the reports in the store tell of."""
    for report in sorted((Path(store) / "report").glob("*/report.json")):
        name = str(report.relative_to(store))
        for plain in report_part(report, "annotations", "heads") or ():
            if isinstance(plain, dict):
                found = Head(*(plain.get(key) for key in ("stream_id", "events", "head")))  # type: ignore[arg-type]
                if _is_head(found):
                    yield Known(found, name)


def reported_evidence(store: PathLike[str], run: str) -> Iterator[tuple[str, str]]:
    """Digest of the evidence that each report in the store names for a run, and the report's path."""
    for report in sorted((Path(store) / "report").glob("*/report.json")):
        part = report_part(report, "run")
        if isinstance(part, dict) and part.get("id") == run:
            yield str(part.get("evidence_sha256")), str(report.relative_to(store))


def report_part(report: Path, *keys: str) -> Any:
    """A part of a report's predicate; None where it cannot be read or has no such part."""
    try:
        content = read_small(report, REPORT_LIMIT)
        part = json.loads(content or b"null")["predicate"]
        for key in keys:
            part = part[key]
    except (AssayError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return part


def less_than_known(
    known: Iterable[Known], hash_at: Mapping[tuple[str, int], str], lengths: Mapping[str, int]
) -> list[Loss]:
    """What is missing of what was known, one loss a stream: that of the witness who knows most.

    Args:
        known: heads, with who knows of them.
        hash_at: hashes of the events that are there, at least at the heads' places, by stream and number.
        lengths: number of events that are there, by stream.
    """
    found: dict[str, Loss] = {}
    for one in known:
        head = one.head
        if hash_at.get((head.stream_id, head.events)) == head.head:
            continue
        left = lengths.get(head.stream_id, 0)
        before = found.get(head.stream_id)
        if before is None or head.events > before.events:
            found[head.stream_id] = Loss(head.stream_id, head.events, head.head, left, one.witness)
    return [found[name] for name in sorted(found)]


def file_digest(content: bytes) -> str:
    """SHA-256 of a file's content, as hex."""
    return hashlib.sha256(content).hexdigest()


def _is_head(head: Head) -> bool:
    return (
        isinstance(head.stream_id, str)
        and type(head.events) is int
        and head.events > 0
        and isinstance(head.head, str)
        and _HASH.fullmatch(head.head) is not None
    )
