"""From recorded answers to flags, gates, triggers and the sentences of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.base.records import ALL
from analysis.plugin.flag import BROKEN_CRITICAL, SMALL_CRITICAL
from analysis.review.evaluate import evaluate
from analysis.run.pipeline import insert_arrow
from analysis.tracks.response.flags import (
    LENGTHENED,
    PREFERRED,
    SAMPLED,
    SHIFTED,
    UNANSWERED,
    flags,
)
from analysis.tracks.response.known_detectors import DETECTORS
from analysis.tracks.response.rate_counts import hits_of
from analysis.tracks.response.report_sections import FIELD, report_sections
from analysis.tracks.response.settings import ResponseSettings
from analysis.tracks.response.shift import TOKEN_SCHEMA
from analysis.tracks.response.triggers import triggers
from tests.analysis.tracks.response.tiny import records, write_lines, write_review
from tests.analysis.tracks.response.whole import reviewed
from tests.analysis.tracks.response.workbench import both, each, ref_of, sampled, shown, workbench

CRITICAL = "asks for no spoilers"


def test_answers_of_the_base_on_both_sides_are_silent(tmp_path: Path) -> None:
    """Also where a critical slice is too small to count: there is nothing to look at in equal answers."""
    path = write_review(tmp_path, preferences=None)
    write_lines(
        tmp_path / "records.jsonl", [row | {"candidate_response": row["base_response"]} for row in records()]
    )
    with reviewed(path) as session:
        given = session.gate_input()
        assert all(entry.control or entry.known for entry in given.queue)
        assert not given.flagged
        undecided = [one.key for one in evaluate(given) if one.verdict not in ("pass", "n/a")]
        assert undecided == ["review.coverage", "review.reviewers"]
        assert not any(one.fired for one in triggers(given))


def test_a_candidate_that_spoils_is_failed_flagged_and_told_of(tiny_response_review: Path) -> None:
    with reviewed(tiny_response_review) as session:
        given = session.gate_input()
        spoiled = given.flagged["response.spoilers"]
        assert spoiled
        assert given.queue[0].reasons[0] == BROKEN_CRITICAL
        results = {one.key: one for one in evaluate(given)}
        assert set(results["response.spoilers"].refs) == set(spoiled)
        told = report_sections(session.connection, given)[FIELD]
        sentence = next(one for one in told if one.startswith("spoils in"))
        assert "not looked at" in sentence
        assert "(base 0;" in sentence
        span = next(
            one
            for one in session.example(spoiled[0]).spans
            if (one.side, one.detector) == ("candidate", "spoilers")
        )
        session.judge_span(spoiled[0], "candidate", "spoilers", span.start, span.end, "confirmed")
        given = session.gate_input()
        judged = next(one for one in evaluate(given) if one.key == "response.spoilers")
        assert "1 confirmed by a person" in judged.why
        sentence = next(
            one for one in report_sections(session.connection, given)[FIELD] if one.startswith("spoils in")
        )
        assert "1 confirmed by a person" in sentence
        assert spoiled[0].rpartition(":")[2] in sentence
        assert span.why in sentence
        session.undo()
        assert not session.gate_input().state.spans


def test_answers_that_are_missing_or_empty_are_told_of(tiny_response_review: Path) -> None:
    """The rates do not see them."""
    rows = records()
    rows[0]["candidate_response"] = None
    rows[1]["candidate_response"] = rows[2]["candidate_response"] = rows[2]["base_response"] = " "
    write_lines(tiny_response_review.parent / "records.jsonl", rows)
    with reviewed(tiny_response_review) as session:
        told = report_sections(session.connection, session.gate_input())[FIELD]
    assert "base → candidate: no answer 0 → 1, empty answers 1 → 2" in told


def test_a_citation_of_what_does_not_exist_is_hallucination(tiny_response_review: Path) -> None:
    with reviewed(tiny_response_review) as session:
        rows = session.connection.execute(
            "SELECT count(*) FROM evidence.response_pair p JOIN evidence.response_hit h USING (ref) "
            "WHERE p.detector = 'hallucination' AND p.candidate_hit AND h.detector = 'citations' "
            "AND h.label = 'cites what does not exist'"
        ).fetchone()
        assert rows is not None
        assert rows[0] == 6


NEWLY = {one.name: one.newly for one in DETECTORS}
SETTINGS = ResponseSettings.model_construct()


def test_what_is_new_in_a_critical_slice_comes_first_and_spoilers_before_the_rest() -> None:
    made: dict[int, dict[str, Any]] = {
        0: both(tone=(False, True)),
        1: both(spoilers=(False, True)),
        26: both(escalation=(False, True)),
        27: both(facts=(False, True)),
        28: both(facts=(True, True)),
        29: both(promises=(True, False)),
    }
    connection = workbench(each(30, lambda number: made.get(number, both())), rare="number < 25")
    assert [(one.ref, one.reason, one.gate) for one in flags(connection, SETTINGS)] == [
        (ref_of(1), BROKEN_CRITICAL, "response.spoilers[rare]"),
        (ref_of(0), BROKEN_CRITICAL, "response.tone[rare]"),
        (ref_of(1), NEWLY["spoilers"], "response.spoilers"),
        (ref_of(27), NEWLY["facts"], "response.facts"),
        (ref_of(26), NEWLY["escalation"], "response.escalation"),
        (ref_of(0), NEWLY["tone"], "response.tone"),
    ]


def test_a_small_critical_slice_is_looked_at_where_its_answers_differ() -> None:
    alike = both((9, 9), refusal=(False, False))
    longer = both((9, 10), refusal=(False, False))
    records = [alike, *([longer] * 9)]
    connection = workbench(records, rare="number < 3")
    assert [(one.ref, one.reason, one.gate) for one in flags(connection, SETTINGS)] == [
        (ref_of(1), SMALL_CRITICAL, "response.refusal[rare]"),
        (ref_of(2), SMALL_CRITICAL, "response.refusal[rare]"),
    ]


def test_votes_silence_samples_tokens_and_length_raise_flags() -> None:
    records = [
        both((10, 10), promises=(False, True)),
        both((10, 0)),
        {"base_response": shown(10), "candidate_response": None},
        both((10, 10), facts=(False, False)),
        both((10, 30)),
        both((10, 10)),
    ]
    connection = workbench(records, votes=[{"id": "r000", "winner": "candidate", "judge": "a"}])
    sampled(connection, 3, [], [shown(facts=True)] * 2)
    row = {
        "ref": ref_of(5), "side": "candidate", "tokens": ["a", "b"], "starts": [0, 1], "ends": [1, 2],
        "base_logp": [-1.0, -1.0], "candidate_logp": [-1.0, -2.0], "kl": [0.0, 0.6],
    }  # fmt: skip
    insert_arrow(connection, "response_token", pa.Table.from_pylist([row], TOKEN_SCHEMA))
    assert [(one.ref, one.reason, one.gate) for one in flags(connection, SETTINGS)] == [
        (ref_of(0), PREFERRED.format(NEWLY["promises"]), "response.tradeoff"),
        (ref_of(0), NEWLY["promises"], "response.promises"),
        (ref_of(2), UNANSWERED, "response.refusal"),
        (ref_of(1), UNANSWERED, "response.refusal"),
        (ref_of(3), SAMPLED, None),
        (ref_of(5), SHIFTED, None),
        (ref_of(4), LENGTHENED, "response.length"),
    ]


def test_what_was_generated_is_looked_at_in_every_sample(tiny_generated_review: Path) -> None:
    with reviewed(tiny_generated_review) as session:
        counts = session.connection.execute(
            "SELECT count(DISTINCT (ref, side, number)), count(DISTINCT ref) FROM evidence.response_sample_outcome"
        ).fetchone()
        assert counts == (24 * 2 * 5, 24)
        given = session.gate_input()
        cut = [hits_of(one) for one in session.metrics("response", "answers_cut")]
        told = report_sections(session.connection, given)[FIELD]
        assert any(cut)
        assert any(f"cut by the token limit {cut[0]} → {cut[1]}" in one for one in told)
        sampled = [one for one in given.metrics if one.name.endswith("_rate_sampled") and one.slice == ALL]
        assert {one.n for one in sampled} <= {24 * 5, 6 * 5, 12 * 5, 18 * 5}
        assert any(one.startswith("sampled: ") for one in report_sections(session.connection, given)[FIELD])
