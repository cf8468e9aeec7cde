"""Journals of other machines, taken into a store: shown to everybody, and counted where somebody listed signed them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.base.people import Aliases
from analysis.store.events import canonical_line, damaged
from analysis.store.files import make_directory, write_atomic
from analysis.store.heads import FOLDER, Head, file_digest, head_files, read_head, read_signature, write_head
from analysis.store.journal import Journal
from analysis.store.replay import MergedStream, Replay, merged_by_events
from analysis.store.run import MERGED, current_run, open_store
from analysis.store.signers import set_signers
from analysis.store.streams import Stream, claimed_stream, journal_files, read_stream, this_account


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge brought: the number of events that are new to the store, and the streams that came or grew."""

    new: int
    streams: tuple[MergedStream, ...]


def merge(
    store: PathLike[str],
    journals: Iterable[Path],
    allowed_signers: Path | None = None,
    aliases: Aliases | None = None,
) -> Merged:
    """Take in journals that were written on other machines; what is known already is left alone.

    Each stream that comes or grows is an event of this account: which, how long, of which content, and who signed it. A
    head and its signature come with a journal where they lie in `heads/` of its store, or beside the file.

    Args:
        store: the review's folder.
        journals: journal files, or folders in which to look for them.
        allowed_signers: becomes the store's list of signers, by which merged streams count.
        aliases: `[review] aliases`, by which a signer and an account are of one person.

    Raises:
        AssayError: a journal is damaged, tells another story than the store's copy of it, is shorter than its own head
            knows, is longer than a signed copy in the store and not signed itself, or says that it was written on this
            machine, and is not one of this store.
    """
    root = open_store(store)
    known = {file.stream_id: file for file in journal_files(root)}
    brought = [_Brought.read(path) for path in _expand(journals)]
    here = this_account()
    for one in brought:
        if one.stream.events[0].host == here.host and one.stream.stream_id not in known:
            raise AssayError(
                f"this journal says that it was written on this machine, {here.host!r}, by "
                f"{one.stream.events[0].actor!r}: here the file system knows who wrote what",
                where=str(one.path),
                hint="reviewers of this machine work in the store itself: `assay analyze --group NAME` shares it",
            )
    listed = set_signers(root, allowed_signers) if allowed_signers is not None else None
    new, changed, same = 0, [], []
    for one in brought:
        file = known.get(one.stream.stream_id)
        there = read_stream(file.path).events if file is not None else ()
        gained = one.held_against(there, file is not None and not file.merged)
        if gained:
            one.check_signed(root)
        if gained or one.newly_signed(root, len(there)):
            one.put(root)
            changed.append(one)
            known = {file.stream_id: file for file in journal_files(root)}
        elif file is not None and file.merged and len(one.stream.events) == len(there):
            same.append(one)
        new += gained
    return Merged(new, _recorded(root, changed, same, listed, aliases))


def _recorded(
    root: Path, changed: list[_Brought], same: list[_Brought], listed: bytes | None, aliases: Aliases | None
) -> tuple[MergedStream, ...]:
    """Record what was merged, each stream by an event; returns how each stands.

    Of those that the store has the `same`, one is recorded whose event is not there, as after a crash.
    """
    if not changed and not same:
        return ()
    replay = Replay(root, aliases=aliases)
    replay.tail()
    told = merged_by_events(replay.connection)
    changed = [*changed, *(one for one in same if one.stream.stream_id not in told)]
    if not changed:
        return ()
    account = this_account()
    journal = Journal(root, account, account.name)
    journal.observe(replay.lamport)
    found = []
    for one in changed:
        stands = replay.merged.get(one.stream.stream_id)
        if stands is None:
            raise damaged(
                replay.aside.get(f"{MERGED}/{one.stream.stream_id}.jsonl", "it was not read"), str(one.path)
            )
        body = {
            "stream_id": stands.stream_id,
            "events": stands.events,
            "head": stands.head,
            "journal_sha256": file_digest(one.content),
            "signed_by": stands.signed_by if stands.counts else None,
        }
        if listed is not None:
            body["allowed_signers_sha256"] = file_digest(listed)
        journal.append("merge", run=_run(root), body=body)
        found.append(stands)
    journal.close()
    write_head(root, Head(journal.stream_id, journal.position.seq, journal.position.hash))
    return tuple(found)


