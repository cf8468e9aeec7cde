"""`assay rebuild` and `assay merge`: the ledger from its journals, and journals of other machines."""

from __future__ import annotations

import argparse
from pathlib import Path

from tui.commands.common import DONE, Add, add_store, say


def add(to: Add) -> None:
    """Add the commands."""
    add_store(to("rebuild", _rebuild, "makes the ledger of a store again from its journals"))
    merge = to("merge", _merge, "takes journals of other machines into a store")
    add_store(merge)
    merge.add_argument("journal", metavar="JOURNAL", type=Path, nargs="+")


def _rebuild(arguments: argparse.Namespace) -> int:
    from analysis.store.ledger import rebuild

    rebuild(arguments.store)
    say(f"rebuilt the ledger of {arguments.store} from its journals")
    return DONE


def _merge(arguments: argparse.Namespace) -> int:
    from analysis.store.journal import merge

    merge(arguments.store, arguments.journal)
    say(f"merged {len(arguments.journal)} journals into {arguments.store}")
    return DONE
