"""What a run takes from previous reviews: that they can be read, and what failed in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from analysis.base.errors import AssayError
from analysis.base.problems import Problem
from analysis.base.records import Flag
from analysis.base.sql import identifier, queries
from analysis.plugin.flag import JUDGED_WRONG
from analysis.plugin.track import Track
from analysis.review.previous import read_previous, same_examples
from analysis.review.reuse import CandidateRun
from analysis.store.packed import PAGE
from analysis.store.run import current_run, read_description

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from analysis.data.examples import Examples
    from analysis.plugin.settings import Review

_SQL = queries(__package__ or "", "predecessors.sql")


def check_previous(review: Review, examples: Mapping[str, Examples]) -> list[Problem]:
    """What is wrong with the stores that a review file names as previous.

    Args:
        review: the review file.
        examples: the evaluation data by track, of those tracks whose data can be read.
    """
    problems = []
    contents = {row.ref: row.sha256 for one in examples.values() for row in one.rows}
    for index, path in enumerate(review.review.previous):
        where = review.where("review", "previous", index)
        try:
            problem = _unrelated(review, path, contents)
        except AssayError as error:
            hint = error.hint or "name the store of an earlier candidate, or take it out of `previous`"
            problems.append(Problem(f"previous names {path.name!r}: {error.message}", where, hint))
            continue
        if problem:
            hint = "name the store of an earlier candidate on these data, or take it out of `previous`"
            problems.append(Problem(f"previous names {path.name!r}, {problem}", where, hint))
    return problems


def _unrelated(review: Review, path: Path, contents: Mapping[str, str]) -> str:
    """Why a store is no predecessor of a review; empty where it is one. Raises AssayError where it cannot be read."""
    if path == review.store_path.resolve():
        return "which is the store of this review itself: its runs count anyway"
    theirs = read_description(path, current_run(path))["tracks"]
    read_previous([path])
    if not set(theirs) & set(review.tracks):
        return f"which has the tracks {', '.join(theirs)}, and this review {', '.join(review.tracks)}"
    if contents and not same_examples(path, contents):
        return "which shares no evaluation example with this review"
    return ""


def pinned(
    workbench: duckdb.DuckDBPyConnection, track: Track, previous: Sequence[CandidateRun]
) -> list[Flag]:
    """A flag for each example on which a previous candidate was judged wrong and the sides now answer differently.

    Args:
        workbench: holds the examples and what both sides answer.
        track: whose examples.
        previous: the runs of previous reviews.
    """
    failed = [
        (ref, sha256, one.review)
        for one in previous
        for ref, sha256 in one.wrong.items()
        if ref.startswith(f"{track.name}/")
    ]
    if not failed:
        return []
    contents = dict(workbench.execute(_SQL["contents"], {"track": track.name}).fetchall())
    reviews: dict[str, list[str]] = {}
    for ref, sha256, review in failed:
        if contents.get(ref) == sha256 and review not in reviews.setdefault(ref, []):
            reviews[ref].append(review)
    found = []
    with _as_evidence(workbench):
        for ref, names in reviews.items():
            question = track.ask(workbench, ref) if names else None
            if question is not None and question.differs:
                found += [
                    Flag(ref, f"{JUDGED_WRONG}{name}", None, None, None, control=False) for name in names
                ]
    return found


@contextmanager
def _as_evidence(workbench: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Have the tables of the workbench under the name by which a track asks of a published run."""
    workbench.execute("CREATE SCHEMA evidence")
    try:
        workbench.execute(_SQL["keys"])
        workbench.execute(_SQL["pages"].format(page=PAGE))
        for name, has_ref in workbench.execute(_SQL["tables"]).fetchall():
            query = _SQL["with_keys" if has_ref else "as_evidence"]
            workbench.execute(query.format(table=identifier(name)))
        yield
    finally:
        workbench.execute("DROP SCHEMA evidence CASCADE")
