"""What leads read answers with determines a run as much as the data do."""

from __future__ import annotations

from pathlib import Path

from analysis.run.pipeline import Published, analyze
from analysis.store.run import attach
from tests.analysis.labelled_fixture import PUSHED, ref_of, write_labelled


def with_patterns(review: Path, text: str) -> Published:
    """The review with a file of patterns of its own, analysed."""
    (review.parent / "pressure.txt").write_text(text, "utf-8")
    given = review.read_text("utf-8").replace('words = "pressure.en"', 'file = "pressure.txt"')
    review.write_text(given, "utf-8")
    return analyze(review)


def pointed_at(run: Published) -> set[str]:
    """The prompts on which the lead found something."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        attach(connection, run.store, run.run)
        return {ref for (ref,) in connection.execute("SELECT DISTINCT ref FROM evidence.span").fetchall()}


def test_an_edited_file_of_patterns_is_another_run(tmp_path: Path) -> None:
    review = write_labelled(tmp_path)
    first = with_patterns(review, "language: en\n\nhurry\n")
    assert pointed_at(first) == set(map(ref_of, PUSHED))
    again = with_patterns(review, "language: en\n\nhurry\n")
    assert (again.run, again.created) == (first.run, False)
    second = with_patterns(review, "language: en\n\nharbour\n")
    assert second.created
    assert second.run != first.run
    assert pointed_at(second) == {ref_of(7)}
