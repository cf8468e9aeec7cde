"""`assay annotate`, `label`, `settle`, `find` and `waive`: what a reviewer records, one thing each, for scripts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, cast

from analysis.base.errors import AssayError
from analysis.base.records import SIDES, Side
from analysis.base.review_records import ANSWERS, RIGHTS, SEVERITIES, Answer, Right, Severity
from tui.commands.advice import as_typed
from tui.commands.common import DONE, Add, add_store, open_session, say
from tui.plugin.common import NO_VERDICT, takes_verdict

if TYPE_CHECKING:
    from analysis.review.session import ReviewSession

REF_HELP = "track/kind:id, or the bare id where it is unique"


def add(to: Add) -> None:
    """Add the commands."""
    annotate = to("annotate", _annotate, "records one verdict from a script")
    add_store(annotate)
    annotate.add_argument("ref", metavar="REF", help=REF_HELP)
    annotate.add_argument("--right", choices=RIGHTS, required=True, help="the side that is right")
    annotate.add_argument("--cause", metavar="C")
    annotate.add_argument("--note", metavar="N")
    label = to(
        "label", _label, "records what both answers of one example do, of what each is asked by itself"
    )
    add_store(label)
    label.add_argument("ref", metavar="REF", help=REF_HELP)
    label.add_argument("behaviour", metavar="BEHAVIOUR", help="what is asked of each answer")
    for side in SIDES:
        label.add_argument(
            f"--{side}", choices=ANSWERS, required=True, help=f"whether the {side}'s answer does it"
        )
    settle = to("settle", _settle, "records what the reviewers of one example agreed on after they disagreed")
    add_store(settle)
    settle.add_argument("ref", metavar="REF", help=REF_HELP)
    agreed = settle.add_mutually_exclusive_group(required=True)
    agreed.add_argument("--right", choices=RIGHTS, help="the side that is right")
    agreed.add_argument(
        "--label",
        nargs=3,
        action="append",
        metavar=("BEHAVIOUR", "BASE", "CANDIDATE"),
        help=f"whether each answer does it ({', '.join(ANSWERS)}), where each is asked by itself; may be repeated",
    )
    find = to("find", _find, "records one finding")
    add_store(find)
    find.add_argument("text", metavar="TEXT")
    find.add_argument("--gate", metavar="KEY", required=True)
    find.add_argument("--ref", metavar="REF", nargs="+", action="extend", required=True)
    find.add_argument("--severity", choices=SEVERITIES, default="major")
    waive = to("waive", _waive, "records one waiver")
    add_store(waive)
    waive.add_argument("key", metavar="KEY")
    waive.add_argument("--reason", metavar="R", required=True)
    waive.add_argument("--expires", metavar="DATE", required=True, help="YYYY-MM-DD")


def _judged(session: ReviewSession, written: str) -> str:
    """The ref of an example that takes a verdict. Raises AssayError for a variant, which is judged with its example."""
    ref = session.resolve_ref(written)
    evidence = session.example(ref)
    if not takes_verdict(evidence):
        raise AssayError(NO_VERDICT, where=ref, hint=f"name its example: {evidence.example.parent_ref}")
    return ref


def _annotate(arguments: argparse.Namespace) -> int:
    with open_session(arguments.store, read_only=False) as session:
        ref = _judged(session, arguments.ref)
        right = cast(Right, arguments.right)
        asks = session.asks(ref)
        if asks:
            raise AssayError(
                "each answer is asked by itself",
                where=ref,
                hint=as_typed(
                    *("label", arguments.store, arguments.ref, asks[0].name),
                    *("--base", "no", "--candidate", "yes"),
                ),
            )
        session.verdict(ref, right, cause=arguments.cause, note=arguments.note)
    say(f"saved: {ref} {right}")
    return DONE


def _label(arguments: argparse.Namespace) -> int:
    with open_session(arguments.store, read_only=False) as session:
        ref = _judged(session, arguments.ref)
        said: dict[Side, Answer] = {side: getattr(arguments, side) for side in SIDES}
        session.label_sides(ref, {arguments.behaviour: said})
    words = ", ".join(f"{side} {answer}" for side, answer in said.items())
    say(f"saved: {ref} {arguments.behaviour}: {words}")
    return DONE


def _settle(arguments: argparse.Namespace) -> int:
    with open_session(arguments.store, read_only=False) as session:
        ref = session.resolve_ref(arguments.ref)
        if arguments.label:
            said = {name: dict(zip(SIDES, answers, strict=True)) for name, *answers in arguments.label}
            session.settle_labels(ref, said)
            words = "; ".join(
                f"{name}: base {base}, candidate {other}" for name, base, other in arguments.label
            )
        else:
            session.settle(ref, cast(Right, arguments.right))
            words = arguments.right
    say(f"saved: {ref} is settled, {words}")
    return DONE


def _find(arguments: argparse.Namespace) -> int:
    with open_session(arguments.store, read_only=False) as session:
        refs = [session.resolve_ref(ref) for ref in arguments.ref]
        severity = cast(Severity, arguments.severity)
        session.finding(arguments.text, gate=arguments.gate, refs=refs, severity=severity)
    say(f"saved: finding on {arguments.gate} with {len(refs)} examples")
    return DONE


def _waive(arguments: argparse.Namespace) -> int:
    with open_session(arguments.store, read_only=False) as session:
        session.waive(arguments.key, arguments.reason, arguments.expires)
    say(f"saved: {arguments.key} is waived until {arguments.expires}")
    return DONE
