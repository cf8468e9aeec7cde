"""What is missing of the record, held against all in the store that knows of it; and losses that were accepted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from analysis.base.people import shown_as
from analysis.base.sql import queries
from analysis.store.heads import Head, Known, Loss, less_than_known, noted_heads, reported_heads
from analysis.store.ledger import ledger_heads
from analysis.store.replay import Replay
from analysis.store.run import MERGED

_SQL = queries(__package__, "losses.sql")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A loss that somebody accepted, with their reason: `left` of `events` were there, the last with `left_hash`."""

    stream_id: str
    events: int
    head: str
    left: int
    left_hash: str | None
    witness: str
    reason: str
    actor: str
    reviewer: str
    ts: str

    @property
    def sentence(self) -> str:
        """Who accepted it, why, and what it is, in words."""
        lost = Loss(self.stream_id, self.events, self.head, self.left, self.witness).sentence
        return f"{shown_as(self.actor, self.reviewer)}: {self.reason} ({lost})"

    def left_head(self) -> Head | None:
        """What was left of the stream; None where nothing was."""
        return Head(self.stream_id, self.left, self.left_hash) if self.left and self.left_hash else None


def accepted_losses(replay: Replay) -> list[Accepted]:
    """The losses that somebody of this store accepted, in order."""
    rows = replay.connection.execute(_SQL["accepted"]).fetchall()
    return [one for row in rows for one in accepted_by(*row)]


def accepted_by(actor: str, reviewer: str, ts: str, body: str) -> list[Accepted]:
    """The losses that one event accepts."""
    said = json.loads(body)
    return [
        Accepted(actor=actor, reviewer=reviewer, ts=ts, reason=said["reason"], **plain)
        for plain in said["lost"]
    ]


def accepted_plain(accepted: Iterable[Accepted]) -> list[dict[str, Any]]:
    """Accepted losses as JSON values, each with its `sentence`."""
    return [{**asdict(one), "sentence": one.sentence} for one in accepted]


def missing(replay: Replay, *, with_aside: bool = False) -> list[Loss]:
    """What heads, ledger, reports and merges of a store know of, and its journals do not hold, less what was accepted.

    Args:
        replay: has read the journals. What is damaged in `heads/` is set aside in it by name, as a ledger is remarked.
        with_aside: count streams that are set aside as missing too: a new ledger would forget them.
    """
    problems: dict[str, str] = {}
    accepted = accepted_losses(replay)
    known = [
        *noted_heads(replay.store, problems),
        *ledger_heads(replay.store, replay.remarks),
        *reported_heads(replay.store),
        *(
            Known(Head(stream_id, events, head), f"events/{witness}.jsonl")
            for stream_id, events, head, witness in replay.connection.execute(_SQL["merged_ends"]).fetchall()
        ),
    ]
    for name, why in problems.items():
        replay.set_aside(name, why)
    asked = [one for one in known if not _covered(one.head, accepted)]
    for number, one in enumerate(accepted):
        # What was left when a loss was accepted is known from then on.
        left = one.left_head()
        if left is not None and not _covered(left, accepted[number + 1 :]):
            asked.append(Known(left, "an accepted loss"))
    if not with_aside:
        aside = {name.removeprefix(f"{MERGED}/").removesuffix(".jsonl") for name in replay.aside}
        asked = [one for one in asked if one.head.stream_id not in aside]
    places = {
        "streams": [one.head.stream_id for one in asked],
        "numbers": [one.head.events for one in asked],
    }
    rows = replay.connection.execute(_SQL["hashes_at"], places).fetchall()
    hash_at = {(stream_id, seq): found for stream_id, seq, found in rows}
    lengths = dict(replay.connection.execute(_SQL["lengths"]).fetchall())
    found = {one.stream_id: one for one in less_than_known(asked, hash_at, lengths)}
    for stream_id, lost in replay.gone.items():
        if not _covered(Head(stream_id, lost.events, lost.head), accepted):
            found.setdefault(stream_id, lost)
    return [found[stream_id] for stream_id in sorted(found)]


def acceptance(replay: Replay, lost: Sequence[Loss], reason: str) -> dict[str, Any]:
    """The body of the `accept_loss` event for some losses."""
    ends = dict(replay.connection.execute(_SQL["ends"]).fetchall())
    return {"reason": reason, "lost": [{**asdict(one), "left_hash": ends.get(one.stream_id)} for one in lost]}


def _covered(head: Head, accepted: Iterable[Accepted]) -> bool:
    """Whether what is missing of a head was accepted: the part that was missing then, or a story that was another."""
    return any(
        one.stream_id == head.stream_id
        and head.events <= one.events
        and (head.events > one.left or one.left >= one.events)
        for one in accepted
    )
