"""Predictions that were recorded: how they are read and joined, and what is said of those that cannot be used."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.base.errors import AssayError
from analysis.base.records import ALL
from analysis.data.examples import Examples
from analysis.data.memberships import membership_rows
from analysis.init import look_into, write_review
from analysis.plugin.registry import get
from analysis.run.check import check_review
from analysis.run.pipeline import insert_arrow, insert_rows
from analysis.run.review_file import load_review
from analysis.tracks.intent.metrics import calibration_metrics
from analysis.tracks.intent.predict import NOT_A_NUMBER
from analysis.tracks.intent.prediction_cells import probabilities_cell
from analysis.tracks.intent.questions import known_answers
from tests.analysis.tracks.intent.probed import empty_workbench
from tests.analysis.tracks.intent.recorded import (
    PROBED,
    Row,
    changed,
    predicted,
    without,
    write_parquet,
    write_recorded,
)
from tests.conftest import LABELS, MakeClassifier, write_jsonl

ROWS = predicted(count=24)


def read(review: Path, *, skip: bool = False) -> Examples:
    loaded = load_review(review)
    return get("intent").read(loaded.tracks["intent"], loaded, skip)


def sides(examples: Examples, side: str) -> list[Mapping[str, Any]]:
    return [row for row in examples.payload["intent_side"].to_pylist() if row["side"] == side]


def lists(rows: list[Row], order: tuple[str, ...] = LABELS) -> list[Row]:
    return [
        {**row, **{f"{side}_p": [row[f"{side}_p"][name] for name in order] for side in ("base", "candidate")}}
        for row in rows
    ]


def as_pipeline(rows: list[Row]) -> list[Row]:
    """Every class with its score, as the classification pipeline of Transformers gives them."""
    return [
        {
            **row,
            **{
                f"{side}_p": [{"label": name, "score": p} for name, p in row[f"{side}_p"].items()]
                for side in ("base", "candidate")
            },
        }
        for row in rows
    ]


def numbered(rows: list[Row]) -> list[Row]:
    """Labels and predictions as places of the classes."""
    places = {name: place for place, name in enumerate(LABELS)}
    return [
        {**row, **{key: places[row[key]] for key in ("label", "base", "candidate")}} for row in lists(rows)
    ]


CLASSES = f"classes = {json.dumps(list(LABELS))}\n"


@pytest.mark.parametrize(
    ("rows", "more"),
    [
        (ROWS, ""),
        (without(ROWS, "base", "candidate"), ""),
        (without(ROWS, "id"), ""),
        (lists(ROWS), CLASSES),
        (without(lists(ROWS), "base", "candidate"), CLASSES),
        (as_pipeline(ROWS), ""),
        (numbered(ROWS), CLASSES),
        ([{**row, "base_p": json.dumps(row["base_p"])} for row in ROWS], ""),
        (
            [{"said": {"v1": row["base"]}, **without([row], "base")[0]} for row in ROWS],
            'base_label = "said.v1"\n',
        ),
    ],
    ids=["maps", "no labels", "no ids", "lists", "lists alone", "pipeline", "numbers", "text", "nested"],
)
def test_every_form_says_the_same(tmp_path: Path, rows: list[Row], more: str) -> None:
    examples = read(write_recorded(tmp_path, rows, more))
    assert [row.gold for row in examples.rows] == [row["label"] for row in ROWS]
    for side in ("base", "candidate"):
        for found, row in zip(sides(examples, side), ROWS, strict=True):
            shares = sorted(row[f"{side}_p"].values(), reverse=True)
            assert (found["label"], found["correct"]) == (row[side], row[side] == row["label"])
            assert (found["p"], found["runner_up_p"]) == pytest.approx(shares[:2])
            assert found["margin"] == pytest.approx(shares[0] - shares[1])
            assert found["p_gold"] == pytest.approx(row[f"{side}_p"][row["label"]])
            assert np.exp(found["logits"]).sum() == pytest.approx(1)
    assert not {"base", "candidate", "base_p", "candidate_p", "said"} & set(examples.metadata.column_names)


def test_labels_alone_have_no_probabilities_and_a_score_has_no_runner_up(tmp_path: Path) -> None:
    labels = read(write_recorded(tmp_path / "labels", without(ROWS, "base_p", "candidate_p")))
    assert all(row["p"] is None and row["margin"] is None for row in sides(labels, "base"))
    assert any("without probabilities" in note for note in labels.notes)
    scored = [{**row, "base_p": 0.7, "candidate_p": 0.4} for row in ROWS]
    alone = sides(read(write_recorded(tmp_path / "scored", scored)), "candidate")
    assert all((row["p"], row["margin"], row["logits"]) == (0.4, None, None) for row in alone)
    # The best five of seventy classes, as interfaces of language models give them: the rest is of no named class.
    few = [{**row, "candidate_p": {row["candidate"]: 0.6, "small_talk": 0.1}} for row in ROWS]
    partial = sides(read(write_recorded(tmp_path / "few", few)), "candidate")
    assert {(row["p"], row["runner_up"], row["logits"]) for row in partial} == {(0.6, "small_talk", None)}
    assert {row["p_gold"] for row in partial if not row["correct"]} == {None}


def test_metrics_take_what_was_recorded_and_say_what_was_not(tmp_path: Path) -> None:
    """Some rows without all classes: confidence counts, the Brier score does not."""
    rows = changed(ROWS, 3, candidate_p={ROWS[3]["candidate"]: 0.6})
    examples = read(write_recorded(tmp_path, rows))
    connection = empty_workbench()
    insert_rows(connection, "example", examples.rows)
    everything = {ALL: [row.ref for row in examples.rows]}
    insert_arrow(connection, "membership", membership_rows("intent", everything))
    for name in ("intent_side", "intent_class"):
        insert_arrow(connection, name, examples.payload[name])
    found = {(one.name, one.side): one for one in calibration_metrics(connection, LABELS, 0)}
    assert found["brier", "base"].value is not None
    brier = found["brier", "candidate"]
    assert (brier.value, brier.why) == (None, "the probabilities of all classes were not recorded")
    assert found["signed_gap", "difference"].n == len(ROWS)
    # A known answer needs another label beside the right one, whether or not a runner-up was recorded.
    known = {one.ref for one in known_answers(connection)}
    right = {f"intent/message:{row['id']}" for row in ROWS if row["base"] == row["candidate"] == row["label"]}
    assert known
    assert known <= right
    connection.execute("UPDATE intent_side SET margin = NULL, runner_up = NULL")
    again = known_answers(connection)
    assert again
    assert all(one.true != one.wrong for one in again)
    connection.close()


def test_classes_that_one_side_alone_knows_are_told_and_have_no_share_on_the_other(tmp_path: Path) -> None:
    rows = changed(ROWS, 0, base="fraud", base_p={"fraud": 0.75, "escalation": 0.25})
    examples = read(write_recorded(tmp_path, rows))
    assert "classes   the base alone names fraud" in examples.notes
    first, other = sides(examples, "base")[0], sides(examples, "candidate")[0]
    assert (first["label"], first["correct"], first["p_gold"]) == ("fraud", False, 0.25)
    assert np.exp(first["logits"]) == pytest.approx([0.25, 0.75, 0, 0], abs=1e-6)
    assert len(other["logits"]) == len(LABELS) + 1


def test_predictions_that_are_not_numbers_are_wrong(tmp_path: Path) -> None:
    rows = lists(ROWS)
    rows[1]["base_p"] = [math.nan] * 3
    rows[2]["base_p"] = [0.5, math.nan, 0.5]
    write_recorded(tmp_path, ROWS, CLASSES)
    (tmp_path / "review.toml").write_text(
        (tmp_path / "review.toml").read_text("utf-8").replace("preds.jsonl", "preds.parquet"), "utf-8"
    )
    write_parquet(tmp_path / "preds.parquet", rows)
    examples = read(tmp_path / "review.toml")
    found = sides(examples, "base")
    assert [row["label"] for row in found[1:3]] == [NOT_A_NUMBER] * 2
    assert [(row["p"], row["correct"]) for row in found[1:3]] == [(0.0, False)] * 2
    assert found[0]["label"] == ROWS[0]["base"]
    assert "numbers   2 predictions of the base are not numbers: they count as wrong" in examples.notes


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"base_p": {"escalation": 0.9, "recommendation": 0.4}}, "sum to 1.3, and not to 1"),
        ({"base_p": {"escalation": 3.1, "recommendation": -2.0}}, "3.1 of 'escalation' is no probability"),
        ({"base_p": 1.7}, "1.7 of the label is no probability"),
        ({"base_p": None}, "column 'base_p': is missing"),
        ({"base_p": "sure"}, "must be a probability, or one for each class, not 'sure'"),
        ({"base_p": {"escalation": "high"}}, "must be a number, not 'high'"),
        (
            {"base_p": {"x": 0.9, "escalation": 0.1}},
            "the label is 'escalation', and the highest probability that of 'x'",
        ),
        ({"base": None, "base_p": 0.5}, "one probability alone says nothing without a label"),
        ({"base": None, "base_p": None}, "column 'base_p': is missing"),
        ({"base": ["a"]}, "column 'base': must be text"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_can_be_skipped(
    tmp_path: Path, values: Row, said: str
) -> None:
    assert ROWS[2]["base"] == "escalation"
    review = write_recorded(tmp_path, changed(ROWS, 2, **values))
    with pytest.raises(AssayError) as caught:
        check_review(review)
    assert said in caught.value.message
    assert caught.value.where == f"{tmp_path / 'preds.jsonl'}:3"
    assert "--skip-bad-rows" in str(caught.value.hint)
    examples = read(review, skip=True)
    assert (len(examples.rows), len(examples.skipped)) == (len(ROWS) - 1, 1)
    assert len(examples.payload["intent_side"]) == 2 * len(examples.rows)


@pytest.mark.parametrize(
    ("by", "named", "edit"),
    [
        ("id", True, lambda rows: rows[::-1]),
        ("text", False, lambda rows: [{**row, "id": f"other {row['id']}"} for row in rows]),
        ("id", True, lambda rows: [*rows, {**rows[0], "id": "of no message"}]),
    ],
)
def test_a_table_beside_the_messages_joins_by_id_else_by_text(
    tmp_path: Path, by: str, named: bool, edit: Callable[[list[Row]], list[Row]]
) -> None:
    of_messages = without(ROWS, "base", "candidate", "base_p", "candidate_p", *([] if named else ["id"]))
    write_jsonl(tmp_path / "eval.jsonl", of_messages)
    review = write_recorded(tmp_path, without(edit(ROWS), "label", "channel"), 'examples = "eval.jsonl"\n')
    examples = read(review)
    assert [row["label"] for row in sides(examples, "candidate")] == [row["candidate"] for row in ROWS]
    assert f"predictions of 24 messages, joined by {by}" in " ".join(examples.notes)
    assert "channel" in examples.metadata.column_names


def test_messages_without_a_prediction_and_tables_that_do_not_join(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "eval.jsonl", without(ROWS, "base", "candidate", "base_p", "candidate_p"))
    write_jsonl(tmp_path / "oos.jsonl", [{"id": "o1", "text": "how do i cook"}, {"id": "o2", "text": "sing"}])
    outside = [
        {
            "id": "o1",
            "text": "how do i cook",
            **{key: ROWS[0][key] for key in ("base", "candidate", "base_p", "candidate_p")},
        }
    ]
    more = 'examples = "eval.jsonl"\nout_of_scope = "oos.jsonl"\n'
    review = write_recorded(tmp_path, [*ROWS[1:], *outside], more)
    with pytest.raises(AssayError) as caught:
        read(review)
    assert "there is no prediction of it in preds.jsonl (and 1 more row)" in caught.value.message
    assert "oos.jsonl, line 2" in caught.value.message
    examples = read(review, skip=True)
    assert len(examples.evaluation_rows()) == len(ROWS) - 1
    assert examples.memberships == {"out of scope": ["intent/message:o1"]}
    strange = [{**row, "id": f"x{row['id']}"} for row in ROWS]
    with pytest.raises(AssayError, match=r"no id is both in eval\.jsonl and preds\.jsonl"):
        read(write_recorded(tmp_path, strange, 'examples = "eval.jsonl"\n'))
    twice = [*ROWS, {**ROWS[0], "candidate": "other", "candidate_p": {"other": 1.0}}]
    with pytest.raises(AssayError, match="was used on line 1 already, with another prediction"):
        read(write_recorded(tmp_path, twice, 'examples = "eval.jsonl"\n'))


@pytest.mark.parametrize(
    ("rows", "more", "said"),
    [
        (ROWS, 'base = "."\n', "predictions take the place of both models"),
        (ROWS, "max_length = 32\n", "max_length says how texts are read, and predictions are given"),
        (ROWS, 'classes = ["a", "a"]\n', "classes names a class twice"),
        (ROWS, 'out_of_scope = "preds.jsonl"\n', "out_of_scope needs examples beside predictions"),
        (ROWS, 'base_label = "bsae"\n', "base_label names the column 'bsae', and preds.jsonl has none"),
        (lists(ROWS), "", "column 'base_p': is a list, and nothing names its classes"),
        (
            lists(ROWS),
            'classes = ["escalation", "recommendation"]\n',
            "has 3 probabilities, and there are 2 classes",
        ),
        (
            ROWS,
            'classes = ["escalation", "recommendation"]\n',
            "'order_tracking' is none of the declared classes",
        ),
        (without(ROWS, "candidate", "candidate_p"), "", "has no predictions of the candidate"),
        (without(ROWS, "candidate_p"), "threshold = 0.5\n", "has no probabilities of both sides"),
        (ROWS, "margins = { escalatoin = 0.1 }\n", "a margin is declared for 'escalatoin'"),
        (without(ROWS, "label"), 'label = "gold"\n', "has no column 'gold'"),
    ],
)
def test_mistakes_of_the_review_file_are_told(tmp_path: Path, rows: list[Row], more: str, said: str) -> None:
    with pytest.raises(AssayError) as caught:
        check_review(write_recorded(tmp_path, rows, more))
    assert said in caught.value.message, caught.value


def test_keys_of_predictions_need_predictions_and_classes_must_be_known(tmp_path: Path) -> None:
    def without_predictions(text: str) -> str:
        return text.replace(
            'predictions = "preds.jsonl"\n', 'base = "."\ncandidate = "."\nexamples = "preds.jsonl"\n'
        )

    with pytest.raises(
        AssayError, match="base_p says how predictions are read, and no predictions are given"
    ):
        load_review(write_recorded(tmp_path, ROWS, 'base_p = "p"\n', without_predictions))
    with pytest.raises(AssayError, match="no label and no prediction is 'fraud'"):
        read(write_recorded(tmp_path, ROWS, edit=lambda text: text.replace("escalation", "fraud")))


def test_init_takes_a_table_of_predictions_where_there_are_no_two_models(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    write_jsonl(tmp_path / "preds.jsonl", ROWS)
    look = look_into(tmp_path)
    intent = tomllib.loads(look.text)["intent"]
    assert (intent["predictions"], intent["label"], intent["critical"]) == (
        "preds.jsonl",
        "label",
        ["escalation"],
    )
    assert check_review(write_review(tmp_path, look), trial=False).review.tracks
    (tmp_path / "review.toml").unlink()
    for seed, name in enumerate(("prod", "finetuned")):
        tiny_classifier(tmp_path / "models" / name, seed=seed)
    assert "predictions" not in tomllib.loads(look_into(tmp_path).text)["intent"]


@pytest.mark.parametrize(
    "value",
    [
        '{"a": NaN}',
        "[]",
        "{}",
        [[]],
        [{}],
        [["a"]],
        [["a", 1], ["a", 0]],
        {"a": True},
        {"": 1},
        True,
        "1e999",
        [10**400],
        {"a": [1]},
    ],
)
def test_no_cell_breaks_the_reader(value: Any) -> None:
    read = None
    with suppress(ValueError):
        read = probabilities_cell(value, ("a",))
    assert read is None or not read.numbers


def test_no_model_library_is_loaded(tmp_path: Path) -> None:
    """From check to a published run, in a process of its own."""
    review = write_recorded(tmp_path, predicted(count=30), PROBED)
    code = (
        "import sys; from pathlib import Path; from analysis.run.check import check_review; "
        "from analysis.run.pipeline import analyze; "
        "check_review(Path(sys.argv[1])); print(analyze(Path(sys.argv[1])).run); "
        "print(sorted({'torch', 'transformers', 'captum', 'peft'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(review)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
