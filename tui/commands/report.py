"""`assay export`, `sign` and `verify`: the report of a review, and whether it can be trusted."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import cast

from analysis.base.review_records import DECISIONS, Decision
from tui.commands.common import BLOCKED, DONE, Add, add_store, open_session, say


def add(to: Add) -> None:
    """Add the commands."""
    export = to("export", _export, "writes the report folder, unsigned")
    add_store(export)
    export.add_argument("directory", metavar="DIR", type=Path, nargs="?")
    export.add_argument("--decision", choices=DECISIONS, required=True)
    export.add_argument("--reason", metavar="R", required=True)
    sign = to("sign", _sign, "adds one signature to a report folder")
    sign.add_argument("directory", metavar="DIR", type=Path)
    sign.add_argument("--key", metavar="FILE", type=Path)
    sign.add_argument("--as", metavar="PRINCIPAL", dest="principal")
    verify = to("verify", _verify, "checks a report folder; exit 0 only if every check holds")
    verify.add_argument("directory", metavar="DIR", type=Path)
    verify.add_argument("--allowed-signers", metavar="FILE", type=Path, required=True)
    verify.add_argument("--models", metavar="DIR", type=Path, nargs="+", action="extend")
    verify.add_argument("--require", choices=("promote",))


def _export(arguments: argparse.Namespace) -> int:
    from analysis.report.build import export

    with open_session(arguments.store, read_only=False) as session:
        decision = cast(Decision, arguments.decision)
        folder = export(session, arguments.directory, decision, arguments.reason)
    say(f"wrote {folder} (UNSIGNED)")
    say(f"next: assay sign {folder}")
    return DONE


def _sign(arguments: argparse.Namespace) -> int:
    from analysis.report.sign import sign

    say(f"wrote {sign(arguments.directory, arguments.key, arguments.principal)}")
    return DONE


def _verify(arguments: argparse.Namespace) -> int:
    from analysis.report.verify import verify

    verification = verify(
        arguments.directory, arguments.allowed_signers, arguments.models or (), arguments.require
    )
    for check in verification.checks:
        say(f"{'ok    ' if check.ok else 'FAILED'}  {check.name}: {check.detail}")
    say("verified" if verification.ok else "NOT VERIFIED")
    return DONE if verification.ok else BLOCKED
