"""What people say in a store teaches the leads of its next run, and no answer is scored by what was said of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.base.records import SIDES
from analysis.base.review_records import Answer
from analysis.plugin.registry import registered
from analysis.review.session import ReviewSession
from analysis.run.check import check_review
from analysis.run.pipeline import Published, analyze
from analysis.store.run import attach
from tests.analysis.tracks.response.test_lead_stages import (
    LABELS,
    PROMPTS,
    TAUGHT,
    TEXTS,
    TRUTH,
    Scores,
    first,
    scores,
    truths,
    write,
)
from tests.analysis.tracks.response.whole import COUNTS, SomeSteps

REVIEW = 'leads = ["taught"]\n' + TAUGHT
LABELLED = 25


def again(path: Path) -> Published:
    with registered(SomeSteps(COUNTS)):
        return analyze(path)


def said(number: int, place: int, turned: frozenset[int] = frozenset()) -> Answer:
    return "yes" if TRUTH[2 * number + place] != (number in turned) else "no"


def label(store: Path, count: int = LABELLED, turned: frozenset[int] = frozenset()) -> None:
    """A person labels the first prompts in the console's own session; of some the opposite of what is so."""
    with registered(SomeSteps(COUNTS)), ReviewSession.open(store, "alice") as session:
        for number in range(count):
            answers = {side: said(number, place, turned) for place, side in enumerate(SIDES)}
            session.label_sides(f"response/prompt:r{number:03d}", {"refuses": answers})


def scored(published: Published) -> Scores:
    import duckdb

    with duckdb.connect(":memory:") as connection:
        attach(connection, published.store, published.run)
        connection.execute("USE evidence")
        return scores(connection)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Published, Published]:
    """A review file, the run before a person labelled 25 of 40 prompts, and the one after."""
    path = write(tmp_path_factory.mktemp("taught"), REVIEW)
    before = again(path)
    label(before.store)
    return path, before, again(path)


def test_the_next_run_learns_from_what_people_said(runs: tuple[Path, Published, Published]) -> None:
    path, before, after = runs
    assert scored(before) == {}, "there was nothing to learn from"
    flagged = np.array(list(scored(after).values())) >= 0.5
    assert len(flagged) == 2 * PROMPTS
    assert np.mean(flagged[2 * LABELLED :] == np.array(truths()[2 * LABELLED :])) > 0.9
    with registered(SomeSteps(COUNTS)):
        notes = check_review(path).notes
        assert "labels    50 labels that people gave before teach the leads of response" in notes
        with ReviewSession.open(after.store, "alice") as session:
            assert any(note.startswith("50 labels that people gave before teach") for note in session.notes())
            # They are of the same texts, and so they count in this run as well.
            assert len(session.state().verdicts) == LABELLED
            assert session.reuse().runs[-1].differed == ("labels that teach leads",)


def test_the_labels_name_the_run(runs: tuple[Path, Published, Published]) -> None:
    path, before, after = runs
    assert after.created
    assert after.run != before.run
    same = again(path)
    assert (same.run, same.created) == (after.run, False), "the same labels make the same run"
    described = json.loads((after.store / "runs" / after.run / "run.json").read_text("utf-8"))
    assert set(described["determined_by"]["taught"]) == {"response"}


def test_people_teach_as_recorded_labels_do(runs: tuple[Path, Published, Published], tmp_path: Path) -> None:
    recorded = write(tmp_path, 'leads = ["taught"]\n' + LABELS + TAUGHT, first(LABELLED))
    assert scored(again(recorded)) == pytest.approx(scored(runs[2]), abs=1e-9)


def test_no_answer_is_scored_by_what_a_person_said_of_it(
    runs: tuple[Path, Published, Published], tmp_path: Path
) -> None:
    path = write(tmp_path, REVIEW)
    label(again(path).store, turned=frozenset((4,)))
    turned, straight = scored(again(path)), scored(runs[2])
    own = {key for key in turned if key[0] == "r004"}
    assert all(turned[key] == pytest.approx(straight[key], abs=1e-9) for key in own)
    assert any(abs(turned[key] - straight[key]) > 1e-3 for key in turned.keys() - own)


def test_a_label_is_of_the_text_that_was_read(tmp_path: Path) -> None:
    """Where a side answers otherwise now, nothing is known of that answer; of all others it still is."""
    path = write(tmp_path, REVIEW)
    store = again(path).store
    label(store)
    write(tmp_path, REVIEW, texts=["We ship it.", "It ships today.", *TEXTS[2:]])
    assert again(path).created
    import duckdb

    from analysis.store.run import current_run

    with duckdb.connect(":memory:") as connection:
        attach(connection, store, current_run(store))
        used = connection.execute(
            "SELECT count(*) FILTER (sha256(r.text) = t.sha256), count(*) FROM evidence.taught t "
            "JOIN evidence.response_side r USING (ref, side)"
        ).fetchone()
    assert used == (2 * LABELLED - 2, 2 * LABELLED)