def _run(root: Path) -> str:
    """The run in force; empty before the first."""
    return current_run(root) if (root / "current").exists() else ""


@dataclass(frozen=True)
class _Brought:
    """A journal from elsewhere, whole, with the signature over its end where there is one."""

    path: Path
    stream: Stream
    signature: bytes | None

    @classmethod
    def read(cls, path: Path) -> _Brought:
        stream = read_stream(path, claimed_stream(path))
        person, _, session = stream.stream_id.partition("/")
        last = stream.events[-1]
        own = Head(stream.stream_id, last.seq, last.hash)
        places = [path.parent / f"{session}.json"]
        if len(path.absolute().parents) > 2:
            places.insert(0, path.absolute().parents[2] / FOLDER / person / f"{session}.json")
        for place in places:
            head = read_head(place)
            if head is None or head.stream_id != stream.stream_id:
                continue
            if head.events > own.events:
                raise damaged(
                    f"this copy has {own.events} events, and its own head knows of {head.events}", str(path)
                )
            signature = read_signature(place.with_name(f"{place.name}.sig")) if head == own else None
            return cls(path, stream, signature)
        return cls(path, stream, None)

    @property
    def content(self) -> bytes:
        """The journal as it is written into the store."""
        return b"".join(canonical_line(event) + b"\n" for event in self.stream.events)

    def held_against(self, there: tuple[object, ...], own: bool) -> int:
        """How many events the store does not have; `there` are those that it has.

        Raises:
            AssayError: an event is another, or the store has the stream as its own, and shorter.
        """
        for ours, theirs in zip(there, self.stream.events, strict=False):
            if ours != theirs:
                raise damaged(
                    f"event {theirs.seq} of stream {self.stream.stream_id!r} differs from the store's own copy of it",
                    f"{self.path}:{theirs.seq}",
                )
        gained = max(0, len(self.stream.events) - len(there))
        if gained and own:
            raise damaged(
                f"this copy has {len(self.stream.events)} events, but the store's own journal has only {len(there)}",
                str(self.path),
            )
        return gained

    def check_signed(self, root: Path) -> None:
        """See that events more than the store has do not take a signature away: anybody can add some to a copy.

        Raises:
            AssayError: the store's copy is signed at its end, and this longer one is not.
        """
        if self.signature is None and read_signature(head_files(root, self.stream.stream_id)[1]) is not None:
            raise AssayError(
                f"this copy has {len(self.stream.events)} events and no signature at its end, and the store's shorter "
                "copy has one: with this, what was signed would no longer count",
                where=str(self.path),
                hint="merge it with the head that its reviewer signed: a session signs when it is closed",
            )

    def newly_signed(self, root: Path, there: int) -> bool:
        """Whether it brings a signature that the store's copy, of `there` events, lacks at its end."""
        signed = head_files(root, self.stream.stream_id)[1]
        merged = (root / "events" / MERGED / f"{self.stream.stream_id}.jsonl").exists()
        whole = len(self.stream.events) == there
        return merged and whole and self.signature is not None and read_signature(signed) != self.signature

    def put(self, root: Path) -> None:
        """Write journal, head and signature into the store."""
        target = root / "events" / MERGED / f"{self.stream.stream_id}.jsonl"
        make_directory(target.parent.parent)
        make_directory(target.parent)
        write_atomic(target, self.content)
        last = self.stream.events[-1]
        write_head(root, Head(self.stream.stream_id, last.seq, last.hash), self.signature)


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
