"""Records as people have them: columns of any name, nested ones, two files, turns, no ids; and what is wrong there."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from analysis.base.errors import AssayError
from analysis.base.turns import Turn
from analysis.data.examples import Examples
from analysis.models.generation import generate_answers
from analysis.models.generator import GeneratorPair
from analysis.run.check import check_review
from analysis.tracks.response.detector_inputs import load_responses, load_turns
from analysis.tracks.response.load_data import read_response
from analysis.tracks.response.settings import ResponseSettings
from tests.analysis.tracks.response.tiny import copy_models, write_lines
from tui.cli import main

Rows = list[dict[str, Any]]
ASKED = ("Where is my order?", "How many volumes has Tofu Wars?", "Who are you?", "May I return it?")
SYSTEM = "You sell books. Never tell an ending."
BATCH = "response.body.choices.0.message.content"


def review(root: Path, **keys: Any) -> Path:
    """A review file with these keys of `[response]`, one a line from line 7 on."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    head = '[review]\nname = "r"\nowner = "o"\nbase_version = "v1"\ncandidate_version = "v2"\n[response]\n'
    path = root / "review.toml"
    path.write_text(head + "\n".join(lines) + "\n", "utf-8")
    return path


def read(root: Path, skip: bool = False, **keys: Any) -> Examples:
    given = ResponseSettings.model_validate(keys, context={"root": root})
    return read_response(given, skip)


def refused(root: Path, **keys: Any) -> AssayError:
    """What `check` says of such a review."""
    with pytest.raises(AssayError) as caught:
        check_review(review(root, **keys))
    return caught.value


def sides(examples: Examples) -> list[tuple[str, str, str]]:
    rows = examples.payload["response_side"].to_pylist()
    return [(row["side"], row["text"], row["ended"]) for row in rows]


def one_side(side: str, **more: Any) -> Rows:
    return [{"prompt": text, "response": f"{side} {number}", **more} for number, text in enumerate(ASKED)]


