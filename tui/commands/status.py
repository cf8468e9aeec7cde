"""`assay status`: gates, queue and decision, in one of the formats that its folder and other packages bring."""

from __future__ import annotations

import argparse

from tui.commands.common import BLOCKED, DONE, Add, add_store, open_session


def add(to: Add) -> None:
    """Add the command."""
    status = to("status", _status, "prints gates, queue and decision; exit 0 only if promotable")
    add_store(status)
    status.add_argument("--format", metavar="NAME", default="text", help="text, json, or a plug-in's")
    status.add_argument("--json", action="store_const", dest="format", const="json", help="--format json")


def _status(arguments: argparse.Namespace) -> int:
    from tui.commands.status_format import status_format

    chosen = status_format(arguments.format)
    with open_session(arguments.store, read_only=True) as session:
        session.check_evidence()
        status = session.status()
    print(chosen.write(status))
    return DONE if status["promotable"] else BLOCKED
