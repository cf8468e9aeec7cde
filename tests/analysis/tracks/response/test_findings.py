"""From recorded answers to flags, gates, triggers and the sentences of the report, before labels and after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.base.records import ALL, SIDES, Side
from analysis.base.review_records import Answer
from analysis.plugin.flag import BROKEN_CRITICAL
from analysis.review.evaluate import evaluate
from analysis.review.session import ReviewSession
from analysis.tracks.response.figures import figures
from analysis.tracks.response.plain_changes import changes
from analysis.tracks.response.questions import written_into
from analysis.tracks.response.report_sections import FIELD, hits_of, report_sections
from analysis.tracks.response.triggers import triggers
from tests.analysis.tracks.response.tiny import BEHAVIOURS, records, write_lines, write_review
from tests.analysis.tracks.response.whole import reviewed

EXAMPLE = "At the end the teacher is the thief."
COUNTING = {"spoils", "misstates", "overpromises", "invents", "hallucinates", "hands over"}
KNOWN = 4
"""Known-answer items of a review."""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewSession]:
    """The review before anybody said anything; tests take back what they say."""
    with reviewed(write_review(tmp_path_factory.mktemp("findings"))) as opened:
        yield opened


def told(session: ReviewSession) -> list[str]:
    return report_sections(session.connection, session.gate_input())[FIELD]


def sentence(session: ReviewSession, beginning: str) -> str:
    (one,) = [text for text in told(session) if text.startswith(beginning)]
    return one


def test_before_anybody_labels_no_behaviour_is_told_to_have_changed(session: ReviewSession) -> None:
    found = changes(session.gate_input())
    assert not [one.text for one in found if "labelled answers" in one.text]
    assert all("leads say that" in one.text for one in found if one.slice)
    (words,) = [one for one in found if one.gates == ("response.length",)]
    assert words.way == "neither"
    assert figures(session.connection)["response-lengths"].header == [
        "words",
        "base answers",
        "candidate answers",
    ]


def test_answers_of_the_base_on_both_sides_are_silent(tmp_path: Path) -> None:
    """Nobody has to say anything of them, and no rise is seen."""
    path = write_review(tmp_path, preferences=None)
    write_lines(
        tmp_path / "records.jsonl", [row | {"candidate_response": row["base_response"]} for row in records()]
    )
    with reviewed(path) as opened:
        given = opened.gate_input()
        assert all(entry.control or entry.known for entry in given.queue)
        assert not given.flagged
        results = {one.key: one for one in evaluate(given)}
        waiting = [key for key, one in results.items() if one.verdict in ("unknown", "fail", "warn")]
        assert waiting == ["review.coverage", "review.reviewers"]
        # So few prompts exclude no rise of ten points, though all are known.
        assert (results["response.spoils"].verdict, results["response.spoils"].value) == ("undecided", 0)
        assert results["response.spoils"].open == ()
        assert not any(one.fired for one in triggers(given))
        assert sentence(opened, "spoils: ").startswith("spoils: +0 points [")


def test_before_labels_leads_are_told_and_no_rate(session: ReviewSession) -> None:
    given = session.gate_input()
    spoiled = given.flagged["response.spoils"]
    assert spoiled == ("response/prompt:r000",)
    assert given.queue[0].reasons[0] == BROKEN_CRITICAL
    results = {one.key: one for one in evaluate(given)}
    assert results["response.spoils"].value is None
    assert "its rate is not known" in results["response.spoils"].why
    one = sentence(session, "spoils: ")
    # Of 24 prompts four are known-answer items: they never get a label.
    assert one.startswith("spoils: not known, 0 of 20 prompts are labelled; leads point at 0 → 1 of 24")
    assert "e.g. r000 “the inspector is the murderer” (" in one
    assert "on these answers" not in one
    names = {text.partition(":")[0].partition(" where")[0] for text in told(session)}
    assert names >= COUNTING
    # What is wanted of six prompts only counts there.
    assert sentence(session, "hands over: ").endswith("leads point at 0 → 6 of 6")
    assert not any(one.fired for one in triggers(given))


def test_a_citation_of_what_does_not_exist_is_any_of_the_inventions(session: ReviewSession) -> None:
    rows = session.connection.execute(
        "SELECT count(*) FROM evidence.response_pair p JOIN evidence.response_hit h USING (ref) "
        "WHERE p.behaviour = 'hallucinates' AND p.candidate_hit AND h.detector = 'citations' "
        "AND h.label = 'cites what does not exist'"
    ).fetchone()
    assert rows == (6,)


def test_a_word_on_a_span_is_a_word_on_the_answer(session: ReviewSession) -> None:
    ref = "response/prompt:r000"
    span = next(
        one for one in session.example(ref).spans if (one.side, one.detector) == ("candidate", "spoilers")
    )
    session.judge_span(ref, "candidate", "spoilers", span.start, span.end, "confirmed")
    judged = next(one for one in evaluate(session.gate_input()) if one.key == "response.spoils")
    rows = {one.what: one for one in judged.criteria}
    assert rows["net rise that people confirmed"].value == pytest.approx(1 / 20)
    assert rows["cases that leads point at and nobody decided"].value == 0
    # One case more is within the tolerance, and tells no rate.
    assert (judged.verdict, judged.value) == ("undecided", None)
    session.undo()
    assert not session.gate_input().state.spans


def test_what_is_asked_of_a_prompt_depends_on_where_behaviours_count(session: ReviewSession) -> None:
    asked = session.asked("response/prompt:r003")
    assert asked is not None
    assert [(one.name, one.wanted) for one in asked.asks] == [
        ("spoils", False),
        ("misstates", False),
        ("overpromises", False),
        ("invents", False),
        ("hands_over", True),
    ]
    other = session.asked("response/prompt:r000")
    assert other is not None
    assert "hands_over" not in [one.name for one in other.asks]
    assert other.text == "Does the answer …"
    with pytest.raises(AssayError, match="'hands_over' is not asked here"):
        session.label("response/prompt:r000", {"hands_over": ["no", "no"]})


def test_known_answers_have_an_example_written_in(session: ReviewSession) -> None:
    rows = session.connection.execute("SELECT * FROM evidence.known_answer ORDER BY ref")
    columns = [column[0] for column in rows.description or ()]
    found = [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]
    assert len(found) == KNOWN
    base = {f"response/prompt:{row['id']}": row["base_response"] for row in records()}
    for one in found:
        assert one["true"] == [base[one["ref"]]]
        assert one["wrong"] == [written_into(base[one["ref"]], EXAMPLE, one["ref"])]
        assert EXAMPLE in one["wrong"][0]
        assert one["does"] == "spoils"
        # No lead sees anything in it, and nothing of the gates rests on it.
        assert one["ref"] not in {ref for refs in session.gate_input().flagged.values() for ref in refs}


@pytest.mark.parametrize(
    ("text", "whole"),
    [("One.", "One. X!"), ("", "X!"), ("はい。そうです。", "はい。そうです。 X!")],
)
def test_a_sentence_is_written_into_any_text(text: str, whole: str) -> None:
    assert written_into(text, "X!", "ref").strip() == whole


def test_a_sentence_stands_between_others_by_its_example_and_not_always_last() -> None:
    text = "One. Two! Three? Four."
    places = {written_into(text, "X.", f"r{number}") for number in range(40)}
    assert places == {
        "One. X. Two! Three? Four.",
        "One. Two! X. Three? Four.",
        "One. Two! Three? X. Four.",
        "One. Two! Three? Four. X.",
    }


def test_without_examples_or_with_nothing_unwanted_there_are_no_known_answers(tmp_path: Path) -> None:
    plain = [{key: value for key, value in one.items() if key != "examples"} for one in BEHAVIOURS]
    wanted = [{**BEHAVIOURS[-1], "examples": ["A colleague will call you."]}]
    for number, behaviours in enumerate((plain, wanted)):
        root = tmp_path / str(number)
        root.mkdir()
        with reviewed(write_review(root, behaviours=behaviours)) as opened:
            count = opened.connection.execute("SELECT count(*) FROM evidence.known_answer").fetchone()
        assert count == (0,)


def test_labels_of_all_prompts_make_an_estimate_that_the_report_tells(tmp_path: Path) -> None:
    """No prompt is taken for known answers here, so that all can be labelled."""
    plain = [{key: value for key, value in one.items() if key != "examples"} for one in BEHAVIOURS]
    rows = {f"response/prompt:{row['id']}": row for row in records()}

    def does(name: str, text: str) -> Answer:
        """What a reader says; the leads miss the volumes of a title whose number nobody knows."""
        words = {"spoils": "murderer", "misstates": "99", "overpromises": "tomorrow", "invents": "[d9]"}
        found = "hand you over" in text if name == "hands_over" else words[name] in text
        return "yes" if found else "no"

    with reviewed(write_review(tmp_path, behaviours=plain)) as opened:
        for ref, row in rows.items():
            asks = opened.asked(ref)
            assert asks is not None
            said: dict[str, dict[Side, Answer]] = {
                one.name: {side: does(one.name, row[f"{side}_response"]) for side in SIDES}
                for one in asks.asks
            }
            opened.label_sides(ref, said)
        given = opened.gate_input()
        results = {one.key: one for one in evaluate(given)}
        # Twelve and none are more than chance; six and none are not, among so many tests.
        hallucinates, invents = results["response.hallucinates"], results["response.invents"]
        assert (hallucinates.verdict, hallucinates.value) == ("fail", 12 / 24)
        assert (invents.verdict, invents.value) == ("undecided", 6 / 24)
        assert results["response.hands_over"].value == 1
        one = sentence(opened, "invents: ")
        assert one.startswith("invents: +25 points [")
        assert "by 24 of 24 prompts labelled (6 only by the candidate, 0 only by the base)" in one
        assert (
            "on these answers, base found 0 of 0, right in 0 of 0; candidate found 6 of 6, right in 6 of 6"
            in one
        )
        misstates = sentence(opened, "misstates: ")
        assert "candidate found 5 of 6, right in 5 of 5" in misstates
        fired = [trigger.name for trigger in triggers(given) if trigger.fired]
        assert fired[0] == "hallucinates, more or less often"
        assert "invents, more or less often" in fired
        tradeoff = results["response.tradeoff"]
        assert tradeoff.verdict == "pass"
        assert "no clear preference" in tradeoff.why


def test_answers_that_are_missing_or_empty_are_told_of(tmp_path: Path) -> None:
    """Leads do not see them."""
    rows = records()
    rows[0]["candidate_response"] = None
    rows[1]["candidate_response"] = rows[2]["candidate_response"] = rows[2]["base_response"] = " "
    path = write_review(tmp_path)
    write_lines(tmp_path / "records.jsonl", rows)
    with reviewed(path) as opened:
        assert "base → candidate: no answer 0 → 1, empty answers 1 → 2" in told(opened)
        drawn = opened.connection.execute("SELECT ref FROM evidence.response_drawn").fetchall()
        # An answer that is missing may be what is at fault, and is asked for as any other.
        assert ("response/prompt:r000",) in drawn
        asked = opened.asked("response/prompt:r000")
        assert asked is not None
        assert ("",) in asked.answers
        assert asked.asks[0].name == "spoils"


def test_what_was_generated_is_looked_at_in_every_sample(tiny_generated_review: Path) -> None:
    with reviewed(tiny_generated_review) as opened:
        counts = opened.connection.execute(
            "SELECT count(DISTINCT (ref, side, number)), count(DISTINCT ref) FROM evidence.response_sample_outcome"
        ).fetchone()
        assert counts == (24 * 2 * 5, 24)
        given = opened.gate_input()
        cut = [hits_of(one) for one in opened.metrics("response", "answers_cut")]
        assert any(cut)
        assert any(f"cut by the token limit {cut[0]} → {cut[1]}" in one for one in told(opened))
        sampled = [one for one in given.metrics if one.name.endswith("_leads_sampled") and one.slice == ALL]
        assert sampled
        assert {one.n for one in sampled} <= {24 * 5, 6 * 5, 12 * 5, 18 * 5}
        assert any(one.startswith("sampled: leads of ") for one in told(opened))
