"""Answers in Spanish, German and Japanese under the leads that `assay init` writes: found, or counted as not read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysis.base.sql import sql_text
from analysis.data.memberships import membership_rows
from analysis.plugin.registry import get
from analysis.run.pipeline import insert_arrow, insert_rows
from analysis.run.review_file import load_review
from analysis.run.slices import build_slices
from analysis.store.run import SCHEMA
from analysis.tracks.response.detect import DECLARE, DETECT
from analysis.tracks.response.init_behaviours import behaviour_lines
from analysis.tracks.response.labelled_sample import DRAW
from analysis.tracks.response.learned_leads import LEARN
from analysis.tracks.response.load_data import read_response
from analysis.tracks.response.metric_specs import rows_for
from analysis.tracks.response.rates import unread_metrics
from analysis.tracks.response.scores import SCORES
from analysis.tracks.response.settings import response_settings
from tests.analysis.tracks.response.tiny import write_lines
from tests.analysis.tracks.response.workbench import context, run

TEXTS = Path(__file__).parents[3] / "response_texts"
DOMAINS = ("airline", "bank", "telecom")
NAMES = {"refuses": "refuses", "hands_over": "hands_over", "promises": "overpromises"}
"""What the texts call a behaviour, and what `assay init` does."""
REVIEW = """\
[review]
name = "other-languages"
owner = "carol"
base_version = "base"
candidate_version = "candidate"
device = "cpu"

[response]
records = "records.jsonl"
policy = "policy.toml"
"""


def answers(domain: str) -> list[dict[str, Any]]:
    lines = (TEXTS / "multilingual.jsonl").read_text("utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["domain"] == domain]


LEARNED = """
[[response.behaviour]]
name = "refuses"
question = "refuse?"
leads = ["refusal-head"]

[response.detector.refusal-head]
kind = "learned"
like = ["I am sorry, that is not something that I can help you with."]
"""
"""A lead that has nothing to begin from but an example in English."""


def looked_at(folder: Path, domain: str, asked: str | None = None) -> duckdb.DuckDBPyConnection:
    """A workbench in which the leads of a new review file have looked at a domain's answers, given by the candidate."""
    records = [
        {
            "id": one["id"],
            "prompt": one["prompt"],
            "base_response": "Yes.",
            "candidate_response": one["answer"],
        }
        for one in answers(domain)
    ]
    write_lines(folder / "records.jsonl", records)
    (folder / "policy.toml").write_text((TEXTS / "policies" / f"{domain}.toml").read_text("utf-8"), "utf-8")
    review = folder / "review.toml"
    written = "\n".join(behaviour_lines(None, None, True, {})) + "\n"
    review.write_text(REVIEW + (written if asked is None else asked), "utf-8")
    settings = response_settings(load_review(review).tracks["response"])
    examples = read_response(settings, skip_bad_rows=False)
    connection = duckdb.connect(":memory:")
    connection.execute(sql_text(SCHEMA, "evidence.sql"))
    connection.execute(get("response").schema())
    slices, members = build_slices("response", settings, examples)
    for table, found in (("example", examples.rows), ("slice", slices)):
        insert_rows(connection, table, found)
    insert_arrow(connection, "membership", membership_rows("response", members))
    for table, payload in examples.payload.items():
        insert_arrow(connection, table, payload)
    given = context(connection, review)
    for step in (DRAW, DECLARE, DETECT, LEARN, SCORES):
        run(step, given)
    return connection


@pytest.mark.parametrize("domain", DOMAINS)
def test_nothing_in_another_language_is_missed_silently(tmp_path: Path, domain: str) -> None:
    connection = looked_at(tmp_path, domain)
    found = set(
        connection.execute(
            "SELECT ref, behaviour FROM response_score WHERE side = 'candidate' AND hit"
        ).fetchall()
    )
    unread = {
        (ref, behaviour): why
        for ref, behaviour, why in connection.execute(
            "SELECT ref, behaviour, why FROM response_behaviour_unread WHERE side = 'candidate'"
        ).fetchall()
    }
    sought = [
        (f"response/prompt:{one['id']}", name, one["language"])
        for one in answers(domain)
        for label, name in NAMES.items()
        if one["labels"][label]
    ]
    assert {name for _, name, _ in sought} == set(NAMES.values())
    missed = [
        case for case in sought if case[:2] not in found and unread.get(case[:2]) != f"language {case[2]}"
    ]
    assert missed == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_who_does_not_read_an_answer_says_nothing_of_it(tmp_path: Path, domain: str) -> None:
    connection = looked_at(tmp_path, domain)
    unread = set(connection.execute("SELECT ref, side, detector FROM response_unread").fetchall())
    outcomes = set(connection.execute("SELECT ref, side, detector FROM response_outcome").fetchall())
    assert unread
    assert not unread & outcomes
    assert {side for _, side, _ in unread} == {"candidate"}
    # No pair of answers is compared by leads that read only one of them.
    pairs = set(connection.execute("SELECT ref, behaviour FROM response_pair").fetchall())
    silent = set(connection.execute("SELECT ref, behaviour FROM response_behaviour_unread").fetchall())
    assert silent
    assert not silent & pairs


def test_the_reader_is_told_how_many_are_not_read(tmp_path: Path) -> None:
    connection = looked_at(tmp_path, "bank")
    names = [name for (name,) in connection.execute("SELECT name FROM response_behaviour").fetchall()]
    counts = {
        one.name: one.value for one in unread_metrics(connection, rows_for(names)) if one.slice == "all"
    }
    per_behaviour = dict(
        connection.execute(
            "SELECT behaviour, count(*) FROM response_behaviour_unread WHERE side = 'candidate' GROUP BY behaviour"
        ).fetchall()
    )
    assert {name: counts[f"{name}_unread"] for name in NAMES.values()} == {
        name: per_behaviour[name] for name in NAMES.values()
    }
    assert min(per_behaviour.values()) > 0


def test_a_head_reads_the_languages_that_it_learned_from(tmp_path: Path) -> None:
    connection = looked_at(tmp_path, "bank", LEARNED)
    unread = dict(
        connection.execute("SELECT ref, why FROM response_unread WHERE side = 'candidate'").fetchall()
    )
    refusals = [one for one in answers("bank") if one["labels"]["refuses"]]
    assert refusals
    for one in refusals:
        assert unread[f"response/prompt:{one['id']}"] == f"language {one['language']}"
