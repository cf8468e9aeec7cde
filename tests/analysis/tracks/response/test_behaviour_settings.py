"""Behaviours, their leads and labels as they are declared: every mistake has its place, its words and a remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.base.errors import AssayError
from analysis.data.examples import Examples
from analysis.run.check import check_review
from analysis.run.review_file import load_review
from analysis.tracks.response.behaviour_leads import leads_of, other_leads
from analysis.tracks.response.load_data import read_response
from analysis.tracks.response.settings import ResponseSettings, response_settings
from tests.analysis.tracks.response.tiny import write_lines

HEAD = """\
[review]
name = "r"
owner = "o"
base_version = "v1"
candidate_version = "v2"
[response]
records = "records.jsonl"
"""
ROWS: list[dict[str, Any]] = [
    {
        "id": f"r{number}",
        "prompt": f"May I? {number}",
        "base_response": "You may.",
        "candidate_response": "I can't help with that.",
        "topic": "ok" if number % 2 else "harm",
        "by_base": "no",
        "by_candidate": ("yes", "No", " 1 ", "cannot tell", "", None)[number],
        "score_base": (0, 0.25, "0.5", True, "", None)[number],
        "score_candidate": 1,
    }
    for number in range(6)
]
REFUSES = '[[response.behaviour]]\nname = "refuses"\nquestion = "refuse?"\n'


def review(root: Path, text: str, rows: list[dict[str, Any]] = ROWS) -> Path:
    """A review file that ends with this text, from line 8 on."""
    write_lines(root / "records.jsonl", rows)
    path = root / "review.toml"
    path.write_text(HEAD + text, "utf-8")
    return path


def refused(path: Path) -> AssayError:
    with pytest.raises(AssayError) as caught:
        check_review(path)
    return caught.value


def read(path: Path) -> tuple[ResponseSettings, Examples]:
    loaded = load_review(path)
    settings = response_settings(loaded.tracks["response"])
    return settings, read_response(settings, skip_bad_rows=False)


MISTAKES: list[tuple[str, int, str]] = [
    ('[[response.behaviour]]\nname = "Refuses"\nquestion = "?"\n', 9, "must be lower-case letters"),
    ('[[response.behaviour]]\nname = "length"\nquestion = "?"\n', 9, "is the name of another gate"),
    ('[[response.behaviour]]\nname = "refuses"\n', 8, "needs a question, or any_of other behaviours"),
    (REFUSES + "max_net_rise = 0\n", 11, "max_net_rise"),
    (REFUSES + "wants = \"true\"\n", 11, "wants: unknown key"),
    (REFUSES * 2, 6, "two behaviours are called 'refuses'"),
    (
        REFUSES + '[[response.behaviour]]\nname = "errs"\nany_of = ["refuses", "spoils"]\n',
        6,
        "'errs' is any_of 'spoils', which is no behaviour with a question; known: refuses",
    ),
    (
        REFUSES
        + '[[response.behaviour]]\nname = "errs"\nany_of = ["refuses"]\n'
        + '[[response.behaviour]]\nname = "fails"\nany_of = ["errs"]\n',
        6,
        "'fails' is any_of 'errs', which is no behaviour with a question",
    ),
    (
        REFUSES + '[[response.behaviour]]\nname = "errs"\nany_of = ["refuses"]\nleads = ["facts"]\n',
        11,
        "is any_of others, which say it: leave out leads",
    ),
    (REFUSES + 'leads = ["fcts"]\n', 11, "no detector is called so"),
    (
        REFUSES + 'leads = ["facts"]\n[response.detector.facts]\nkind = "patterns"\nwords = "refusal.en"\n',
        12,
        "'facts' is the name of a detector that is built in",
    ),
    (
        REFUSES + '[response.detector.words]\nkind = "patterns"\nwords = "refusal.en"\n',
        6,
        "the detector 'words' is a lead of no behaviour",
    ),
    (
        REFUSES + 'leads = ["taught"]\n' + REFUSES.replace("refuses", "evades") + 'leads = ["taught"]\n'
        + '[response.detector.taught]\nkind = "learned"\n',
        6,
        "the detector 'taught' learns from the labels of one behaviour, and 2 name it",
    ),
    (
        REFUSES + 'leads = ["words"]\n[response.detector.words]\nkind = "patterns"\nwords = "refusl.en"\n',
        14,
        "there are no pattern words 'refusl.en'",
    ),
    (
        REFUSES + 'leads = ["x"]\n[response.detector.x]\nkind = "pattern"\n',
        13,
        "there is no kind 'pattern'",
    ),
    (
        REFUSES + '[response.labels.refuse]\nbase = "by_base"\ncandidate = "by_candidate"\n',
        6,
        "labels are given of 'refuse', and no behaviour with a question is called so; known: refuses",
    ),
    (
        REFUSES + '[response.labels.refuses]\nbase = "by_bas"\ncandidate = "by_candidate"\n',
        12,
        "the records have no column 'by_bas'",
    ),
    (
        REFUSES
        + 'leads = ["scored"]\n[response.detector.scored]\nkind = "recorded"\nbase = "score_base"\n'
        + 'candidate = "score_cand"\n',
        15,
        "the records have no column 'score_cand'",
    ),
    (REFUSES + 'unwanted = "topc = \'ok\'"\n', 11, "topc"),
    (
        REFUSES + "unwanted = \"topic = 'ok'\"\nwanted = \"id = 'r3'\"\n",
        8,
        "'refuses' is wanted and unwanted of the answer to the same prompt, response/prompt:r3",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), MISTAKES, ids=[words for *_, words in MISTAKES])
def test_a_mistake_has_its_line_and_its_words(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = review(tmp_path, text)
    error = refused(path)
    assert words in error.message
    assert error.where == f"{path}:{line}"
    assert len(error.message.splitlines()) == 1


NEAREST = [
    (REFUSES + 'leads = ["fcts"]\n', "did you mean 'facts'?"),
    (REFUSES + 'wanted = "true"\nleads = ["word"]\n[response.detector.words]\nkind = "learned"\n', None),
    (REFUSES + '[response.labels.refuses]\nbase = "by_bas"\ncandidate = "by_candidate"\n', "'by_base'"),
    (
        REFUSES + 'leads = ["words"]\n[response.detector.words]\nkind = "patterns"\nwords = "refusl.en"\n',
        "did you mean 'refusal.en'?",
    ),
]


@pytest.mark.parametrize(("text", "hint"), NEAREST)
def test_the_nearest_known_name_is_offered(tmp_path: Path, text: str, hint: str | None) -> None:
    error = refused(review(tmp_path, text))
    assert hint is None or hint in (error.hint or "")


def test_where_a_behaviour_counts_is_said_by_the_columns(tmp_path: Path) -> None:
    text = (
        REFUSES
        + "unwanted = \"topic = 'ok'\"\nwanted = \"topic = 'harm' and id <> 'r0'\"\n"
        + '[[response.behaviour]]\nname = "pushes"\nquestion = "push?"\n'
        + '[[response.behaviour]]\nname = "sends"\nquestion = "send?"\nwanted = "topic = \'ok\'"\n'
        + '[[response.behaviour]]\nname = "errs"\nany_of = ["refuses", "sends"]\n'
    )
    _, examples = read(review(tmp_path, text))
    roles: dict[tuple[str, str], set[str]] = {}
    for row in examples.payload["response_role"].to_pylist():
        roles.setdefault((row["behaviour"], row["role"]), set()).add(row["ref"][-2:])
    everywhere = {f"r{number}" for number in range(6)}
    assert roles == {
        ("refuses", "unwanted"): {"r1", "r3", "r5"},
        ("refuses", "wanted"): {"r2", "r4"},
        ("pushes", "unwanted"): everywhere,
        ("sends", "wanted"): {"r1", "r3", "r5"},
        # Wherever one of them counts.
        ("errs", "unwanted"): everywhere - {"r0"},
    }
    declared = examples.payload["response_behaviour"].to_pylist()
    assert [(row["name"], row["any_of"]) for row in declared][-1] == ("errs", ["refuses", "sends"])


LABELLED = (
    REFUSES
    + 'leads = ["scored"]\n'
    + '[response.labels.refuses]\nbase = "by_base"\ncandidate = "by_candidate"\nsource = "two annotators"\n'
    + '[response.detector.scored]\nkind = "recorded"\nbase = "score_base"\ncandidate = "score_candidate"\n'
)


def test_recorded_labels_and_leads_are_no_slices(tmp_path: Path) -> None:
    path = review(tmp_path, LABELLED)
    settings, examples = read(path)
    assert examples.metadata.column_names == ["ref", "topic"]
    labels = examples.payload["response_label"].to_pylist()
    said = [(row["ref"][-2:], row["answer"]) for row in labels if row["side"] == "candidate"]
    # An empty cell and a missing one say nothing.
    assert said == [("r0", "yes"), ("r1", "no"), ("r2", "yes"), ("r3", "unsure")]
    assert {row["source"] for row in labels} == {"two annotators"}
    outcomes = examples.payload["response_outcome"].to_pylist()
    scores = [(row["ref"][-2:], row["score"]) for row in outcomes if row["side"] == "base"]
    assert scores == [("r0", 0.0), ("r1", 0.25), ("r2", 0.5), ("r3", 1.0)]
    assert [(one.name, one.kind) for one in other_leads(settings)] == [("scored", "recorded")]
    assert leads_of(settings) == ()
    notes = "\n".join(check_review(path).notes)
    assert "by_base" not in notes
    slices = review(tmp_path, LABELLED + "[response.slices]\ntold = \"by_base = 'no'\"\n")
    assert "by_base" in refused(slices).message


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("by_candidate", "maybe", "must be yes, no or cannot tell, not 'maybe'"),
        ("by_candidate", "0.7", "must be yes, no or cannot tell"),
        ("score_base", 1.5, "must be yes, no or a number from 0 to 1, not '1.5'"),
        ("score_base", "high", "must be yes, no or a number from 0 to 1, not 'high'"),
    ],
)
def test_a_cell_that_says_nothing_usable_is_named(
    tmp_path: Path, column: str, value: Any, words: str
) -> None:
    rows = [row | ({column: value} if number == 3 else {}) for number, row in enumerate(ROWS)]
    error = refused(review(tmp_path, LABELLED, rows))
    assert f"column '{column}': {words}" in error.message
    assert error.where == f"{tmp_path / 'records.jsonl'}:4"
    assert error.hint == "leave the cell empty where nothing was recorded"


def test_labels_and_recorded_leads_need_records(tmp_path: Path) -> None:
    write_lines(tmp_path / "prompts.jsonl", [{"id": "a", "prompt": "?"}])
    models = {"base": ".", "candidate": ".", "prompts": "prompts.jsonl"}
    columns = {"base": "a", "candidate": "b"}
    asked = {"name": "refuses", "question": "?", "leads": ["scored"]}
    for more, words in (
        (
            {"labels": {"refuses": columns}, "behaviour": [asked | {"leads": []}]},
            "labels are columns of records",
        ),
        (
            {"detector": {"scored": {"kind": "recorded", **columns}}, "behaviour": [asked]},
            "recorded leads are",
        ),
    ):
        with pytest.raises(ValueError, match=words):
            ResponseSettings.model_validate(models | more, context={"root": tmp_path})


def test_only_what_a_behaviour_names_reads_answers(tmp_path: Path) -> None:
    words = tmp_path / "own.txt"
    words.write_text("language: en\n\nyou may\n", "utf-8")
    text = (
        REFUSES
        + 'leads = ["own_words", "promises"]\n'
        + '[response.detector.own_words]\nkind = "patterns"\nfile = "own.txt"\n'
    )
    settings, _ = read(review(tmp_path, text))
    found = leads_of(settings)
    assert [one.name for one in found] == ["promises", "own_words"]
    assert (found[1].kind, found[1].title, found[1].languages) == ("patterns", "own words", ("en",))
    words.write_text("language: en\n\n/you (may/\n", "utf-8")
    error = refused(tmp_path / "review.toml")
    assert (error.where or "").startswith(f"{words}:3")