def both(root: Path, base: Sequence[dict[str, Any]], candidate: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The keys of two files with these rows."""
    write_lines(root / "base.jsonl", base)
    write_lines(root / "cand.jsonl", candidate)
    return {"base_records": "base.jsonl", "candidate_records": "cand.jsonl"}


def numbered(rows: Rows) -> Rows:
    return [{"id": f"q{number}", **row} for number, row in enumerate(rows)]


# Columns and paths


def test_columns_have_any_name_and_keep_it_in_slices(tmp_path: Path) -> None:
    rows = [
        {"nr": number, "question": text, "sft": "a", "dpo": "b", "wants": ["answer"], "topic": "t"}
        for number, text in enumerate(ASKED)
    ]
    write_lines(tmp_path / "r.jsonl", rows)
    keys = {"id": "nr", "prompt": "question", "base_response": "sft", "candidate_response": "dpo"}
    examples = read(tmp_path, records="r.jsonl", expected="wants", **keys)
    assert [row.ref for row in examples.rows] == [f"response/prompt:{number}" for number in range(4)]
    assert examples.metadata.column_names == ["ref", "topic", "wants"]
    assert sides(examples)[:2] == [("base", "a", "recorded"), ("candidate", "b", "recorded")]
    path = review(tmp_path, records="r.jsonl", expected="wants", **keys)
    path.write_text(path.read_text("utf-8") + "[response.slices]\nreturns = \"question ilike '%return%'\"\n")
    assert any("1 declared" in note for note in check_review(path).notes)


def test_a_path_leads_into_nested_columns_and_a_dotted_name_goes_before_it(tmp_path: Path) -> None:
    rows = [
        {
            "meta": {"key": [{"id": number}]},
            "in.text": text,
            "in": {"text": "not this"},
            "out": json.dumps({"base": "a", "cand": ["b"]}),
        }
        for number, text in enumerate(ASKED)
    ]
    write_lines(tmp_path / "r.jsonl", rows)
    examples = read(
        tmp_path,
        records="r.jsonl",
        id="meta.key.0.id",
        prompt="in.text",
        base_response="out.base",
        candidate_response="out.cand.0",
    )
    assert [(row.id, row.text) for row in examples.rows] == [(str(n), text) for n, text in enumerate(ASKED)]
    assert sides(examples)[:2] == [("base", "a", "recorded"), ("candidate", "b", "recorded")]
    # What holds prompts and answers is no metadata.
    assert examples.metadata.column_names == ["ref", "in"]


@pytest.mark.parametrize(
    ("key", "name", "line", "hint"),
    [
        ("prompt", "promt", 8, "did you mean 'prompt'?"),
        ("candidate_response", "candidte_response", 8, "did you mean 'candidate_response'?"),
        ("passages", "contexts.0", 8, "columns: id, prompt, base_response, candidate_response"),
        ("id", "key", 8, "columns: id, prompt"),
    ],
)
def test_an_unknown_column_is_named_at_its_key(
    tmp_path: Path, key: str, name: str, line: int, hint: str
) -> None:
    rows = [{"id": "1", "prompt": "a", "base_response": "b", "candidate_response": "c"}]
    write_lines(tmp_path / "r.jsonl", rows)
    error = refused(tmp_path, records="r.jsonl", **{key: name})
    assert f"{key} names the column {name!r}, and r.jsonl has none of that name" in error.message
    assert error.where == f"{tmp_path / 'review.toml'}:{line}"
    assert hint in (error.hint or "")


def test_a_column_that_nothing_names_says_how_to_name_it(tmp_path: Path) -> None:
    write_lines(tmp_path / "r.jsonl", [{"question": "a", "base_response": "b", "candidate_response": "c"}])
    error = refused(tmp_path, records="r.jsonl")
    assert error.message == "has no column 'prompt'"
    assert 'prompt = "COLUMN" in [response] names another' in (error.hint or "")


def test_a_path_that_leads_nowhere_in_one_row_is_named_with_it(tmp_path: Path) -> None:
    rows = [
        {"prompt": f"p{number}", "base_response": "b", "out": {"choices": [{"text": "c"}]}}
        for number in range(20)
    ]
    rows[16]["out"] = {"choice": []}
    rows[18]["out"] = {"choices": []}
    path = write_lines(tmp_path / "r.jsonl", rows)
    keys = {"records": "r.jsonl", "candidate_response": "out.choices.0.text"}
    error = refused(tmp_path, **keys)
    assert error.where == f"{path}:17"
    assert error.message == (
        "column 'out.choices.0.text': leads nowhere: 'out' has no 'choices'; did you mean 'choice'? "
        "(and 1 more row)\n"
        "line 19: column 'out.choices.0.text': leads nowhere: 'out.choices' is a list of 0, and there is no place 0"
    )
    examples = read(tmp_path, skip=True, **keys)
    assert len(examples.rows) == 18
    assert "is a list of 0, and there is no place 0" in examples.skipped[1].message


def test_a_path_that_leads_nowhere_in_every_row_is_a_mistake_of_the_key(tmp_path: Path) -> None:
    rows = [{"prompt": text, "base_response": "b", "out": {"message": "c"}} for text in ASKED]
    write_lines(tmp_path / "r.jsonl", rows)
    error = refused(tmp_path, records="r.jsonl", candidate_response="out.mesage")
    assert error.where == f"{tmp_path / 'review.toml'}:8"
    assert "leads nowhere: 'out' has no 'mesage'; did you mean 'message'?" in error.message
    assert error.hint == "so it is in every row of r.jsonl"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (3, "must be text, not 3"),
        (["a", "b"], "turn 1 must be {role, content}, not 'a'"),
        ({"text": "a"}, "must be text, not {'text': 'a'}"),
        ([{"role": "user", "content": "a"}], "must be one turn of the assistant, and holds 1: 'user'"),
        (True, "must be text, not True"),
    ],
)
def test_mixed_types_are_named_by_row(tmp_path: Path, value: Any, words: str) -> None:
    rows = [{"prompt": text, "base_response": "b", "candidate_response": "c"} for text in ASKED]
    rows[2]["candidate_response"] = value
    path = write_lines(tmp_path / "r.jsonl", rows)
    error = refused(tmp_path, records="r.jsonl")
    assert error.where == f"{path}:3"
    assert error.message == f"column 'candidate_response': {words}"


def test_keys_without_effect_are_refused(tmp_path: Path) -> None:
    write_lines(tmp_path / "r.jsonl", one_side("b"))
    for keys, words in (
        (
            {"records": "r.jsonl", "response": "x"},
            "response names a column of base_records and candidate_records",
        ),
        ({"base_records": "r.jsonl"}, "base_records is given and candidate_records is not"),
        (
            {"records": "r.jsonl", "base_records": "r.jsonl", "candidate_records": "r.jsonl"},
            "records hold both sides, and base_records is given too",
        ),
        (
            {"prompts": "r.jsonl", "base": ".", "candidate": ".", "base_response": "x"},
            "base_response names a column of recorded responses, and none are given",
        ),
    ):
        with pytest.raises(ValidationError, match=words):
            read(tmp_path, **keys)


# No ids


def test_rows_without_an_id_are_named_by_their_prompt_in_whatever_order(tmp_path: Path) -> None:
    rows = [{"prompt": text, "base_response": "b", "candidate_response": text} for text in ASKED]
    write_lines(tmp_path / "r.jsonl", rows)
    first = {row.text: row.id for row in read(tmp_path, records="r.jsonl").rows}
    assert all(len(name) == 12 and set(name) <= set("0123456789abcdef") for name in first.values())
    random.Random(0).shuffle(rows)
    write_lines(tmp_path / "r.jsonl", [*rows, {**rows[0], "prompt": "Another one?"}])
    assert first.items() < {row.text: row.id for row in read(tmp_path, records="r.jsonl").rows}.items()


def test_equal_prompts_are_numbered(tmp_path: Path) -> None:
    rows = [{"prompt": "Same?", "base_response": "b", "candidate_response": str(n)} for n in range(3)]
    write_lines(tmp_path / "r.jsonl", rows)
    examples = read(tmp_path, records="r.jsonl")
    name = examples.rows[0].id
    assert [row.id for row in examples.rows] == [name, f"{name}-2", f"{name}-3"]
    notes = check_review(review(tmp_path, records="r.jsonl")).notes
    assert any("there are no ids" in note and "2 are equal to an earlier one" in note for note in notes)


def test_an_id_is_text_or_a_whole_number(tmp_path: Path) -> None:
    rows = [
        {"id": number, "prompt": "a", "base_response": "b", "candidate_response": "c"} for number in (7, 8)
    ]
    path = write_lines(tmp_path / "r.jsonl", rows)
    assert [row.id for row in read(tmp_path, records="r.jsonl").rows] == ["7", "8"]
    write_lines(tmp_path / "r.jsonl", [rows[0], {**rows[1], "id": 7.5}])
    error = refused(tmp_path, records="r.jsonl")
    assert (error.where, error.message) == (f"{path}:2", "column 'id': must be text, not 7.5")


# Two files


def test_two_files_are_joined_by_id_whatever_their_order(tmp_path: Path) -> None:
    base, candidate = numbered(one_side("base")), numbered(one_side("cand"))
    keys = both(tmp_path, base, candidate[::-1])
    examples = read(tmp_path, **keys)
    assert [row.id for row in examples.rows] == ["q0", "q1", "q2", "q3"]
    assert sides(examples)[2:4] == [("base", "base 1", "recorded"), ("candidate", "cand 1", "recorded")]
    assert examples.notes == ("records   4 joined by id",)


def test_an_id_is_the_same_as_number_and_as_text(tmp_path: Path) -> None:
    keys = both(
        tmp_path,
        [{"id": 1, "prompt": "a", "response": "b"}],
        [{"id": "1", "prompt": " a\n", "response": "c"}],
    )
    assert len(read(tmp_path, **keys).rows) == 1


def test_where_a_file_has_no_ids_the_prompt_joins(tmp_path: Path) -> None:
    keys = both(tmp_path, one_side("base"), numbered(one_side("cand"))[::-1])
    examples = read(tmp_path, **keys)
    assert examples.notes[0] == "records   4 joined by prompt"
    assert "there are no ids" in examples.notes[1]
    assert sides(examples)[:2] == [("base", "base 0", "recorded"), ("candidate", "cand 0", "recorded")]


def test_ids_that_are_each_files_own_do_not_join(tmp_path: Path) -> None:
    base = [{"id": f"b{number}", **row} for number, row in enumerate(one_side("base"))]
    candidate = [{"id": f"c{number}", **row} for number, row in enumerate(one_side("cand"))]
    keys = both(tmp_path, base, candidate)
    assert read(tmp_path, **keys).notes[0] == "records   4 joined by prompt"
    # Where the review file names the id, it is meant.
    error = refused(tmp_path, **keys, id="id")
    assert error.message == "no id is in both base.jsonl and cand.jsonl, which begin with 'b0' and 'c0'"
    assert error.where == f"{tmp_path / 'review.toml'}:9"


def test_rows_of_one_side_only_are_missing_on_the_other_and_counted(tmp_path: Path) -> None:
    keys = both(tmp_path, one_side("base")[:3], one_side("cand")[1:])
    examples = read(tmp_path, **keys)
    assert sides(examples)[:2] == [("base", "base 0", "recorded"), ("candidate", "", "missing")]
    assert sides(examples)[-2:] == [("base", "", "missing"), ("candidate", "cand 3", "recorded")]
    notes = check_review(review(tmp_path, **keys)).notes
    assert (
        "records   2 joined by prompt; 1 in base.jsonl only: missing on the side of the candidate; "
        "1 in cand.jsonl only: missing on the side of the base"
    ) in notes


BAD: list[tuple[str, str, int, dict[str, Any], str]] = [
    ("cand", "dup id", 3, {"id": "q1"}, "column 'id': 'q1' was used on line 2 already"),
    (
        "cand",
        "other prompt",
        3,
        {"prompt": "Else?"},
        "column 'prompt': 'Else?' is another prompt than that of 'q2' on BASE:3: 'Who are you?'",
    ),
    ("cand", "no prompt", 3, {"prompt": None}, "column 'prompt': is missing"),
    ("base", "bad answer", 3, {"response": 4}, "column 'response': must be text, not 4"),
    (
        "cand",
        "other passages",
        3,
        {"passages": ["else"]},
        "column 'passages': differs from BASE:3, and both sides have them in common",
    ),
    (
        "cand",
        "other expectation",
        3,
        {"expected": "refuse"},
        "column 'expected': differs from BASE:3, and both sides have them in common",
    ),
]


@pytest.mark.parametrize(
    ("which", "line", "change", "words"), [(one, *rest) for one, _, *rest in BAD], ids=[one[1] for one in BAD]
)
def test_a_row_that_cannot_be_joined_is_named_and_can_be_left_out(
    tmp_path: Path, which: str, line: int, change: dict[str, Any], words: str
) -> None:
    rows = {side: numbered(one_side(side, passages=["one"], expected="answer")) for side in ("base", "cand")}
    rows[which][line - 1] |= change
    keys = both(tmp_path, rows["base"], rows["cand"])
    error = refused(tmp_path, **keys)
    assert error.where == f"{tmp_path / f'{which}.jsonl'}:{line}"
    assert error.message.startswith(words.replace("BASE", str(tmp_path / "base.jsonl")))
    examples = read(tmp_path, skip=True, **keys)
    # No half of it stands as an answer that is missing.
    gone = 0 if "id" in change else 1
    assert len(examples.rows) == 4 - gone
    assert sum(ended == "missing" for *_, ended in sides(examples)) == (1 if "id" in change else 0)


def test_a_prompt_that_is_twice_in_a_file_cannot_join(tmp_path: Path) -> None:
    keys = both(tmp_path, one_side("base"), [*one_side("cand"), one_side("again")[1]])
    error = refused(tmp_path, **keys)
    assert error.where == f"{tmp_path / 'cand.jsonl'}:5"
    assert error.message == (
        "column 'prompt': is the prompt of line 2 already, and rows are joined by it; an id in both files tells "
        "them apart"
    )


def test_prompts_that_are_nowhere_the_same_are_refused(tmp_path: Path) -> None:
    keys = both(tmp_path, one_side("base")[:2], one_side("cand")[2:])
    error = refused(tmp_path, **keys)
    assert "no prompt is in both base.jsonl and cand.jsonl" in error.message
    assert error.where == f"{tmp_path / 'review.toml'}:8"


def test_an_answer_that_neither_side_has_is_refused(tmp_path: Path) -> None:
    base, candidate = one_side("base"), one_side("cand")
    base[1]["response"] = candidate[1]["response"] = None
    error = refused(tmp_path, **both(tmp_path, base, candidate))
    assert error.where == f"{tmp_path / 'cand.jsonl'}:2"
    assert "is missing, and so is the other side's response" in error.message


def test_columns_that_differ_between_the_files_define_no_slice(tmp_path: Path) -> None:
    keys = both(
        tmp_path,
        [{**row, "topic": "t", "model": "a", "seconds": 1.5} for row in one_side("base")],
        [{**row, "topic": "t", "model": "b", "lang": "en"} for row in one_side("cand")],
    )
    examples = read(tmp_path, **keys)
    assert examples.metadata.column_names == ["ref", "topic", "seconds", "lang"]
    assert "left out  columns that differ between the files: model; they define no slice" in examples.notes


def test_what_is_beside_the_prompt_may_be_in_one_file_and_must_be_in_one(tmp_path: Path) -> None:
    base = [{**row, "contexts": ["p"]} for row in one_side("base")]
    keys = both(tmp_path, base, one_side("cand"))
    examples = read(tmp_path, **keys, passages="contexts")
    assert examples.payload["response_passage"].num_rows == 4
    assert examples.metadata.column_names == ["ref"]
    error = refused(tmp_path, **keys, passages="contxts")
    assert error.message == "passages names the column 'contxts', and no file has one of that name"
    assert error.where == f"{tmp_path / 'review.toml'}:9"
    assert (error.hint or "").startswith("did you mean 'contexts'?")


def test_each_side_may_call_its_answers_otherwise_and_have_its_format(tmp_path: Path) -> None:
    rows = one_side("base")
    with (tmp_path / "base.csv").open("w", newline="", encoding="utf-8-sig") as stream:
        writer = csv.writer(stream)
        writer.writerow(["prompt", "output"])
        writer.writerows([row["prompt"], row["response"]] for row in rows)
    table = pa.table({"prompt": list(ASKED), "answer": ["c0", "c1", None, "c3"]})
    pq.write_table(table, tmp_path / "cand.parquet")
    examples = read(
        tmp_path,
        base_records="base.csv",
        candidate_records="cand.parquet",
        base_response="output",
        candidate_response="answer",
    )
    assert sides(examples)[:2] == [("base", "base 0", "recorded"), ("candidate", "c0", "recorded")]
    assert sides(examples)[5] == ("candidate", "", "missing")


def batch(side: str) -> Rows:
    def answer(text: str) -> dict[str, Any]:
        return {"body": {"choices": [{"message": {"role": "assistant", "content": text}}]}}

    return [{"custom_id": f"r{n}", "response": answer(f"{side} {n}")} for n in range(len(ASKED))]


def write_batch(root: Path) -> dict[str, Any]:
    """What a batch interface was given, and what it gave for two models; the first failed once."""
    base, candidate = batch("base"), batch("cand")
    base[1] |= {"response": None, "error": {"code": "timeout"}}
    asked = [
        {
            "custom_id": f"r{number}",
            "body": {
                "model": "m",
                "messages": [
                    {"role": "system", "content": SYSTEM},
                    {"role": "user", "content": [{"type": "text", "text": text}]},
                ],
            },
        }
        for number, text in enumerate([*ASKED, "Never answered?"])
    ]
    write_lines(root / "asked.jsonl", asked)
    return both(root, base, candidate) | {
        "prompts": "asked.jsonl",
        "id": "custom_id",
        "prompt": "body.messages",
        "response": BATCH,
    }


def test_outputs_of_a_batch_are_joined_with_what_was_asked(tmp_path: Path) -> None:
    keys = write_batch(tmp_path)
    examples = read(tmp_path, **keys)
    assert [row.text for row in examples.rows] == list(ASKED)
    assert sides(examples)[2:4] == [("base", "", "missing"), ("candidate", "cand 1", "recorded")]
    turns = examples.payload["response_turn"].to_pylist()[:2]
    assert [(row["role"], row["text"], row["start"]) for row in turns] == [
        ("system", SYSTEM, None),
        ("user", ASKED[0], 0),
    ]
    notes = check_review(review(tmp_path, **keys)).notes
    assert "records   4 joined by id" in notes
    assert "left out  1 of 5 prompts, which neither file answers" in notes
    assert "turns     4 prompts are turns: 4 with a system prompt" in notes
    write_lines(tmp_path / "cand.jsonl", [*batch("cand"), {**batch("cand")[0], "custom_id": "r9"}])
    error = refused(tmp_path, **keys)
    assert (error.where, error.message) == (
        f"{tmp_path / 'cand.jsonl'}:5",
        "column 'custom_id': 'r9' is no id of asked.jsonl",
    )
    error = refused(tmp_path, **{**keys, "id": "response.id"})
    assert "leads nowhere" in error.message or "no column" in error.message


# Turns


def talk(*said: str) -> Rows:
    """Turns of user and assistant in turn, after a system prompt."""
    roles = ("user", "assistant")
    return [
        {"role": "system", "content": SYSTEM},
        *({"role": roles[number % 2], "content": text} for number, text in enumerate(said)),
    ]


@pytest.mark.parametrize("form", ["list", "messages", "json", "parts"])
def test_turns_are_read_in_every_form(tmp_path: Path, form: str) -> None:
    turns = talk("Hello", "Hi.", "How does it end?")
    prompt: Any = turns
    if form == "messages":
        prompt = {"messages": turns}
    elif form == "json":
        prompt = json.dumps(turns)
    elif form == "parts":
        prompt = [{**one, "content": [{"type": "text", "text": one["content"]}]} for one in turns]
    rows = [
        {
            "prompt": prompt,
            "base_response": "b",
            "candidate_response": [{"role": "assistant", "content": "c"}],
        }
    ]
    write_lines(tmp_path / "r.jsonl", rows)
    examples = read(tmp_path, records="r.jsonl")
    text = "user: Hello\nassistant: Hi.\nuser: How does it end?"
    assert examples.rows[0].text == text
    found = examples.payload["response_turn"].to_pylist()
    assert [row["role"] for row in found] == ["system", "user", "assistant", "user"]
    assert [text[row["start"] : row["end"]] for row in found[1:]] == ["Hello", "Hi.", "How does it end?"]
    assert sides(examples)[1] == ("candidate", "c", "recorded")


def test_csv_cells_may_hold_turns_passages_and_a_bom_stands_before(tmp_path: Path) -> None:
    with (tmp_path / "r.csv").open("w", newline="", encoding="utf-8-sig") as stream:
        writer = csv.writer(stream)
        writer.writerow(["prompt", "base_response", "candidate_response", "passages", "topic"])
        writer.writerow([json.dumps(talk("Hello")), "b", "c", '[{"id": 1, "text": "p"}]', "x"])
        writer.writerow(["[sic] a text that begins with a bracket", "b", "", "", "y"])
        writer.writerow(['{"not": "turns"}', "b", "c", "", "y"])
    examples = read(tmp_path, records="r.csv")
    assert [row.text for row in examples.rows] == [
        "Hello",
        "[sic] a text that begins with a bracket",
        '{"not": "turns"}',
    ]
    assert examples.payload["response_passage"].to_pylist()[0]["passage_id"] == "1"
    assert examples.metadata["topic"].to_pylist() == ["x", "y", "y"]


def test_a_lone_turn_of_the_user_is_a_text_and_another_system_prompt_another_example(tmp_path: Path) -> None:
    def one(prompt: Any) -> dict[str, Any]:
        return {"prompt": prompt, "base_response": "b", "candidate_response": "c"}

    other = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    write_lines(
        tmp_path / "r.jsonl",
        [one("Hello"), one([{"role": "user", "content": "Hello"}]), one(talk("Hello")), one(other)],
    )
    examples = read(tmp_path, records="r.jsonl")
    assert {row.text for row in examples.rows} == {"Hello"}
    digests = [row.sha256 for row in examples.rows]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
    assert examples.rows[1].id == f"{examples.rows[0].id}-2"


TURNS: list[tuple[Any, str]] = [
    ([], "holds no turns"),
    ([{"role": "user"}], "turn 1 has no content"),
    ([{"content": "a"}], "turn 1 has no role"),
    ([{"role": "user", "content": 3}], "turn 1 has a content that is no text: 3"),
    ([{"role": "us\x1ber", "content": "a"}], "turn 1 has the unusable role"),
    (talk("a", "b"), "ends with a turn of the assistant, and a prompt ends with what is answered"),
    ([*talk(), {"role": "user", "content": " "}], "is empty: its last turn says nothing"),
    (
        [*talk("a"), {"role": "assistant", "content": None, "tool_calls": [{}]}, *talk("b")],
        "turn 3 has no content; calls of tools are not read",
    ),
    (
        [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}],
        "turn 1 has a part 1 that is no text: 'image_url'",
    ),
]


@pytest.mark.parametrize(("turns", "words"), TURNS, ids=[words for _, words in TURNS])
def test_turns_that_cannot_be_read_are_named(tmp_path: Path, turns: Any, words: str) -> None:
    rows = [{"prompt": text, "base_response": "b", "candidate_response": "c"} for text in ("a", turns)]
    path = write_lines(tmp_path / "r.jsonl", rows)
    error = refused(tmp_path, records="r.jsonl")
    assert error.where == f"{path}:2"
    assert error.message.startswith(f"column 'prompt': {words}")


def test_one_column_of_turns_may_end_with_the_response(tmp_path: Path) -> None:
    def rows(side: str) -> Rows:
        return [{"messages": talk(text, f"{side} {number}")} for number, text in enumerate(ASKED)]

    keys = both(tmp_path, rows("base"), rows("cand")) | {"prompt": "messages", "response": "messages"}
    examples = read(tmp_path, **keys)
    assert [row.text for row in examples.rows] == list(ASKED)
    assert sides(examples)[:2] == [("base", "base 0", "recorded"), ("candidate", "cand 0", "recorded")]
    write_lines(tmp_path / "cand.jsonl", [{"messages": talk(*ASKED[:1])}])
    error = refused(tmp_path, **keys)
    assert (
        "must be turns that end with one of the assistant, since it is the response as well" in error.message
    )


def test_a_shared_system_prompt_makes_no_two_prompts_alike(tmp_path: Path) -> None:
    from analysis.tracks.response.track import TRACK

    long = [{"role": "system", "content": f"{SYSTEM} " * 60}]
    rows = [
        {
            "prompt": [*long, {"role": "user", "content": text}],
            "base_response": "b",
            "candidate_response": "c",
        }
        for text in ASKED
    ]
    write_lines(tmp_path / "r.jsonl", rows)
    given = ResponseSettings.model_validate({"records": "r.jsonl"}, context={"root": tmp_path})
    examples = read_response(given, False)
    assert TRACK.clusters(examples, given) == {}
    assert "length=long" not in str(check_review(review(tmp_path, records="r.jsonl")).notes)


# The whole way


def test_two_files_without_ids_are_checked_and_analysed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def rows(side: str, refuses: int) -> Rows:
        asked = [
            talk(f"Where is order {number} of mine?", "Which one?", f"Number {number}.")
            for number in range(14)
        ]
        return [
            {
                "input": turns,
                "output": "I cannot help you with that."
                if number < refuses
                else f"Order {number} is on its way.",
                "run": side,
            }
            for number, turns in enumerate(asked)
        ]

    keys = both(tmp_path, rows("base", 1), rows("cand", 4)[:-1])
    path = review(tmp_path, **keys, prompt="input", response="output")
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    assert "13 joined by prompt; 1 in base.jsonl only: missing on the side of the candidate" in said
    assert "there are no ids: a digest of each prompt is its name" in said
    assert "14 prompts are turns: 14 of several turns, 14 with a system prompt" in said
    assert "no mistakes" in said
    assert main(["analyze", str(path)]) == 0
    (run,) = (tmp_path / "r.review" / "runs").glob("*/evidence.duckdb")
    with duckdb.connect(run, read_only=True) as evidence:
        responses = load_responses(evidence)
        turns = load_turns(evidence)
        missing = evidence.execute(
            "SELECT side, value FROM metric WHERE name = 'answers_missing' ORDER BY side"
        ).fetchall()
    assert len(responses) == 27
    # Detectors read what is answered, models the whole conversation.
    assert {one.prompt for one in responses} == {f"Number {number}." for number in range(14)}
    first = next(one for one in responses if one.prompt == "Number 3.")
    assert turns[first.ref] == tuple(Turn(**one) for one in rows("base", 1)[3]["input"])
    assert missing == [("base", 0.0), ("candidate", 1 / 14)]


def test_models_are_given_the_turns_and_not_the_last_one(
    tmp_path: Path, tiny_generator: Path, tiny_adapter: Path
) -> None:
    copy_models(tmp_path, tiny_generator, tiny_adapter)
    turns = [
        {"role": "system", "content": "no spoilers"},
        {"role": "user", "content": "recommend manga"},
        {"role": "assistant", "content": "Home"},
        {"role": "user", "content": "how many volumes"},
    ]
    write_lines(tmp_path / "p.jsonl", [{"prompt": turns}, {"prompt": "how many volumes"}])
    path = review(tmp_path, base="base", candidate="candidate", prompts="p.jsonl")
    assert main(["analyze", str(path)]) == 0
    (run,) = (tmp_path / "r.review" / "runs").glob("*/evidence.duckdb")
    with duckdb.connect(run, read_only=True) as evidence:
        answers = evidence.execute(
            "SELECT r.side, r.text, e.text LIKE 'user: %' FROM response_side r JOIN example e USING (ref)"
        ).fetchall()
        moved = evidence.execute("SELECT ref, side, base_logp FROM response_token").fetchall()
    pair = GeneratorPair({"base": tiny_generator, "candidate": tiny_adapter}, "cpu")
    said = tuple(Turn(**one) for one in turns)
    for side, text, conversation in answers:
        generator = pair.generator(side)
        prompt = said if conversation else "how many volumes"
        (wanted,) = generate_answers(generator, [generator.prompt_ids(prompt)])
        assert text == wanted.text
    assert len({text for _, text, _ in answers}) > 1
    # Along the responses both models are given the same turns.
    assert len(moved) == len([text for _, text, _ in answers if text])
