"""Rows along the responses, their means by slice, and the tokens whose log-probability rose."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from analysis.base.records import ALL
from analysis.models.generator import GeneratorPair
from analysis.run.pipeline import insert_arrow
from analysis.tracks.response.shift import SHIFT, SHIFT_METRICS, TOKEN_SCHEMA, shift_metrics
from analysis.tracks.response.upweighted_tokens import UPWEIGHTED_TOKENS, upweighted
from tests.analysis.tracks.response.tiny import write_generator
from tests.analysis.tracks.response.workbench import context, pairs, rows, run

ALL_PROMPTS = f"SELECT * FROM metric WHERE slice = '{ALL}'"
RESPONSES = [
    (
        "a",
        "recommend manga like Home but no spoilers",
        "You may like Home.",
        "The inspector is the murderer.",
    ),
    ("b", "when will it arrive", "Within five days.", "Tomorrow, guaranteed."),
    ("c", "when will it arrive 🎉", "", "もちろん、明日です。"),
]


def tokens(connection: duckdb.DuckDBPyConnection, ref: str, side: str, changes: dict[str, float]) -> None:
    """Tokens of a made-up response, each a word after a space, with the change of its log-probability."""
    names = list(changes)
    starts = np.cumsum([0, *(len(name) + 1 for name in names[:-1])]).tolist()
    row = {
        "ref": ref, "side": side, "tokens": names, "starts": starts,
        "ends": [start + len(name) for start, name in zip(starts, names, strict=True)],
        "base_logp": [-5.0] * len(names), "candidate_logp": [change - 5 for change in changes.values()],
        "kl": [0.5] * len(names),
    }  # fmt: skip
    insert_arrow(connection, "response_token", pa.Table.from_pylist([row], TOKEN_SCHEMA))


def test_both_responses_of_a_prompt_are_measured_under_both_models(
    tiny_response_review: Path, tiny_generator: Path, tiny_adapter: Path
) -> None:
    connection = pairs(RESPONSES)
    given = context(connection, tiny_response_review, (tiny_generator, tiny_adapter))
    run(SHIFT, given)
    found = rows(
        connection, "SELECT t.*, r.text FROM response_token t JOIN response_side r USING (ref, side)"
    )
    assert len(found) == 5
    for row in found:
        lengths = {
            len(row[name]) for name in ("tokens", "starts", "ends", "base_logp", "candidate_logp", "kl")
        }
        assert len(lengths) == 1
        assert row["ends"][-1] == len(row["text"])
        assert min(row["kl"]) >= 0
        assert max(row["base_logp"]) <= 0
    run(SHIFT_METRICS, given)
    metrics = {(row["name"], row["side"]): row for row in rows(connection, ALL_PROMPTS)}
    kl = [np.mean(row["kl"]) for row in found if row["side"] == "candidate"]
    assert metrics["kl", "candidate"]["value"] == pytest.approx(np.mean(kl), abs=1e-6)
    assert metrics["kl", "candidate"]["low"] <= np.mean(kl) <= metrics["kl", "candidate"]["high"]
    assert metrics["kl", "candidate"]["n"] == 3
    assert metrics["kl", "base"]["n"] == 2
    assert metrics["logp_change", "difference"]["n"] == 2


def test_base_against_base_has_no_shift_and_no_upweighted_token(
    tiny_response_review: Path, tiny_generator: Path
) -> None:
    connection = pairs(RESPONSES)
    given = context(connection, tiny_response_review, (tiny_generator, tiny_generator))
    for stage in (SHIFT, SHIFT_METRICS, UPWEIGHTED_TOKENS):
        run(stage, given)
    found = [{name: row[name] for name in ("value", "low", "high")} for row in rows(connection, ALL_PROMPTS)]
    assert len(found) == 5  # two of kl, three of logp_change
    assert all(row == {"value": 0.0, "low": 0.0, "high": 0.0} for row in found)
    assert rows(connection, "SELECT * FROM response_odds") == []


@pytest.mark.parametrize("case", ["no models", "other tokens"])
def test_sides_that_cannot_be_compared_are_unknown_with_the_reason(
    tmp_path: Path, tiny_response_review: Path, tiny_generator: Path, case: str
) -> None:
    connection = pairs(RESPONSES)
    folders: tuple[Path, ...] = ()
    if case == "other tokens":
        other = write_generator(tmp_path / "other")
        path = other / "tokenizer.json"
        path.write_text(
            path.read_text("utf-8").replace('"ignore_merges": false', '"ignore_merges": true'), "utf-8"
        )
        folders = (tiny_generator, other)
        assert not GeneratorPair({"base": folders[0], "candidate": folders[1]}, "cpu").tokenizers_equal
    given = context(connection, tiny_response_review, folders)
    assert run(SHIFT, given) == []
    run(SHIFT_METRICS, given)
    found = rows(connection, "SELECT DISTINCT name, status, why FROM metric ORDER BY name")
    why = "the sides split text into different tokens" if folders else "no models are given"
    assert [row["name"] for row in found] == ["kl", "logp_change"]
    assert all(row["status"] == "unknown" and row["why"].startswith(why) for row in found)


def test_the_means_are_those_of_the_prompts_and_not_of_their_tokens() -> None:
    connection = pairs([(name, "?", "x", "y") for name in "ab"])
    tokens(connection, "response/prompt:a", "candidate", dict.fromkeys("abcd", 1.0))
    tokens(connection, "response/prompt:b", "candidate", {"a": 3.0})
    tokens(connection, "response/prompt:b", "base", {"a": -1.0})
    found = {(one.name, one.side): one for one in shift_metrics(connection, "") if one.slice == ALL}
    assert found["logp_change", "candidate"].value == pytest.approx(2.0)
    assert found["logp_change", "base"].value == pytest.approx(-1.0)
    assert (found["logp_change", "base"].low, found["logp_change", "base"].high) == (None, None)
    assert found["logp_change", "difference"].value == pytest.approx(4.0)
    assert found["logp_change", "difference"].n == 1


def test_forecasts_that_are_no_numbers_are_unknown() -> None:
    connection = pairs([("a", "?", "x", "y")])
    tokens(connection, "response/prompt:a", "candidate", {"a": float("nan")})
    found = {(one.name, one.side): one for one in shift_metrics(connection, "") if one.slice == ALL}
    assert found["logp_change", "candidate"].status == "unknown"
    assert found["logp_change", "candidate"].why == "a model's forecasts are not numbers"
    assert found["kl", "base"].why == "no prompt of the slice was selected with a response"
    assert upweighted(connection) == []


def test_upweighted_tokens_are_those_of_many_places_in_several_prompts() -> None:
    text = "guaranteed the often"
    connection = pairs([(f"p{number}", "?", "other words", text) for number in range(6)])
    for number in range(6):
        changes = {"guaranteed": 3.0 + 0.1 * number, "the": (-1.0) ** number, "often": -2.0}
        tokens(connection, f"response/prompt:p{number}", "candidate", changes)
    tokens(connection, "response/prompt:p0", "base", {"rare": 9.0})
    found = upweighted(connection)
    assert [token for token, _ in found] == ["guaranteed"]
    interval = found[0][1]
    assert interval.value == pytest.approx(3.25)
    assert interval.n == 6
    assert 3.0 < interval.low < 3.25 < interval.high < 3.5


def test_many_places_in_one_prompt_are_not_enough_and_equal_responses_count_once() -> None:
    text = "soon soon soon soon soon soon"
    more = [(name, "?", f"soon {name} 0", f"soon {name} 1") for name in "cd"]
    connection = pairs([("a", "?", text, text), ("b", "?", "never", "never"), *more])
    insert_arrow(connection, "response_token", pa.Table.from_pylist([
        {"ref": "response/prompt:a", "side": side, "tokens": ["soon"] * 6, "starts": list(range(0, 30, 5)),
         "ends": list(range(4, 30, 5)), "base_logp": [-4.0] * 6, "candidate_logp": [-1.0] * 6, "kl": [0.1] * 6}
        for side in ("base", "candidate")
    ], TOKEN_SCHEMA))  # fmt: skip
    assert upweighted(connection) == []
    for side in ("base", "candidate"):
        for name in "cd":
            tokens(connection, f"response/prompt:{name}", side, {"soon": 2.0})
    assert [(token, one.n) for token, one in upweighted(connection)] == [("soon", 6 + 4)]


def test_a_piece_of_a_word_is_told_from_the_word() -> None:
    connection = pairs([(f"p{number}", "?", "x", "un sure unsure") for number in range(5)])
    for number in range(5):
        insert_arrow(connection, "response_token", pa.Table.from_pylist([
            {"ref": f"response/prompt:p{number}", "side": "candidate", "tokens": ["un", "Ġsure", "Ġun", "sure"],
             "starts": [0, 2, 7, 10], "ends": [2, 7, 10, 14], "base_logp": [-3.0] * 4,
             "candidate_logp": [-2.0, -1.0, -1.5, -0.5], "kl": [0.1] * 4}
        ], TOKEN_SCHEMA))  # fmt: skip
    assert [token for token, _ in upweighted(connection)] == ["…sure", "sure", "un", "un"]
