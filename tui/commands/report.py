"""`assay export`, `sign`, `verify` and `verify-script`: the report of a review, and whether it can be trusted."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from analysis.base.errors import AssayError
from analysis.base.review_records import DECISIONS, Decision
from tui.commands.advice import as_typed
from tui.commands.common import BLOCKED, DONE, Add, add_store, open_session, say


def add(to: Add) -> None:
    """Add the commands."""
    export = to("export", _export, "writes the report folder, unsigned")
    add_store(export)
    export.add_argument("directory", metavar="DIR", type=Path, nargs="?")
    export.add_argument("--decision", choices=DECISIONS, required=True)
    export.add_argument("--reason", metavar="R", required=True)
    export.add_argument(
        "--attest", action="store_true", help="also write in-toto statements for stock policy engines"
    )
    export.add_argument(
        "--supersedes",
        metavar="REPORT",
        type=Path,
        help="the report that this one takes the place of; by default the newest in the store",
    )
    sign = to("sign", _sign, "checks a report folder, shows what it says, asks, and adds one signature")
    sign.add_argument("directory", metavar="DIR", type=Path)
    sign.add_argument("--key", metavar="FILE", type=Path)
    sign.add_argument("--as", metavar="PRINCIPAL", dest="principal")
    sign.add_argument("--yes", action="store_true", help="ask nobody, for scripts; what is signed is shown")
    verify = to("verify", _verify, "checks a report folder; exit 0 only if every check holds")
    verify.add_argument("directory", metavar="DIR", type=Path)
    verify.add_argument("--allowed-signers", metavar="FILE", type=Path, required=True)
    verify.add_argument(
        "--models",
        metavar="DIR",
        type=Path,
        nargs="+",
        action="extend",
        help="folders to compare with the report's models; --require promote needs the candidate of every track",
    )
    verify.add_argument("--no-models", action="store_true", help="say that no model folder is at hand")
    verify.add_argument("--require", choices=("promote",), help="fail unless this was decided and may be")
    verify.add_argument(
        "--signers",
        metavar="N",
        type=int,
        default=1,
        help="people who must have signed, whatever the report asks",
    )
    verify.add_argument(
        "--reviewers", metavar="N", type=int, default=0, help="accounts that must have judged each example"
    )
    verify.add_argument("--candidate-version", metavar="V", help="what the candidate must be called")
    verify.add_argument(
        "--store",
        metavar="STORE",
        type=Path,
        help="hold the report against this store's evidence and journals",
    )
    verify.add_argument(
        "--supersedes", metavar="REPORT", type=Path, help="the report that it must take the place of"
    )
    verify.add_argument(
        "--allow-unrendered", action="store_true", help="take pages of another version's format as they are"
    )
    to(
        "verify-script",
        _script,
        "prints verify.sh, which checks a report with ssh-keygen and sha256sum alone",
    )


def _export(arguments: argparse.Namespace) -> int:
    from analysis.report.build import export

    with open_session(arguments.store, read_only=False) as session:
        decision = cast(Decision, arguments.decision)
        folder = export(
            session,
            arguments.directory,
            decision,
            arguments.reason,
            attest=arguments.attest,
            supersedes=arguments.supersedes,
        )
    say(f"wrote {folder} (UNSIGNED)")
    say(f"next: {as_typed('sign', folder)}")
    return DONE


def _sign(arguments: argparse.Namespace) -> int:
    from analysis.report.sign import sign

    def agree(decision: str, sentences: Sequence[str]) -> bool:
        for sentence in sentences:
            say(sentence)
        return bool(arguments.yes) or _typed(decision)

    signature = sign(arguments.directory, arguments.key, arguments.principal, agree)
    say("not signed" if signature is None else f"wrote {signature}")
    return BLOCKED if signature is None else DONE


def _typed(decision: str) -> bool:
    """Whether a person types the decision: nobody signs a promotion by habit who reads a hold."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise AssayError(
            "nobody can be asked whether to sign: this is no terminal",
            where="assay sign",
            hint="read what is shown above, and say --yes",
        )
    try:
        return input(f"To sign it, type {decision}: ").strip() == decision
    except EOFError:
        return False


def _verify(arguments: argparse.Namespace) -> int:
    from analysis.report.verify import verify

    verification = verify(
        arguments.directory,
        arguments.allowed_signers,
        arguments.models or (),
        arguments.require,
        signers=arguments.signers,
        reviewers=arguments.reviewers,
        no_models=arguments.no_models,
        candidate_version=arguments.candidate_version,
        store=arguments.store,
        supersedes=arguments.supersedes,
        allow_unrendered=arguments.allow_unrendered,
    )
    for check in verification.checks:
        say(f"{'ok    ' if check.ok else 'FAILED'}  {check.name}: {check.detail}")
    say(f"the decision is {verification.decision or 'not readable'}")
    say("verified" if verification.ok else "NOT VERIFIED")
    return DONE if verification.ok else BLOCKED


def _script(arguments: argparse.Namespace) -> int:
    from analysis.report.stock_commands import verify_script

    print(verify_script(), end="")
    return DONE
