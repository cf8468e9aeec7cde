"""`assay init`, `assay check` and `assay analyze`: from a folder to a run."""

from __future__ import annotations

import argparse
from pathlib import Path

from analysis.base.errors import AssayError
from tui.commands.advice import as_typed, skipping
from tui.commands.common import BLOCKED, DONE, Add, open_console, open_session, say

MOST_WORKERS = 256


def add(to: Add) -> None:
    """Add the commands."""
    init = to("init", _init, "writes a commented review.toml with what it finds in DIR filled in")
    init.add_argument("directory", metavar="DIR", type=Path, nargs="?", default=Path())
    init.add_argument(
        "--from",
        dest="results",
        nargs=3,
        metavar=("TOOL", "BASE", "CANDIDATE"),
        help="of two files of results: inspect, lm-eval, promptfoo or langfuse, and a file of each side",
    )
    init.add_argument(
        "--as",
        dest="kind",
        choices=("predictions", "records"),
        help="what the answers of these files are, classes or texts, where they do not tell",
    )
    init.add_argument("--open", action="store_true", help="analyse these files and open the console on them")
    init.add_argument(
        "--skip-bad-rows", action="store_true", help="with --open, go on without rows that are wrong"
    )
    check = to("check", _check, "validates everything; reads the data and the heads of the models")
    check.add_argument("review", metavar="REVIEW.toml", type=Path)
    check.add_argument("--skip-bad-rows", action="store_true", help="go on without rows that are wrong")
    analyze = to("analyze", _analyze, "makes a run in the store; resumable; prints the gates at the end")
    analyze.add_argument("review", metavar="REVIEW.toml", type=Path)
    analyze.add_argument("--fresh", action="store_true", help="compute everything again")
    analyze.add_argument("--skip-bad-rows", action="store_true", help="go on without rows that are wrong")
    analyze.add_argument("--group", metavar="NAME", help="a Unix group whose members share the store")
    analyze.add_argument(
        "--workers",
        metavar="N",
        type=_workers,
        help="processes that compute: 1 of this machine, or actors of Ray",
    )
    analyze.add_argument("--engine", choices=("local", "ray"), default="local", help="who computes")
    analyze.add_argument(
        "--ray-address", metavar="A", help="of a cluster; without it Ray runs on this machine"
    )
    worker = to("worker", _worker, "computes what is missing of the run that is being made, beside others")
    worker.add_argument("store", metavar="STORE", type=Path)


def _init(arguments: argparse.Namespace) -> int:
    from analysis.init import look_into, write_review

    if arguments.results is not None:
        return _init_from(arguments)
    for option, given in (
        ("--as", arguments.kind),
        ("--open", arguments.open),
        ("--skip-bad-rows", arguments.skip_bad_rows),
    ):
        if given:
            raise AssayError(
                f"{option} is of --from", hint="--from TOOL BASE CANDIDATE names two files of results"
            )
    look = look_into(arguments.directory)
    for line in look.seen:
        say(line)
    target = write_review(arguments.directory, look)
    for guess in look.guesses:
        say(f"guess     {guess}")
    say(f"wrote {target}")
    if not look.tracks:
        say("found no models and no data of which a review could be made: nothing above fits a track")
        say(f"next: fill in a section of {target}")
        return BLOCKED
    say(f"next: fill in what is commented, then `{as_typed('check', target)}`")
    return DONE


def _init_from(arguments: argparse.Namespace) -> int:
    from analysis.init import write_review
    from analysis.init.from_results import import_results

    tool, base, candidate = arguments.results
    made = import_results(tool, Path(base), Path(candidate), arguments.directory, arguments.kind)
    target = write_review(arguments.directory, made.look)
    for line in made.look.seen:
        say(line)
    for guess in made.look.guesses:
        say(f"guess     {guess}")
    say(f"wrote {target}")
    if not made.look.tracks:
        return BLOCKED
    if arguments.open:
        return _open(target, skip_bad_rows=arguments.skip_bad_rows)
    say(f"next: {as_typed('analyze', target, *skipping(made.unusable > 0))}")
    return DONE


def _open(review: Path, *, skip_bad_rows: bool) -> int:
    """Analyse a review and open the console on it; where there is no terminal, its status is printed."""
    from tui.commands.analysis_progress import analyze_with_progress

    published = analyze_with_progress(review, skip_bad_rows=skip_bad_rows)
    return open_console(published.store)


def _check(arguments: argparse.Namespace) -> int:
    from analysis.run.check import check_review

    report = check_review(arguments.review, skip_bad_rows=arguments.skip_bad_rows)
    for note in report.notes:
        say(note)
    skip = skipping(arguments.skip_bad_rows)
    say(f"no mistakes; next: {as_typed('analyze', arguments.review, *skip)}")
    return DONE


def _analyze(arguments: argparse.Namespace) -> int:
    from tui.commands.analysis_progress import analyze_with_progress
    from tui.commands.status_formats.text import FORMAT

    ray = None
    if arguments.engine == "ray":
        from analysis.run.ray_engine import RayCluster

        ray = RayCluster(arguments.ray_address, arguments.workers)
    elif arguments.ray_address is not None:
        raise AssayError(
            "an address of Ray is of no use here", where="--ray-address", hint="add --engine ray"
        )
    published = analyze_with_progress(
        arguments.review,
        fresh=arguments.fresh,
        skip_bad_rows=arguments.skip_bad_rows,
        workers=arguments.workers or 1,
        ray=ray,
        group=arguments.group,
    )
    verb = "published" if published.created else "unchanged: the same run exists already,"
    say(f"{verb} run {published.run} in {published.store}")
    if published.skipped:
        say(f"{published.skipped} bad rows were left out")
    with open_session(published.store, read_only=True) as session:
        print(FORMAT.write(session.status()))
    say(f"next: {as_typed('review', published.store)}")
    return DONE


def _worker(arguments: argparse.Namespace) -> int:
    from analysis.run.pipeline import help_analyze
    from tui.commands.analysis_progress import with_progress

    run = with_progress(lambda progress: help_analyze(arguments.store, on_progress=progress))
    say(f"nothing of run {run} is missing any more; whoever analyses publishes it")
    return DONE


def _workers(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"must be a number from 1 to {MOST_WORKERS}, and is {text!r}")
    return number
