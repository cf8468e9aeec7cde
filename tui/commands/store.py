"""`assay rebuild` and `assay merge`: the ledger from its journals, and journals of other machines."""

from __future__ import annotations

import argparse
from pathlib import Path

from tui.commands.common import DONE, Add, add_store, say


def add(to: Add) -> None:
    """Add the commands."""
    rebuild = to("rebuild", _rebuild, "makes the ledger of a store again from its journals")
    add_store(rebuild)
    rebuild.add_argument(
        "--accept-loss",
        metavar="REASON",
        help="forget what is missing; the reason stands first in the report",
    )
    merge = to("merge", _merge, "takes journals of other machines into a store")
    add_store(merge)
    merge.add_argument("journal", metavar="JOURNAL", type=Path, nargs="+")
    merge.add_argument(
        "--allowed-signers",
        metavar="FILE",
        type=Path,
        help="becomes the store's list of signers: a merged journal counts if one of them signed its end",
    )


def _rebuild(arguments: argparse.Namespace) -> int:
    from analysis.store.rebuild import rebuild

    for lost in rebuild(arguments.store, arguments.accept_loss):
        say(f"accepted: {lost.sentence}")
    say(f"rebuilt the ledger of {arguments.store} from its journals")
    return DONE


def _merge(arguments: argparse.Namespace) -> int:
    from analysis.review.record import merged_sentence
    from analysis.store.merge import merge
    from analysis.store.run import current_aliases

    found = merge(
        arguments.store, arguments.journal, arguments.allowed_signers, current_aliases(arguments.store)
    )
    say(f"merged {len(arguments.journal)} journals into {arguments.store}: {found.new} new events")
    for one in found.streams:
        say(merged_sentence(one))
    return DONE
