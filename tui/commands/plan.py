"""`assay plan`: gates, thresholds, slices, data and seeds, written down and signed before the run."""

from __future__ import annotations

import argparse
from pathlib import Path

from tui.commands.advice import as_typed, skipping
from tui.commands.common import DONE, Add, say


def add(to: Add) -> None:
    """Add the command."""
    plan = to(
        "plan", _plan, "fixes gates, thresholds, slices, data and seeds before the run; signs where it can"
    )
    plan.add_argument("review", metavar="REVIEW.toml", type=Path)
    plan.add_argument("--skip-bad-rows", action="store_true", help="go on without rows that are wrong")
    plan.add_argument("--key", metavar="FILE", type=Path)
    plan.add_argument("--as", metavar="PRINCIPAL", dest="principal")
    plan.add_argument("--unsigned", action="store_true", help="do not sign it, whatever keys there are")


def _plan(arguments: argparse.Namespace) -> int:
    from analysis.report.sign import has_key, sign_beside
    from analysis.review.plan import NAMESPACE
    from analysis.run.plan import write_plan

    plan, made = write_plan(arguments.review, skip_bad_rows=arguments.skip_bad_rows)
    say(f"{'wrote' if made else 'unchanged:'} {plan.path}")
    say(f"fixed by {plan.content['actor']} on {plan.content['fixed_at']}, SHA-256 {plan.sha256}")
    if arguments.unsigned or not (arguments.key or has_key()):
        say("UNSIGNED" if arguments.unsigned else "UNSIGNED: no key is here; name one with --key FILE")
    else:
        say(f"wrote {sign_beside(plan.path, NAMESPACE, arguments.key, arguments.principal)}")
    say(f"next: {as_typed('analyze', arguments.review, *skipping(arguments.skip_bad_rows))}")
    return DONE
