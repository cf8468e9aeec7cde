"""`assay card`: what the candidate's model card says of the review."""

from __future__ import annotations

import argparse
from pathlib import Path

from tui.commands.common import DONE, Add, add_store, open_session, say


def add(to: Add) -> None:
    """Add the command."""
    card = to("card", _card, "writes a model-index block and an Inspection section for a model card")
    add_store(card)
    card.add_argument(
        "-o", dest="file", metavar="FILE", type=Path, help="write it there instead of printing it"
    )


def _card(arguments: argparse.Namespace) -> int:
    from analysis.report.card import model_card
    from analysis.store.files import write_atomic

    with open_session(arguments.store, read_only=True) as session:
        text = model_card(session)
    if arguments.file is None:
        say(text.rstrip("\n"))
    else:
        write_atomic(arguments.file, text.encode("utf-8"))
        say(f"wrote {arguments.file}")
    return DONE
