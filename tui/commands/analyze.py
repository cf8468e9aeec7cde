"""`assay init`, `assay check` and `assay analyze`: from a folder to a run."""

from __future__ import annotations

import argparse
from pathlib import Path

from tui.commands.common import BLOCKED, DONE, Add, open_session, say


def add(to: Add) -> None:
    """Add the commands."""
    init = to("init", _init, "writes a commented review.toml with what it finds in DIR filled in")
    init.add_argument("directory", metavar="DIR", type=Path, nargs="?", default=Path())
    check = to("check", _check, "validates everything; reads the data and the heads of the models")
    check.add_argument("review", metavar="REVIEW.toml", type=Path)
    check.add_argument("--skip-bad-rows", action="store_true", help="go on without rows that are wrong")
    analyze = to("analyze", _analyze, "makes a run in the store; resumable; prints the gates at the end")
    analyze.add_argument("review", metavar="REVIEW.toml", type=Path)
    analyze.add_argument("--fresh", action="store_true", help="compute everything again")
    analyze.add_argument("--skip-bad-rows", action="store_true", help="go on without rows that are wrong")


def _init(arguments: argparse.Namespace) -> int:
    from analysis.init import look_into, write_review

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
    say(f"next: fill in what is commented, then `assay check {target}`")
    return DONE


def _check(arguments: argparse.Namespace) -> int:
    from analysis.run.check import check_review

    report = check_review(arguments.review, skip_bad_rows=arguments.skip_bad_rows)
    for note in report.notes:
        say(note)
    skip = " --skip-bad-rows" if arguments.skip_bad_rows else ""
    say(f"no mistakes; next: assay analyze {arguments.review}{skip}")
    return DONE


def _analyze(arguments: argparse.Namespace) -> int:
    from tui.commands.analysis_progress import analyze_with_progress
    from tui.commands.status_formats.text import FORMAT

    published = analyze_with_progress(
        arguments.review,
        fresh=arguments.fresh,
        skip_bad_rows=arguments.skip_bad_rows,
    )
    verb = "published" if published.created else "unchanged: the same run exists already,"
    say(f"{verb} run {published.run} in {published.store}")
    if published.skipped:
        say(f"{published.skipped} bad rows were left out")
    with open_session(published.store, read_only=True) as session:
        print(FORMAT.write(session.status()))
    say(f"next: assay review {published.store}")
    return DONE
