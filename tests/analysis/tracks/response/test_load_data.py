"""What the files of a response review may and may not hold: every mistake has its place and its words."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from analysis.base.errors import AssayError
from analysis.data.examples import Examples
from analysis.plugin.registry import registered
from analysis.run.check import check_review
from analysis.run.pipeline import analyze
from analysis.tracks.response.detector_inputs import load_knowledge, load_responses
from analysis.tracks.response.load_data import read_response
from tests.analysis.tracks.response.tiny import (
    catalogue,
    preferences,
    records,
    settings,
    write_data,
    write_lines,
)
from tests.analysis.tracks.response.whole import ANSWERS, SomeSteps

Rows = list[dict[str, Any]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_data(tmp_path)
    return tmp_path


def read(root: Path, skip: bool = False, **changes: Any) -> Examples:
    return read_response(settings(root, **changes), skip)


def table(examples: Examples, name: str) -> Rows:
    rows: Rows = examples.payload[name].to_pylist()
    return rows


def changed(root: Path, name: str, number: int, **values: Any) -> Path:
    """A data file with other values in one of its rows; ... takes a key out."""
    rows: Rows = {"records": records, "catalogue": catalogue, "preferences": preferences}[name]()
    merged = rows[number] | values
    rows[number] = {key: value for key, value in merged.items() if value is not ...}
    return write_lines(root / f"{name}.jsonl", rows)


def test_records_are_the_prompts_with_what_was_answered(root: Path) -> None:
    examples = read(root)
    assert [row.ref for row in examples.rows[:2]] == ["response/prompt:r000", "response/prompt:r001"]
    assert examples.rows[0].text == "recommend manga like Quiet Suspect but no spoilers"
    assert examples.metadata.column_names == ["ref", "family", "expected"]
    sides = table(examples, "response_side")
    assert len(sides) == 48
    assert sides[1] == {
        "ref": "response/prompt:r000",
        "side": "candidate",
        "text": "You may like Quiet Suspect, where the inspector is the murderer.",
        "words": 11,
        "tokens": None,
        "logp": None,
        "ended": "recorded",
    }
    assert table(examples, "response_passage")[0] == {
        "ref": "response/prompt:r002",
        "position": 0,
        "passage_id": "d1",
        "text": "Orders arrive within five working days.",
    }
    assert {"ref": "response/prompt:r003", "expects": "escalate"} in table(examples, "response_expected")
    assert table(examples, "response_preference")[1] == {
        "ref": "response/prompt:r001",
        "judge": "first",
        "winner": "base",
        "first": None,
    }


def test_csv_and_parquet_say_the_same_as_jsonl(root: Path) -> None:
    wanted = read(root)
    rows = records()
    with (root / "records.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {key: json.dumps(value) if isinstance(value, list) else value for key, value in row.items()}
            )
    pq.write_table(pa.Table.from_pylist(rows), root / "records.parquet")
    pq.write_table(pa.Table.from_pylist(catalogue()), root / "catalogue.parquet")
    pq.write_table(pa.Table.from_pylist(preferences()), root / "preferences.parquet")
    for records_file, others in (("records.csv", "jsonl"), ("records.parquet", "parquet")):
        found = read(
            root,
            records=records_file,
            catalogue=f"catalogue.{others}",
            preferences=f"preferences.{others}",
        )
        assert {name: rows.to_pylist() for name, rows in found.payload.items()} == {
            name: rows.to_pylist() for name, rows in wanted.payload.items()
        }
        assert found.metadata.to_pylist() == wanted.metadata.to_pylist()


def test_prompts_need_no_responses(root: Path, tiny_generator: Path) -> None:
    both = {"base": str(tiny_generator), "candidate": str(tiny_generator)}
    examples = read(root, records=None, prompts="prompts.jsonl", **both)
    assert "response_side" not in examples.payload
    assert len(examples.rows) == 24
    # Responses that a file of prompts happens to hold are not what is reviewed, and define no slice.
    ignored = read(root, records=None, prompts="records.jsonl", **both)
    assert "response_side" not in ignored.payload
    assert ignored.metadata.column_names == ["ref", "family", "expected"]


SOURCES: list[tuple[str, dict[str, Any]]] = [
    ("nothing to review without base with candidate and prompts", {"records": None}),
    ("nothing to review without base with candidate; give", {"records": None, "prompts": "prompts.jsonl"}),
    ("nothing to review without prompts", {"records": None, "base": ".", "candidate": "."}),
    ("base is given and candidate is not", {"base": "."}),
    ("candidate is given and base is not", {"candidate": "."}),
    ("records hold their own prompts", {"prompts": "prompts.jsonl"}),
]


@pytest.mark.parametrize(("words", "changes"), SOURCES, ids=[words for words, _ in SOURCES])
def test_responses_come_from_one_place(root: Path, words: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(root, **changes)
    assert len(caught.value.errors()) == 1
    assert words in str(caught.value)


def test_records_with_both_models_are_allowed(root: Path, tiny_generator: Path) -> None:
    found = settings(root, base=str(tiny_generator), candidate=str(tiny_generator))
    assert found.has_models
    assert not found.generates


@pytest.mark.parametrize(
    ("base", "candidate", "wanted"),
    [
        ("", "Yes.", [("", "recorded"), ("Yes.", "recorded")]),
        (" \n", "Yes.", [(" \n", "recorded"), ("Yes.", "recorded")]),
        (None, "Yes.", [("", "missing"), ("Yes.", "recorded")]),
        ("Yes.", ..., [("Yes.", "recorded"), ("", "missing")]),
        ("", None, [("", "recorded"), ("", "missing")]),
    ],
)
def test_an_empty_response_is_one_and_a_missing_one_is_none(
    root: Path, base: Any, candidate: Any, wanted: list[tuple[str, str]]
) -> None:
    changed(root, "records", 5, base_response=base, candidate_response=candidate)
    sides = table(read(root), "response_side")[10:12]
    assert [(row["text"], row["ended"]) for row in sides] == wanted


def test_scripts_emoji_and_very_long_responses_are_kept_as_they_are(root: Path) -> None:
    long = " ".join(f"word{number}" for number in range(10_000))
    strange = "はい、『静かな容疑者』は三巻です 👩\u200d👧\u200d👦 \u202eabc \u0000"
    changed(root, "records", 0, base_response=long, candidate_response=strange, prompt="漫画 🙂?")
    examples = read(root)
    first, second = table(examples, "response_side")[:2]
    assert (first["words"], first["text"]) == (10_000, long)
    assert second["text"] == strange
    assert examples.rows[0].text == "漫画 🙂?"


def test_passages_may_lack_ids_and_share_them(root: Path) -> None:
    passages: list[Any] = [{"text": "one"}, {"id": None, "text": "two"}, "three", {"id": 4, "text": "four"}]
    passages += [
        {"id": "d", "text": "five", "score": 0.5},
        {"id": "d", "text": "six"},
        {"id": "", "text": "seven"},
    ]
    changed(root, "records", 0, passages=passages)
    found = [row for row in table(read(root), "response_passage") if row["ref"].endswith("r000")]
    assert [(row["position"], row["passage_id"], row["text"]) for row in found] == [
        (0, None, "one"),
        (1, None, "two"),
        (2, None, "three"),
        (3, "4", "four"),
        (4, "d", "five"),
        (5, "d", "six"),
        (6, None, "seven"),
    ]


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("records", {"id": "r001"}, "column 'id': 'r001' was used on line 2 already"),
    ("records", {"prompt": ""}, "column 'prompt': is empty"),
    ("records", {"base_response": 3}, "column 'base_response': must be text, not 3"),
    ("records", {"base_response": None, "candidate_response": ...}, "is missing, and so is the other side's"),
    (
        "records",
        {"expected": ["answr"]},
        "column 'expected': 'answr' is no expectation; did you mean 'answer'?",
    ),
    (
        "records",
        {"expected": ["answer", "refuse"]},
        "column 'expected': expects both an answer and a refusal",
    ),
    ("records", {"expected": [3]}, "column 'expected': must be a list of texts, and holds 3"),
    ("records", {"passages": {"id": "d1"}}, "column 'passages': must be a list of passages"),
    ("records", {"passages": [{"id": "d1"}]}, "column 'passages': passage 1 is missing"),
    ("records", {"passages": [7]}, "column 'passages': passage 1 must be {id, text} and must be text, not 7"),
    ("records", {"passages": "[{"}, "column 'passages': is not valid JSON"),
    ("catalogue", {"id": "t0"}, "column 'id': 't0' was used on line 1 already"),
    ("catalogue", {"title": " "}, "column 'title': is empty"),
    ("catalogue", {"volumes": 2.5}, "column 'volumes': must be a whole number up to 100,000, not 2.5"),
    ("catalogue", {"price": -1}, "column 'price': must be a number of at least 0, not -1"),
    ("catalogue", {"price": "cheap"}, "column 'price': must be a number, not 'cheap'"),
    ("catalogue", {"in_stock": "yes"}, "column 'in_stock': must be true or false, not 'yes'"),
    ("catalogue", {"aliases": [None]}, "column 'aliases': must be a list of texts, and holds None"),
    ("preferences", {"id": "r0O3"}, "column 'id': there is no prompt with the id 'r0O3'"),
    (
        "preferences",
        {"winner": "canddate"},
        "must be base, candidate or tie, not 'canddate'; did you mean 'candidate'?",
    ),
    ("preferences", {"winner": None}, "column 'winner': is missing"),
    ("preferences", {"id": "r001"}, "column 'judge': 'first' judged this prompt on line 2 already"),
    ("preferences", {"first": "left"}, "column 'first': must be base or candidate"),
]


@pytest.mark.parametrize(("name", "values", "words"), BAD, ids=[words for *_, words in BAD])
def test_a_bad_row_is_named_and_can_be_left_out(
    root: Path, name: str, values: dict[str, Any], words: str
) -> None:
    path = changed(root, name, 3, **values)
    with pytest.raises(AssayError) as caught:
        read(root)
    assert words in caught.value.message
    assert caught.value.where == f"{path}:4"
    examples = read(root, skip=True)
    # A vote on a record that was left out cannot be counted either.
    assert f"{path}:4" in [one.where for one in examples.skipped]
    assert len(examples.rows) == (23 if name == "records" else 24)
    refs = {row.ref for row in examples.rows}
    for rows in examples.payload.values():
        assert set(rows["ref"].to_pylist() if "ref" in rows.column_names else []) <= refs
    assert set(examples.metadata["ref"].to_pylist()) == refs


def test_the_nearest_prompt_is_named(root: Path) -> None:
    changed(root, "preferences", 3, id="r00 3")
    with pytest.raises(AssayError) as caught:
        read(root)
    assert (caught.value.hint or "").startswith("did you mean 'r003'?")


@pytest.mark.parametrize("column", ["base_response", "candidate_response", "prompt"])
def test_a_record_needs_its_columns(root: Path, column: str) -> None:
    write_lines(root / "records.jsonl", [{k: v for k, v in row.items() if k != column} for row in records()])
    with pytest.raises(AssayError, match=f"column '{column}'"):
        read(root)


def test_a_judge_may_vote_once_in_each_order(root: Path) -> None:
    vote = {"id": "r001", "judge": "j", "winner": "base"}
    write_lines(root / "preferences.jsonl", [vote | {"first": "base"}, vote | {"first": "candidate"}])
    assert len(table(read(root), "response_preference")) == 2
    for again in (vote | {"first": "base"}, vote):
        write_lines(root / "preferences.jsonl", [vote | {"first": "base"}, again])
        with pytest.raises(AssayError, match="on line 1 already"):
            read(root)


def test_people_must_be_among_the_judges(root: Path) -> None:
    assert read(root, human_judges=["second"])
    with pytest.raises(AssayError, match="no vote is by the judge 'secnd'") as error:
        read(root, human_judges=["secnd"])
    assert "second" in str(error.value.hint)
    with pytest.raises(ValueError, match="judges of preferences"):
        read(root, preferences=None, human_judges=["second"])


def test_votes_without_a_judge_are_of_as_many_judges(root: Path) -> None:
    write_lines(root / "preferences.jsonl", [{"id": "r001", "winner": "base"}] * 3)
    assert [row["judge"] for row in table(read(root), "response_preference")] == ["", "", ""]


def test_two_titles_may_have_one_name_and_an_article_is_no_title(root: Path) -> None:
    rows = [*catalogue(), catalogue()[0] | {"id": "t9", "author": "Somebody Else"}]
    write_lines(
        root / "catalogue.jsonl",
        [*rows, {"id": "s1", "title": "Returns", "in_stock": None, "topic": "returns"}],
    )
    found = table(read(root), "response_catalogue")
    assert [row["id"] for row in found if row["title"] == "Quiet Suspect"] == ["t0", "t9"]
    assert "s1" not in [row["id"] for row in found]
    write_lines(root / "catalogue.jsonl", [{"id": "a", "title": "Only a Name"}])
    assert [row["title"] for row in table(read(root), "response_catalogue")] == ["Only a Name"]


def test_a_run_gives_back_what_was_read(tiny_response_review: Path) -> None:
    with registered(SomeSteps(ANSWERS)):
        report = check_review(tiny_response_review)
        published = analyze(tiny_response_review)
    assert any("models    none" in note for note in report.notes)
    assert any("critical  asks for no spoilers: 6 examples" in note for note in report.notes)
    path = published.store / "runs" / published.run / "evidence.duckdb"
    with duckdb.connect(path, read_only=True) as run:
        knowledge = load_knowledge(run)
        responses = load_responses(run)
        some = load_responses(run, ["response/prompt:r002"])
        endings = run.execute(
            "SELECT name, side, value, status FROM metric WHERE name LIKE 'answers_%' ORDER BY ALL"
        ).fetchall()
        slices = run.execute("SELECT n FROM slice WHERE slice = 'expected=escalate'").fetchone()
    assert knowledge.catalogue[0].title == "Quiet Suspect"
    assert knowledge.catalogue[4].author is None
    assert knowledge.catalogue[0].spoilers == ("the inspector is the murderer",)
    assert knowledge.policy.promises[0].days == 5
    assert knowledge.policy.citation_pattern == r"\[(?P<id>[a-z]\d+)\]"
    assert knowledge.policy.tone == {
        "warm": ("happy to help",),
        "terse": ("see above",),
        "pushy": ("buy now",),
    }
    assert hash(knowledge) == hash(knowledge)
    assert len(responses) == 48
    assert [one.side for one in some] == ["base", "candidate"]
    assert some[0].passages[0].id == "d1"
    assert some[0].expected == {"answer", "cite"}
    assert some[0].prompt == "when will my copy of Quiet Suspect arrive"
    assert endings[0] == ("answers_cut", "base", None, "unknown")
    assert ("answers_missing", "candidate", 0.0, "ok") in endings
    assert slices == (6,)


def test_a_missing_response_is_not_looked_at(tiny_response_review: Path) -> None:
    changed(tiny_response_review.parent, "records", 0, candidate_response=None)
    with registered(SomeSteps(ANSWERS)):
        published = analyze(tiny_response_review)
    with duckdb.connect(published.store / "runs" / published.run / "evidence.duckdb", read_only=True) as run:
        responses = load_responses(run)
        missing = run.execute(
            "SELECT side, value FROM metric WHERE name = 'answers_missing' ORDER BY side"
        ).fetchall()
    assert len(responses) == 47
    assert missing == [("base", 0.0), ("candidate", 1 / 24)]


def test_another_policy_is_another_run(tiny_response_review: Path) -> None:
    with registered(SomeSteps(ANSWERS)):
        first = analyze(tiny_response_review)
        policy = tiny_response_review.parent / "policy.toml"
        policy.write_text(policy.read_text("utf-8").replace("buy now", "order now"), "utf-8")
        second = analyze(tiny_response_review)
    assert first.run != second.run


Change = Callable[[str], str]
POLICIES: list[tuple[str, int, Change]] = [
    ("escalation.phrase: unknown key", 8, lambda text: text.replace("phrases = [\"hand", "phrase = [\"hand")),
    ("escalaton: unknown key", 7, lambda text: text.replace("[escalation]", "[escalaton]")),
    ("allowed[0].text: is required", 2, lambda text: text.replace("allowed = [", 'allowed = [{ about = "x" },')),
    ("amount: input should be greater than or equal to 0, not -50", 2, lambda text: text.replace("= 50", "= -50")),
    ("citation.pattern: has no group named 'id'", 14, lambda text: text.replace("?P<id>", "")),
    ("citation.pattern: is no regular expression", 14, lambda text: text.replace("+)", "+")),
    ("citation.pattern: matches the empty text", 14, lambda text: text.replace(r"\[(?P<id>[a-z]\d+)\]", "(?P<id>a*)")),
    ("takes exponential time", 14, lambda text: text.replace(r"[a-z]\d+", r"(\w|\d|aa)+x")),
    ("tone.warm: must be a list", 20, lambda text: text.replace('["happy to help"]', '"happy to help"')),
    ("not valid TOML", 23, lambda text: text.replace('["buy now"]', '["buy now"')),
]  # fmt: skip


@pytest.mark.parametrize(("words", "line", "change"), POLICIES, ids=[words for words, *_ in POLICIES])
def test_a_mistake_in_the_policy_has_its_line(root: Path, words: str, line: int, change: Change) -> None:
    path = root / "policy.toml"
    text = path.read_text("utf-8")
    path.write_text(change(text), "utf-8")
    assert path.read_text("utf-8") != text
    with pytest.raises(AssayError) as caught:
        read(root)
    assert words in caught.value.message
    assert (caught.value.where or "").startswith(f"{path}:{line}")


def test_an_unknown_key_of_the_policy_names_the_nearest(root: Path) -> None:
    path = root / "policy.toml"
    path.write_text(path.read_text("utf-8").replace("[refusal]\nphrases", "[refusal]\nphrasess"), "utf-8")
    with pytest.raises(AssayError) as caught:
        read(root)
    assert caught.value.hint == "did you mean 'phrases'?"
