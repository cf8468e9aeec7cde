"""The `assay` command: parses arguments, calls the function that does the work, prints what it says."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

from analysis.base.errors import AssayError
from analysis.base.records import DECISIONS, REVIEW_VERDICTS, SEVERITIES, Decision, ReviewVerdict, Severity
from tui.draw.safe_text import printable

if TYPE_CHECKING:
    from analysis.review.session import ReviewSession

DONE, BLOCKED, WRONG, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses: done, promotable or verified; blocked; wrong input or usage; interrupted."""

PROGRAM = "assay"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status and prints every failure in words."""
    arguments = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except AssayError as error:
        _print_error(error)
        return WRONG
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; keep the interpreter from failing on the flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        _print_unexpected(error)
        return WRONG


def entry() -> NoReturn:
    """Entry point of the installed command."""
    _silence_libraries()
    raise SystemExit(main())


def _silence_libraries() -> None:
    """Keep warnings of libraries out of the output, unless Python was told what to do with them.

    They are written for programmers; what a user should know is printed by the command itself.
    """
    # From -W, PYTHONWARNINGS and -X dev alike.
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _print_error(error: AssayError) -> None:
    where = f"{printable(error.where)}: " if error.where else ""
    first, *rest = error.message.split("\n")
    print(f"{PROGRAM}: {where}{printable(first)}", file=sys.stderr)
    for line in rest:
        print(f"  {printable(line)}", file=sys.stderr)
    if error.hint:
        print(f"  {printable(error.hint)}", file=sys.stderr)


def _print_unexpected(error: Exception) -> None:
    what = printable(f"{type(error).__name__}: {error}".split("\n")[0])
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    text = "".join(traceback.format_exception(error))
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / PROGRAM
    for folder in (state, Path(tempfile.gettempdir())):
        log = folder / f"{PROGRAM}-{stamp}-{os.getpid()}.log"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            log.write_text(text, "utf-8", errors="backslashreplace")
        except OSError as failure:
            print(f"{PROGRAM}: {printable(str(folder))}: {failure.strerror}", file=sys.stderr)
            continue
        print(f"{PROGRAM}: failed unexpectedly: {what}", file=sys.stderr)
        print(f"  details are in {printable(str(log))}", file=sys.stderr)
        return
    print(f"{PROGRAM}: failed unexpectedly: {what}", file=sys.stderr)


def _say(text: str) -> None:
    """Print text that may come from data, line by line."""
    for line in text.split("\n"):
        print(printable(line))


def _open(store: Path, *, read_only: bool) -> ReviewSession:
    from analysis.review.session import ReviewSession

    return ReviewSession.open(store, read_only=read_only)


def _demo(arguments: argparse.Namespace) -> int:
    from tui.commands.demo import run_demo

    return run_demo(arguments.directory, _say)


def _init(arguments: argparse.Namespace) -> int:
    from analysis.init import init_review

    target = init_review(arguments.directory)
    _say(f"wrote {target}")
    _say(f"next: fill in what is commented, then `assay check {target}`")
    return DONE


def _check(arguments: argparse.Namespace) -> int:
    from analysis.run.check import check_review

    report = check_review(arguments.review)
    for note in report.notes:
        _say(note)
    _say(f"no mistakes; next: assay analyze {arguments.review}")
    return DONE


def _analyze(arguments: argparse.Namespace) -> int:
    from tui.commands.analysis_progress import analyze_with_progress

    published = analyze_with_progress(
        arguments.review,
        fresh=arguments.fresh,
        skip_bad_rows=arguments.skip_bad_rows,
    )
    verb = "published" if published.created else "unchanged: the same run exists already,"
    _say(f"{verb} run {published.run} in {published.store}")
    if published.skipped:
        _say(f"{published.skipped} bad rows were left out")
    with _open(published.store, read_only=True) as session:
        _print_status(session.status())
    _say(f"next: assay review {published.store}")
    return DONE


def _review(arguments: argparse.Namespace) -> int:
    if arguments.plain:
        from tui.commands.plain import run_plain

        return run_plain(arguments.store, arguments.reviewer, sys.stdin, sys.stdout)
    require_terminal(arguments.store)
    from tui.console.app import run_console

    return run_console(
        arguments.store, arguments.reviewer, arguments.color, arguments.light, not arguments.no_mouse
    )


def require_terminal(store: Path) -> None:
    """Raise AssayError where the console cannot be drawn: no terminal, or a dumb one."""
    plain = f"use --plain for the same review line by line: assay review {store} --plain"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise AssayError(
            "the console needs a terminal, and this is not one", where="assay review", hint=plain
        )
    if os.environ.get("TERM", "") in ("dumb", "unknown", ""):
        raise AssayError(
            "the console cannot be drawn on a dumb terminal",
            where=f"TERM={os.environ.get('TERM', '')}",
            hint=plain,
        )


def _status(arguments: argparse.Namespace) -> int:
    with _open(arguments.store, read_only=True) as session:
        status = session.status()
    if arguments.json:
        print(json.dumps(status, ensure_ascii=True, allow_nan=False))
    else:
        _print_status(status)
    return DONE if status["promotable"] else BLOCKED


def _print_status(status: dict[str, object]) -> None:
    from tui.commands.status_table import status_lines

    for line in status_lines(status):
        print(line)


def _annotate(arguments: argparse.Namespace) -> int:
    with _open(arguments.store, read_only=False) as session:
        ref = session.resolve_ref(arguments.ref)
        verdict = cast(ReviewVerdict, arguments.verdict)
        session.verdict(ref, verdict, cause=arguments.cause, note=arguments.note)
    _say(f"saved: {ref} {verdict}")
    return DONE


def _find(arguments: argparse.Namespace) -> int:
    with _open(arguments.store, read_only=False) as session:
        refs = [session.resolve_ref(ref) for ref in arguments.ref]
        severity = cast(Severity, arguments.severity)
        session.finding(arguments.text, gate=arguments.gate, refs=refs, severity=severity)
    _say(f"saved: finding on {arguments.gate} with {len(refs)} examples")
    return DONE


def _waive(arguments: argparse.Namespace) -> int:
    with _open(arguments.store, read_only=False) as session:
        session.waive(arguments.key, arguments.reason, arguments.expires)
    _say(f"saved: {arguments.key} is waived until {arguments.expires}")
    return DONE


def _export(arguments: argparse.Namespace) -> int:
    from analysis.report.build import export

    with _open(arguments.store, read_only=False) as session:
        decision = cast(Decision, arguments.decision)
        folder = export(session, arguments.directory, decision, arguments.reason)
    _say(f"wrote {folder} (UNSIGNED)")
    _say(f"next: assay sign {folder}")
    return DONE


def _sign(arguments: argparse.Namespace) -> int:
    from analysis.report.sign import sign

    _say(f"wrote {sign(arguments.directory, arguments.key, arguments.principal)}")
    return DONE


def _verify(arguments: argparse.Namespace) -> int:
    from analysis.report.verify import verify

    verification = verify(
        arguments.directory, arguments.allowed_signers, arguments.models or (), arguments.require
    )
    for check in verification.checks:
        _say(f"{'ok    ' if check.ok else 'FAILED'}  {check.name}: {check.detail}")
    _say("verified" if verification.ok else "NOT VERIFIED")
    return DONE if verification.ok else BLOCKED


def _rebuild(arguments: argparse.Namespace) -> int:
    from analysis.store.ledger import rebuild

    rebuild(arguments.store)
    _say(f"rebuilt the ledger of {arguments.store} from its journals")
    return DONE


def _merge(arguments: argparse.Namespace) -> int:
    from analysis.store.journal import merge

    merge(arguments.store, arguments.journal)
    _say(f"merged {len(arguments.journal)} journals into {arguments.store}")
    return DONE


def _doctor(arguments: argparse.Namespace) -> int:
    from analysis.run.doctor import report
    from tui.commands.terminal_facts import terminal_facts

    for line in [*terminal_facts(), *report()]:
        _say(line)
    return DONE


def _version() -> str:
    import importlib.metadata

    try:
        return importlib.metadata.version("assay-review")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Why did the behaviour of a fine-tuned model change, and may the change be trusted?",
        epilog="Exit status: 0 done, promotable or verified; 1 blocked or not verified; "
        "2 wrong input or usage; 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, function: Callable[[argparse.Namespace], int], does: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=does, description=does[0].upper() + does[1:] + ".")
        command.set_defaults(command=function)
        return command

    demo = add("demo", _demo, "analyses the sample and opens the console on it")
    demo.add_argument("directory", metavar="DIR", type=Path, nargs="?", default=Path("assay-demo"))
    init = add("init", _init, "writes a commented review.toml with what it finds in DIR filled in")
    init.add_argument("directory", metavar="DIR", type=Path, nargs="?", default=Path())
    check = add("check", _check, "validates everything; reads the data and the heads of the models")
    check.add_argument("review", metavar="REVIEW.toml", type=Path)
    _add_analyze(add("analyze", _analyze, "makes a run in the store; resumable; prints the gates at the end"))
    review = add("review", _review, "opens the console on a store")
    review.add_argument("store", metavar="STORE", type=Path)
    review.add_argument("--reviewer", metavar="NAME", help="name shown beside your verdicts")
    review.add_argument("--plain", action="store_true", help="the same review, line by line")
    review.add_argument("--color", choices=("truecolor", "256", "16", "none"), help="colour depth")
    review.add_argument("--light", action="store_true", help="colours for a light background")
    review.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    status = add("status", _status, "prints gates, queue and decision; exit 0 only if promotable")
    status.add_argument("store", metavar="STORE", type=Path)
    status.add_argument("--json", action="store_true")
    _add_record_commands(add)
    _add_report_commands(add)
    rebuild = add("rebuild", _rebuild, "makes the ledger of a store again from its journals")
    rebuild.add_argument("store", metavar="STORE", type=Path)
    merge = add("merge", _merge, "takes journals of other machines into a store")
    merge.add_argument("store", metavar="STORE", type=Path)
    merge.add_argument("journal", metavar="JOURNAL", type=Path, nargs="+")
    add("doctor", _doctor, "says what this terminal and machine can do")
    return parser


def _add_analyze(analyze: argparse.ArgumentParser) -> None:
    analyze.add_argument("review", metavar="REVIEW.toml", type=Path)
    analyze.add_argument("--fresh", action="store_true", help="compute everything again")
    analyze.add_argument("--skip-bad-rows", action="store_true", help="go on without rows that are wrong")


def _add_record_commands(
    add: Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser],
) -> None:
    annotate = add("annotate", _annotate, "records one verdict from a script")
    annotate.add_argument("store", metavar="STORE", type=Path)
    annotate.add_argument("ref", metavar="REF", help="track/kind:id, or the bare id where it is unique")
    annotate.add_argument("--verdict", choices=REVIEW_VERDICTS, required=True)
    annotate.add_argument("--cause", metavar="C")
    annotate.add_argument("--note", metavar="N")
    find = add("find", _find, "records one finding")
    find.add_argument("store", metavar="STORE", type=Path)
    find.add_argument("text", metavar="TEXT")
    find.add_argument("--gate", metavar="KEY", required=True)
    find.add_argument("--ref", metavar="REF", nargs="+", action="extend", required=True)
    find.add_argument("--severity", choices=SEVERITIES, default="major")
    waive = add("waive", _waive, "records one waiver")
    waive.add_argument("store", metavar="STORE", type=Path)
    waive.add_argument("key", metavar="KEY")
    waive.add_argument("--reason", metavar="R", required=True)
    waive.add_argument("--expires", metavar="DATE", required=True, help="YYYY-MM-DD")


def _add_report_commands(
    add: Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser],
) -> None:
    export = add("export", _export, "writes the report folder, unsigned")
    export.add_argument("store", metavar="STORE", type=Path)
    export.add_argument("directory", metavar="DIR", type=Path, nargs="?")
    export.add_argument("--decision", choices=DECISIONS, required=True)
    export.add_argument("--reason", metavar="R", required=True)
    sign = add("sign", _sign, "adds one signature to a report folder")
    sign.add_argument("directory", metavar="DIR", type=Path)
    sign.add_argument("--key", metavar="FILE", type=Path)
    sign.add_argument("--as", metavar="PRINCIPAL", dest="principal")
    verify = add("verify", _verify, "checks a report folder; exit 0 only if every check holds")
    verify.add_argument("directory", metavar="DIR", type=Path)
    verify.add_argument("--allowed-signers", metavar="FILE", type=Path, required=True)
    verify.add_argument("--models", metavar="DIR", type=Path, nargs="+", action="extend")
    verify.add_argument("--require", choices=("promote",))


if __name__ == "__main__":
    entry()
