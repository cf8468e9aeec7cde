"""From recorded answers to flags, gates, triggers and the sentences of the report."""

from __future__ import annotations

from pathlib import Path

from analysis.base.records import ALL
from analysis.plugin.flag import BROKEN_CRITICAL, SMALL_CRITICAL
from analysis.review.gates import evaluate
from analysis.tracks.response.flags import (
    LENGTHENED,
    NEWLY,
    PREFERRED,
    SAMPLED,
    SHIFTED,
    UNANSWERED,
    flags,
)
from analysis.tracks.response.report_sections import FIELD, headlines
from analysis.tracks.response.triggers import triggers
from tests.analysis.tracks.response.tiny import records, settings, write_data, write_lines, write_review
from tests.analysis.tracks.response.whole import reviewed
from tests.analysis.tracks.response.workbench import answered, found, prompts, workbench

CRITICAL = "asks for no spoilers"


def test_answers_of_the_base_on_both_sides_are_silent(tmp_path: Path) -> None:
    """Also where a critical slice is too small to count: there is nothing to look at in equal answers."""
    path = write_review(tmp_path, preferences=None)
    write_lines(
        tmp_path / "records.jsonl", [row | {"candidate_response": row["base_response"]} for row in records()]
    )
    with reviewed(path) as session:
        given = session.gate_input()
        assert all(entry.control for entry in given.queue)
        assert not given.flagged
        undecided = [one.key for one in evaluate(given) if one.verdict not in ("pass", "n/a")]
        assert undecided == ["review.coverage"]
        assert not any(one.fired for one in triggers(given))


def test_a_candidate_that_spoils_is_failed_flagged_and_told_of(tiny_response_review: Path) -> None:
    with reviewed(tiny_response_review) as session:
        given = session.gate_input()
        spoiled = given.flagged["response.spoilers"]
        assert spoiled
        assert given.queue[0].reasons[0] == BROKEN_CRITICAL
        results = {one.key: one for one in evaluate(given)}
        assert results["response.spoilers"].verdict in ("fail", "unknown")
        assert set(results["response.spoilers"].refs) == set(spoiled)
        told = headlines(session.connection, given)[FIELD]
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
        assert judged.verdict == "fail"
        assert "1 confirmed by a person" in judged.why
        sentence = next(
            one for one in headlines(session.connection, given)[FIELD] if one.startswith("spoils in")
        )
        assert "1 confirmed by a person" in sentence
        assert spoiled[0].rpartition(":")[2] in sentence
        assert span.why in sentence
        session.undo()
        assert not session.gate_input().state.spans


def test_a_citation_of_what_does_not_exist_is_hallucination(tiny_response_review: Path) -> None:
    with reviewed(tiny_response_review) as session:
        rows = session.connection.execute(
            "SELECT count(*) FROM evidence.response_pair p JOIN evidence.response_hit h USING (ref) "
            "WHERE p.detector = 'hallucination' AND p.candidate_hit AND h.detector = 'citations' "
            "AND h.label = 'cites what does not exist'"
        ).fetchone()
        assert rows is not None
        assert rows[0] == 6


def test_what_is_new_in_a_critical_slice_comes_first_and_spoilers_before_the_rest(tmp_path: Path) -> None:
    connection = workbench(30, critical=25)
    refs = prompts(30)
    for ref in refs:
        answered(connection, ref, texts=("same", "same"))
    found(connection, refs[0], "tone", (False, True))
    found(connection, refs[1], "spoilers", (False, True))
    found(connection, refs[26], "escalation", (False, True))
    found(connection, refs[27], "facts", (False, True))
    found(connection, refs[28], "facts", (True, True))
    found(connection, refs[29], "promises", (True, False))
    write_data(tmp_path)
    made = flags(connection, settings(tmp_path))
    assert [(one.ref, one.reason, one.gate) for one in made] == [
        (refs[1], BROKEN_CRITICAL, "response.spoilers[rare]"),
        (refs[0], BROKEN_CRITICAL, "response.tone[rare]"),
        (refs[1], NEWLY["spoilers"], "response.spoilers"),
        (refs[27], NEWLY["facts"], "response.facts"),
        (refs[26], NEWLY["escalation"], "response.escalation"),
        (refs[0], NEWLY["tone"], "response.tone"),
    ]


def test_a_small_critical_slice_is_looked_at_where_its_answers_differ(tmp_path: Path) -> None:
    connection = workbench(10, critical=3)
    refs = prompts(10)
    for number, ref in enumerate(refs):
        answered(connection, ref, texts=("one", "one" if number == 0 else "two"))
        found(connection, ref, "refusal", (False, False))
    write_data(tmp_path)
    assert [(one.ref, one.reason, one.gate) for one in flags(connection, settings(tmp_path))] == [
        (refs[1], SMALL_CRITICAL, "response.refusal[rare]"),
        (refs[2], SMALL_CRITICAL, "response.refusal[rare]"),
    ]


def test_votes_silence_samples_tokens_and_length_raise_flags(tmp_path: Path) -> None:
    connection = workbench(6)
    refs = prompts(6)
    answered(connection, refs[0])
    found(connection, refs[0], "promises", (False, True))
    connection.execute("INSERT INTO response_preference VALUES (?, 'a', 'candidate')", [refs[0]])
    answered(connection, refs[1], (10, 0), texts=("words", ""))
    answered(connection, refs[2], missing="candidate")
    answered(connection, refs[3])
    found(connection, refs[3], "facts", (False, False))
    for number in range(2):
        connection.execute(
            "INSERT INTO response_sample_outcome VALUES (?, 'candidate', ?, 'facts', true)", [refs[3], number]
        )
    answered(connection, refs[4], (10, 30))
    answered(connection, refs[5])
    connection.execute(
        "INSERT INTO response_token VALUES (?, 'candidate', ['a', 'b'], [0, 1], [1, 2], [-1, -1], [-1, -2], [0, 0.6])",
        [refs[5]],
    )
    write_data(tmp_path)
    assert [(one.ref, one.reason, one.gate) for one in flags(connection, settings(tmp_path))] == [
        (refs[0], PREFERRED, "response.tradeoff"),
        (refs[0], NEWLY["promises"], "response.promises"),
        (refs[2], UNANSWERED, "response.refusal"),
        (refs[1], UNANSWERED, "response.refusal"),
        (refs[3], SAMPLED, None),
        (refs[5], SHIFTED, None),
        (refs[4], LENGTHENED, "response.length"),
    ]


def test_what_was_generated_is_looked_at_in_every_sample(tiny_generated_review: Path) -> None:
    with reviewed(tiny_generated_review) as session:
        counts = session.connection.execute(
            "SELECT count(DISTINCT (ref, side, number)), count(DISTINCT ref) FROM evidence.response_sample_outcome"
        ).fetchone()
        assert counts == (24 * 2 * 5, 24)
        given = session.gate_input()
        sampled = [one for one in given.metrics if one.name.endswith("_rate_sampled") and one.slice == ALL]
        assert {one.n for one in sampled} <= {24 * 5, 6 * 5, 12 * 5, 18 * 5}
        assert any(one.startswith("sampled: ") for one in headlines(session.connection, given)[FIELD])
