"""The ledger made anew from the journals; what it alone still knows of is forgotten only by a person, with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike

from analysis.base.errors import AssayError
from analysis.store.heads import Head, Loss, write_head
from analysis.store.journal import Journal
from analysis.store.ledger import rebuild_ledger
from analysis.store.losses import acceptance, missing
from analysis.store.replay import Replay
from analysis.store.run import create_store, current_aliases, current_run, open_store
from analysis.store.streams import this_account

TOLD = 5
"""Losses that are named where they are not accepted."""


def rebuild(store: PathLike[str], accept_loss: str | None = None) -> tuple[Loss, ...]:
    """Make `ledger.duckdb` anew from the journals.

    Args:
        store: the review's folder.
        accept_loss: why what is missing may be forgotten; becomes an event of this account, which stands first in the
            report.

    Returns:
        The losses that were accepted.

    Raises:
        AssayError: something is missing, and no reason was given; or the ledger cannot be written.
    """
    path = open_store(store)
    replay = Replay(path, aliases=current_aliases(path))
    replay.tail()
    lost = missing(replay, with_aside=True)
    if lost and not (accept_loss or "").strip():
        raise AssayError(
            f"what was recorded is not all there: {_told(lost)}",
            where=str(path),
            hint="put the journals back from a copy; what cannot be found is forgotten with "
            "`assay rebuild STORE --accept-loss REASON`, and the reason stands first in the report",
        )
    if lost and accept_loss is not None:
        # A folder that went with all that it held is made again.
        create_store(path)
        account = this_account()
        journal = Journal(path, account, account.name)
        journal.observe(replay.lamport)
        run = current_run(path) if (path / "current").exists() else ""
        journal.append("accept_loss", run=run, body=acceptance(replay, lost, accept_loss))
        journal.close()
        write_head(path, Head(journal.stream_id, journal.position.seq, journal.position.hash))
        replay.tail()
    rebuild_ledger(replay)
    return tuple(lost)


def _told(lost: Sequence[Loss]) -> str:
    named = "; ".join(one.sentence for one in lost[:TOLD])
    return f"{named}; and {len(lost) - TOLD} more" if len(lost) > TOLD else named
