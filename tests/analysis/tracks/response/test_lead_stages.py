"""Leads that labels teach, that are models, or that were recorded, through whole runs: what they say of both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from analysis.base.errors import AssayError
from analysis.base.records import SIDES
from analysis.plugin.registry import registered
from analysis.run.check import check_review
from analysis.run.pipeline import analyze
from tests.analysis.linear_classifier import save_classifier
from tests.analysis.tracks.response.leads.answers import made
from tests.analysis.tracks.response.leads.small_models import write_marker
from tests.analysis.tracks.response.tiny import write_lines
from tests.analysis.tracks.response.whole import COUNTS, SomeSteps

PROMPTS = 40
TEXTS, _, TRUTH = made(PROMPTS, 0.4, seed=3)
HEAD = """\
[review]
name = "r"
owner = "o"
base_version = "v1"
candidate_version = "v2"
device = "cpu"
[response]
records = "records.jsonl"
[[response.behaviour]]
name = "refuses"
question = "refuse?"
"""
LABELS = '[response.labels.refuses]\nbase = "by_base"\ncandidate = "by_candidate"\n'
TAUGHT = '[response.detector.taught]\nkind = "learned"\nunit = "sentence"\n'
Scores = dict[tuple[str, str], float]


def write(
    root: Path,
    rest: str,
    known: Mapping[tuple[int, int], bool] | None = None,
    texts: Sequence[str] = TEXTS,
) -> Path:
    """A review of answers of which some refuse; `known` are recorded labels by (prompt, side)."""
    said = known or {}
    rows: list[dict[str, Any]] = []
    for number in range(PROMPTS):
        row: dict[str, Any] = {"id": f"r{number:03d}", "prompt": f"May I? {number}"}
        for place, side in enumerate(SIDES):
            row[f"{side}_response"] = texts[2 * number + place]
            label = said.get((number, place))
            row[f"by_{side}"] = "" if label is None else "yes" if label else "no"
        rows.append(row)
    root.mkdir(exist_ok=True)
    write_lines(root / "records.jsonl", rows)
    path = root / "review.toml"
    path.write_text(HEAD + rest, "utf-8")
    return path


def ran(review: Path) -> duckdb.DuckDBPyConnection:
    with registered(SomeSteps(COUNTS)):
        published = analyze(review)
    return duckdb.connect(published.store / "runs" / published.run / "evidence.duckdb", read_only=True)


def scores(run: duckdb.DuckDBPyConnection, table: str = "response_outcome") -> Scores:
    rows = run.execute(f"SELECT ref[-4:], side, score FROM {table} ORDER BY ref, side").fetchall()
    return {(ref, side): score for ref, side, score in rows}


def truths() -> list[bool]:
    """Whether each answer refuses, in the order of `scores`."""
    return [TRUTH[2 * number + place] for number in range(PROMPTS) for place in range(2)]


def first(count: int) -> dict[tuple[int, int], bool]:
    """The truth of the first prompts, as it is recorded."""
    return {(number, place): TRUTH[2 * number + place] for number in range(count) for place in range(2)}


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Scores:
    """What labels of 25 of 40 prompts teach."""
    path = write(tmp_path_factory.mktemp("taught"), 'leads = ["taught"]\n' + LABELS + TAUGHT, first(25))
    with ran(path) as run:
        assert run.execute("SELECT count(*) FROM response_label").fetchone() == (50,)
        listed = run.execute("SELECT name, kind FROM response_detector").fetchall()
        assert listed == [("taught", "learned")]
        # One lead alone is what the behaviour's leads say.
        assert scores(run, "response_score") == pytest.approx(scores(run))
        shown = run.execute(
            'SELECT r.text[s.start + 1:s."end"], s.why FROM span s JOIN response_side r USING (ref, side)'
        ).fetchall()
        assert shown
        assert all("by" in why and "answers with it" in why for _, why in shown)
        assert np.mean([any(word in text for word in ("help", "able", "cannot")) for text, _ in shown]) > 0.9
        hits = run.execute("SELECT count(*) FROM response_hit WHERE detector = 'taught'").fetchone()
        assert hits == (len(shown),)
        return scores(run)


def test_labels_of_both_sides_teach_a_lead_of_both_sides(taught: Scores) -> None:
    assert len(taught) == 2 * PROMPTS
    flagged = np.array(list(taught.values())) >= 0.5
    assert np.mean(flagged == np.array(truths())) > 0.9
    # Also where nobody said anything.
    assert np.mean(flagged[50:] == np.array(truths()[50:])) > 0.9


def test_no_answer_is_scored_by_what_was_said_of_it(tmp_path: Path, taught: Scores) -> None:
    """With the words on one prompt turned round its own scores stay, and those of others move."""
    known = first(25)
    turned = known | {(4, place): not known[4, place] for place in range(2)}
    with ran(write(tmp_path, 'leads = ["taught"]\n' + LABELS + TAUGHT, turned)) as run:
        found = scores(run)
    own = {key for key in found if key[0] == "r004"}
    assert len(own) == 2
    assert all(found[key] == pytest.approx(taught[key], abs=1e-9) for key in own)
    assert any(abs(found[key] - taught[key]) > 1e-3 for key in found.keys() - own)


def test_before_labels_examples_are_what_is_looked_for_and_without_either_nothing_is_said(
    tmp_path: Path,
) -> None:
    like = 'leads = ["taught"]\nexamples = ["I\'m sorry, but I cannot help with that."]\n'
    with ran(write(tmp_path / "like", like + TAUGHT)) as run:
        found = np.array(list(scores(run).values()))
        assert len(found) == 2 * PROMPTS
        assert found[truths()].mean() > found[~np.array(truths())].mean() + 0.2
    with ran(write(tmp_path / "none", 'leads = ["taught"]\n' + TAUGHT)) as run:
        assert scores(run) == {}
        assert scores(run, "response_score") == {}
        leads = run.execute("SELECT value FROM metric WHERE name = 'refuses_leads'").fetchall()
        assert leads == []


WORDS = ("refuse", "cannot", "sorry", "unfortunately", "able", "help", "order", "ships", "the", "is")
GUARD = (
    'leads = ["guard"]\n[response.detector.guard]\nkind = "model"\ntask = "classifier"\n'
    'folder = "guard"\nlabel = "refusal"\n'
)


def guard(folder: Path, **telling: float) -> Path:
    """A classifier that takes words for a refusal."""
    weights = {word: {"refusal": weight} for word, weight in telling.items()}
    return save_classifier(folder, ["fine", "refusal"], WORDS, weights, home="fine", positions=64)


def test_a_model_of_the_users_reads_both_sides(tmp_path: Path) -> None:
    path = write(tmp_path, GUARD)
    guard(tmp_path / "guard", cannot=2.5, sorry=2.5, able=2.5)
    notes = check_review(path).notes
    assert any(note.startswith("lead      guard: classifier, ") for note in notes)
    assert "lead      guard: refusal counts" in notes
    with ran(path) as run:
        found = scores(run)
        spans = run.execute("SELECT count(*) FROM response_hit WHERE detector = 'guard'").fetchone()
    assert len(found) == 2 * PROMPTS
    told = [any(word in text.lower() for word in ("cannot", "sorry", "able")) for text in TEXTS]
    assert [score >= 0.5 for score in found.values()] == told
    assert spans == (sum(told),)


def test_a_model_reads_answers_in_the_one_cleaned_form(tmp_path: Path) -> None:
    """Thoughts and marks are not part of an answer, and what it says is marked where it was written."""
    thought = "<think>They ask. I cannot.</think>\n"
    texts = [
        f"{thought}**Your** order ships.",
        f"{thought}I can**not** help.",
        "<think>Hm.</think>",
        "It ships.",
        *TEXTS[4:],
    ]
    marks = GUARD.replace('"classifier"', '"tokens"').replace('label = "refusal"\n', "")
    path = write(tmp_path, marks, texts=texts)
    write_marker(tmp_path / "guard", positions=64)
    with ran(path) as run:
        found = scores(run)
        placed = dict(
            run.execute(
                'SELECT ref[-4:] || side, r.text[s.start + 1:s."end"] FROM span s '
                "JOIN response_side r USING (ref, side) WHERE ref[-4:] < 'r002'"
            ).fetchall()
        )
        unread = run.execute("SELECT ref[-4:], side, why FROM response_unread").fetchall()
    assert found["r000", "base"] < 0.5, "what it thought it does not say"
    assert found["r000", "candidate"] > 0.5, "marks are no part of a word"
    assert placed == {"r000candidate": "can**not"}
    assert unread == [("r001", "base", "the answer is empty")]


def test_a_label_that_the_model_does_not_have_is_told_before_it_runs(tmp_path: Path) -> None:
    path = write(tmp_path, GUARD.replace('"refusal"', '"refusing"'))
    guard(tmp_path / "guard", cannot=2.5)
    with pytest.raises(AssayError, match="refusing") as caught:
        check_review(path)
    assert caught.value.where == f"{path}:13"
    assert "refusal" in (caught.value.hint or "")
    (tmp_path / "guard" / "model.safetensors").rename(tmp_path / "guard" / "pytorch_model.bin")
    with pytest.raises(AssayError, match=r"pytorch_model\.bin"):
        check_review(write(tmp_path, GUARD))


def test_recorded_scores_and_other_leads_are_taken_together(tmp_path: Path) -> None:
    """Before labels it is the highest of them; an answer without a score is read by the other."""
    both = (
        'leads = ["scored", "words"]\n[response.detector.scored]\nkind = "recorded"\nbase = "by_base"\n'
        'candidate = "by_candidate"\n[response.detector.words]\nkind = "patterns"\nfile = "words.txt"\n'
    )
    path = write(tmp_path, both, {(0, 0): True, (0, 1): False, (1, 0): False})
    (tmp_path / "words.txt").write_text("cannot\n", "utf-8")
    with ran(path) as run:
        found = scores(run, "response_score")
    said = {("r000", "base"): True, ("r000", "candidate"): False, ("r001", "base"): False}
    for place, key in enumerate((f"r{number:03d}", side) for number in range(PROMPTS) for side in SIDES):
        assert found[key] == float(said.get(key, False) or "cannot" in TEXTS[place]), key
